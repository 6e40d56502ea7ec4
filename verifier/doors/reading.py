"""Scans read by hand, as they nearly always come: right in every member.

To say what is right needs no framework; checked one by one by serializers, the members of a scan
took longer than its verdict. What is not read here the serializers read, and say what is wrong.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from healthcode.core import Outcome, Reason
from verifier.doors.scanning import Given, NewScan

MOST_IN_A_BATCH: Final = 1000
_WITHOUT_TIME: Final = frozenset({"id", "code"})
_WITH_TIME: Final = frozenset({"id", "code", "scanned_at"})
_WITH_VERDICT: Final = frozenset({"id", "code", "scanned_at", "given_outcome", "given_reason"})
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_INSTANT: Final = re.compile(
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def scan(sent: object) -> NewScan | None:
    """The scan that a body is; None where the serializer has to look."""
    if not isinstance(sent, dict) or sent.keys() != _WITHOUT_TIME:
        return None
    return _scan(sent, scanned_at=None, given=None)


def batch(sent: object) -> list[dict[str, Any]] | None:
    """The scans of a batch's body, none of them read yet; None where the serializer has to look."""
    if not isinstance(sent, dict) or sent.keys() != {"scans"}:
        return None
    scans = sent["scans"]
    if not isinstance(scans, list) or not 0 < len(scans) <= MOST_IN_A_BATCH:
        return None
    return scans if all(isinstance(one, dict) for one in scans) else None


def offline_scan(sent: Mapping[str, Any]) -> NewScan | None:
    """One scan of a batch; None where the serializer has to look."""
    has_verdict = sent.keys() == _WITH_VERDICT
    if not has_verdict and sent.keys() != _WITH_TIME:
        return None
    scanned_at = sent["scanned_at"]
    if not isinstance(scanned_at, str) or not _INSTANT.fullmatch(scanned_at):
        return None
    try:
        moment = datetime.fromisoformat(scanned_at).astimezone(UTC)
        given = _given(sent) if has_verdict else None
    except (ValueError, OverflowError):
        return None
    return _scan(sent, scanned_at=moment, given=given)


def _scan(
    sent: Mapping[str, Any], *, scanned_at: datetime | None, given: Given | None
) -> NewScan | None:
    name, code = sent["id"], sent["code"]
    if not isinstance(name, str) or not _UUID.fullmatch(name):
        return None
    if not isinstance(code, str) or not code:
        return None
    return NewScan(UUID(name), code, scanned_at, given)


def _given(sent: Mapping[str, Any]) -> Given:
    return Given(Outcome(sent["given_outcome"]), Reason(sent["given_reason"]))
