"""The person that a resident's page is about."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts.errors import ProofNeeded
from accounts.models import Account
from accounts.permissions import account_of
from accounts.selectors import KnownPerson, known_person
from healthcode.evidence.claims import person_proven_to, person_shown_to
from healthcode.web.errors import NotFound

PersonPage = Callable[..., HttpResponse]


def whom(
    request: HttpRequest, person_id: int, *, proven: bool = False
) -> tuple[Account, KnownPerson]:
    """Return the account, and the person that the page is about.

    Raises:
        Http404: when the account does not look after such a person.
        ProofNeeded: when the account only claims the person, and the claim is closed, or the page
            needs a proof (`proven`).
    """
    account = account_of(request)
    try:
        if proven:
            person_proven_to(account, person_id)
        else:
            person_shown_to(account, person_id, at=timezone.now())
        return account, known_person(account, person_id)
    except NotFound as refusal:
        raise Http404 from refusal


def or_proof(page: PersonPage) -> PersonPage:
    """Send whoever needs a proof for this page to the page about proofs."""

    @wraps(page)
    def guarded(request: HttpRequest, person_id: int, **more: int) -> HttpResponse:
        try:
            return page(request, person_id, **more)
        except ProofNeeded:
            return redirect("proof", person_id)

    return guarded
