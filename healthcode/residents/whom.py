"""The person that a resident's page is about."""

from django.http import Http404, HttpRequest

from accounts.models import Account
from accounts.permissions import account_of
from accounts.selectors import KnownPerson, known_person
from healthcode.web.errors import NotFound


def whom(request: HttpRequest, person_id: int) -> tuple[Account, KnownPerson]:
    """Return the account, and the person that the page is about.

    Raises:
        Http404: when the account does not look after such a person.
    """
    account = account_of(request)
    try:
        return account, known_person(account, person_id)
    except NotFound as refusal:
        raise Http404 from refusal
