"""Verify a code of another province, and sign a short-lived local one."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

from healthcode.codes.services import VisitorCode, issue_visitor_code
from healthcode.core import Colour, HealthCode, Outcome, Reason, Rules, Verdict
from healthcode.visitor_codes.errors import LocalAlready, NotConvertible
from verifier.recognition.trust import knowledge

_WORTH: Final = {Outcome.PASS: Colour.GREEN, Outcome.CAUTION: Colour.YELLOW}


def convert(*, text: str, at: datetime) -> VisitorCode:
    """Sign a local live code in place of another issuer's code. It expires no later than that code.

    The colour of the local code is what the other code is worth here. If this service's data about
    the other issuer is too old, the code is not converted, because a door that sees the local code
    could not tell that the data is old.

    Raises:
        NotConvertible: the other code cannot be converted.
        LocalAlready: the code is already a local one.
        DoesNotSign, NoPolicy: no local code can be made now.
    """
    now = int(at.timestamp())
    verdict = knowledge.current().judge(text, rules=Rules(), at=now, now=now)
    code = _admitted(verdict)
    if code.issuer == settings.ISSUER:
        raise LocalAlready
    ends_at = datetime.fromtimestamp(code.expires_at, UTC)
    if ends_at <= at + timedelta(seconds=1):
        raise NotConvertible(Reason.EXPIRED)
    colour = _WORTH[verdict.outcome]
    return issue_visitor_code(colour=colour, holder=code.holder, ends_at=ends_at, at=at)


def _admitted(verdict: Verdict) -> HealthCode:
    """Return the code, if it is genuine and worth something here. Raises NotConvertible."""
    is_stale = verdict.reason is Reason.STALE_DATA
    if verdict.code is None or verdict.outcome not in _WORTH or is_stale:
        raise NotConvertible(verdict.reason)
    return verdict.code
