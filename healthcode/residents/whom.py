"""Whom a resident's page is about."""

from django.http import Http404, HttpRequest

from accounts.models import Account
from accounts.selectors import KnownPerson, known_person
from healthcode.web.errors import NotFound


def whom(request: HttpRequest, person_id: int) -> tuple[Account, KnownPerson]:
    """The account, and the person whom the page is about.

    Raises:
        Http404: when the account does not look after such a person.
    """
    account = request.user
    assert isinstance(account, Account)  # noqa: S101  role_required saw to it
    try:
        return account, known_person(account, person_id)
    except NotFound as refusal:
        raise Http404 from refusal
