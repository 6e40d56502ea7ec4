"""A local code for a visitor: verify what another province signed, sign a short-lived one here.

For doors that know local codes alone. It lies above both rooms, since who verifies may not sign.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

from healthcode.codes.services import VisitorCode, issue_visitor_code
from healthcode.core import Colour, HealthCode, Outcome, Reason, Rules, Verdict
from healthcode.visitor_codes.errors import LocalAlready, NotConvertible
from verifier.recognition.trust import knowledge

_WORTH: Final = {Outcome.PASS: Colour.GREEN, Outcome.CAUTION: Colour.YELLOW}


def convert(*, text: str, at: datetime) -> VisitorCode:
    """A local live code in place of another issuer's, never longer alive than that.

    Its colour is what the other's is worth here. What is known too poorly to let anybody in is
    not converted, as the local code would look well known.

    Raises:
        NotConvertible, LocalAlready: there is nothing to convert.
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
    """The code, genuine and worth something here. Raises NotConvertible."""
    is_stale = verdict.reason is Reason.STALE_DATA
    if verdict.code is None or verdict.outcome not in _WORTH or is_stale:
        raise NotConvertible(verdict.reason)
    return verdict.code
