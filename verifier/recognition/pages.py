"""The page that shows whose codes are accepted here, and how reliable that knowledge is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from healthcode.core import Colour, Issuer, Outcome
from verifier.recognition import alliance
from verifier.recognition.alliance import ListState
from verifier.recognition.trust import knowledge

_WARNINGS: dict[ListState, Promise] = {
    ListState.UNHEARD: _(
        "The alliance's list was last confirmed over an hour ago. It is still valid. The operator "
        "should check the network and the list's address."
    ),
    ListState.ENDS_SOON: _(
        "The alliance's list expires in less than two days. The operator must ask the alliance "
        "for the next one. After this list has expired, staff must check everybody with a "
        "partner's code before they let them in."
    ),
    ListState.STALE: _(
        "The alliance's list is too old to rely on. Until a new one arrives, staff must check "
        "everybody with a partner's code before they let them in."
    ),
    ListState.MISSING: _(
        "There is no valid list of the alliance yet, so partners' codes are refused. The "
        "operator should check the list's address and the alliance's keys."
    ),
}
_WORTH: dict[Outcome, Promise] = {
    Outcome.PASS: _("let in"),
    Outcome.CAUTION: _("check first"),
    Outcome.REFUSE: _("no entry"),
}
_COLOURS: dict[Colour, Promise] = {
    Colour.GREEN: _("green"),
    Colour.YELLOW: _("yellow"),
    Colour.RED: _("red"),
}


@dataclass(frozen=True, slots=True)
class IssuerRow:
    """An issuer on the page.

    `worth` pairs each colour with what the trust list makes of it. It is empty where each venue
    decides.
    """

    name: str
    title: str
    contact: str
    worth: tuple[tuple[Promise, Promise], ...]
    confirmed_at: datetime


def warning(*, at: datetime) -> Promise | None:
    """Return what staff should know about the alliance's list, or None when all is well."""
    if not alliance.is_followed():
        return None
    return _WARNINGS.get(alliance.state(at=at))


@require_GET
def recognised(request: HttpRequest) -> HttpResponse:
    """Show the issuers. The page is public, because everything on it is published anyway."""
    at = timezone.now()
    known = knowledge.current()
    context = {
        "issuers": [
            _row(known.trust.issuers[name], known.heard[name].as_of)
            for name in sorted(known.trust.issuers)
        ],
        "listed": alliance.held(at=at),
        "warning": warning(at=at),
    }
    return render(request, "verifier/recognised.html", context)


def _row(issuer: Issuer, heard: int) -> IssuerRow:
    worth = tuple((_COLOURS[colour], _WORTH[what]) for colour, what in issuer.honours.items())
    confirmed_at = datetime.fromtimestamp(heard, UTC)
    return IssuerRow(issuer.name, issuer.title, issuer.contact, worth, confirmed_at)
