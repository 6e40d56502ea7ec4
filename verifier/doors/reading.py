"""Read the bodies of scans with msgspec, because serializers took longer than the verdict.

A body that msgspec refuses goes to the usual parser and serializers, which say what is wrong with
it. They also accept rarer spellings of an id, such as a UUID in braces.
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
    """A scan that is sent as it happens."""

    id: UUID
    code: CodeText
    scanned_at: str | None = None

    def new(self) -> NewScan:
        """Return the scan. Raises ValueError for an instant that does not exist."""
        moment = None if self.scanned_at is None else read_instant(self.scanned_at)
        return NewScan(self.id, scanned(self.code), moment)


class _OfflineScan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A scan that was made without network."""

    id: UUID
    code: CodeText
    scanned_at: str
    given_outcome: Outcome | UnsetType = UNSET
    given_reason: Reason | UnsetType = UNSET

    def new(self) -> NewScan:
        """Return the scan. Raises ValueError for an impossible instant or half a verdict."""
        given = Given.of(self.given_outcome or None, self.given_reason or None)
        return NewScan(self.id, scanned(self.code), read_instant(self.scanned_at), given)


class _Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    scans: Annotated[list[_OfflineScan], Meta(min_length=1, max_length=MOST_IN_A_BATCH)]


class OfflineScans(NamedTuple):
    """Valid scans that were made without network."""

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
    """Read one scan of a batch with mistakes. Return None when this scan has one itself."""
    try:
        return msgspec.convert(sent, _OfflineScan).new()
    except ValueError:
        return None
