"""Bodies of scans: what is right is checked once, by msgspec, and becomes what is judged.

Checked one by one by serializers, the members of a scan took longer than its verdict. What msgspec
refuses goes the way of all other bodies: the parser and the serializers say what is wrong with it.
They also read the rarer spellings of an id, such as a UUID in braces.
"""

from typing import Annotated, Final, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from healthcode.core import Outcome, Reason
from healthcode.core.instants import read_instant
from healthcode.web.parsers import TypedJSONParser
from verifier.doors.scanning import Given, NewScan
from verifier.serializers import CodeText, scanned

MOST_IN_A_BATCH: Final = 1000


class _Scan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scan as it happens."""

    id: UUID
    code: CodeText
    scanned_at: str | None = None

    def new(self) -> NewScan:
        """Raises ValueError where the instant does not exist."""
        moment = None if self.scanned_at is None else read_instant(self.scanned_at)
        return NewScan(self.id, scanned(self.code), moment)


class _OfflineScan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scan that happened without network."""

    id: UUID
    code: CodeText
    scanned_at: str
    given_outcome: Outcome | UnsetType = UNSET
    given_reason: Reason | UnsetType = UNSET

    def new(self) -> NewScan:
        """Raises ValueError where the instant does not exist, or half a verdict was given."""
        given = Given.of(self.given_outcome or None, self.given_reason or None)
        return NewScan(self.id, scanned(self.code), read_instant(self.scanned_at), given)


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scans: Annotated[list[_OfflineScan], Meta(min_length=1, max_length=MOST_IN_A_BATCH)]


class OfflineScans(NamedTuple):
    """Scans that happened without network, each of them right."""

    scans: list[NewScan]


class ScanParser(TypedJSONParser):
    """Reads a NewScan."""

    def typed(self, value: object) -> NewScan:
        """See TypedJSONParser."""
        return msgspec.convert(value, _Scan).new()


class BatchParser(TypedJSONParser):
    """Reads a body of OfflineScans."""

    def typed(self, value: object) -> OfflineScans:
        """See TypedJSONParser."""
        return OfflineScans([one.new() for one in msgspec.convert(value, _Batch).scans])


def offline_scan(sent: object) -> NewScan | None:
    """One scan out of a batch that is not right as a whole; None where this one is not either."""
    try:
        return msgspec.convert(sent, _OfflineScan).new()
    except ValueError:
        return None
