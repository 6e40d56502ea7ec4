"""The page of whose codes are recognised here, and how far that can be relied on."""

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
        "Nobody has confirmed the alliance's list for over an hour. It still counts; have the "
        "network and the list's address looked at."
    ),
    ListState.ENDS_SOON: _(
        "The alliance's list ends in less than two days. Ask the alliance for the next one: after "
        "the end, doors let nobody in on a partner's code without a look."
    ),
    ListState.STALE: _(
        "The alliance's list is too old to rely on. Until a new one arrives, partners' codes are "
        "at best a reason to look, never to let in."
    ),
    ListState.MISSING: _(
        "There is no good list of the alliance yet, so partners' codes are refused. Check its "
        "address and the alliance's keys."
    ),
}
_WORTH: dict[Outcome, Promise] = {
    Outcome.PASS: _("lets in"),
    Outcome.CAUTION: _("staff look"),
    Outcome.REFUSE: _("no entry"),
}
_COLOURS: dict[Colour, Promise] = {
    Colour.GREEN: _("green"),
    Colour.YELLOW: _("yellow"),
    Colour.RED: _("red"),
}


@dataclass(frozen=True, slots=True)
class IssuerRow:
    """One issuer. `worth` is what the list says of its colours, empty where doors decide."""

    name: str
    title: str
    contact: str
    worth: tuple[tuple[Promise, Promise], ...]
    confirmed_at: datetime


def warning(*, at: datetime) -> Promise | None:
    """What staff should know about the alliance's list, if anything."""
    if not alliance.is_followed():
        return None
    return _WARNINGS.get(alliance.state(at=at))


@require_GET
def recognised(request: HttpRequest) -> HttpResponse:
    """Public, like all that it shows."""
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
