"""Find the registered person at an officer's desk."""

from django.utils.translation import gettext_lazy as _

from accounts.errors import OutsideYourArea
from accounts.models import Account, Person
from accounts.selectors import find_person
from healthcode.evidence.lines import DocumentNumber
from healthcode.evidence.responsibility import answers_for_person
from healthcode.web.errors import NotFound


def registered_person(
    officer: Account, holder: int | DocumentNumber, *, moves_to: str = ""
) -> tuple[Person, str]:
    """Return the person, and the area by which the officer answers for them.

    Unknown people and people of other areas are refused alike, so that officers cannot find out
    who is registered elsewhere.

    Args:
        holder: the person's number, or the type and number of their document.
        moves_to: the code of an area in which the person says that they live now. With the
            document, the officer may answer for it instead.

    Raises:
        NotFound: there is no such person, or the officer is not responsible for the person.
        Forbidden: the account is not an officer's.
    """
    if isinstance(holder, int):
        number: int | None = holder
    else:
        id_type, id_number = holder
        number = find_person(id_type=id_type, id_number=id_number)
    person = None if number is None else Person.objects.filter(pk=number, is_waiting=False).first()
    nobody = NotFound(_("Nobody who lives in your area is registered under this number."))
    if person is None:
        raise nobody
    # Whoever knows only a number, which may be guessed, cannot look into other areas by it.
    homes = [person.home_area] if isinstance(holder, int) else [person.home_area, moves_to]
    for home in filter(None, homes):
        try:
            return person, answers_for_person(officer, home)
        except OutsideYourArea:
            continue
    raise nobody
