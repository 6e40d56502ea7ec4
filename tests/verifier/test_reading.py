"""msgspec reads scans exactly as the serializers do."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from healthcode.core import Outcome, Reason
from healthcode.web import texts
from verifier.doors.reading import BatchParser, ScanParser, offline_scan
from verifier.doors.scanning import Given, NewScan
from verifier.doors.serializers import OfflineScanInput, ScanInput

NAMES = st.one_of(
    st.uuids().map(str),
    st.uuids().map(lambda name: str(name).upper()),
    st.uuids().map(lambda name: name.hex),
    st.sampled_from(["", "7", None, 7, "{7f0e2d4c-0000-4000-8000-000000000000}"]),
)
TIMES = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.datetimes(timezones=st.just(UTC)).map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ")),
    st.sampled_from(
        [
            *("2020-02-24T08:30:00", "2020-02-24", "20200224T083000+08:00", "", None, 7),
            *("2020-02-24T08:30:00+0800", "9999-12-31T23:59:59-14:00", "2020-02-30T00:00:00Z"),
            *("2020-02-24T24:00:00Z", "2020-02-24T08:30:00+99:00", "2020-02-24t08:30:00z"),
        ]
    ),
)
MEMBERS = {
    "id": NAMES,
    "code": st.one_of(st.text(max_size=20), st.sampled_from([None, 7, "", "JK1:ABC"])),
    "scanned_at": TIMES,
    "given_outcome": st.sampled_from([*Outcome, "passed", "", None, 1, []]),
    "given_reason": st.sampled_from([*Reason, "because", "", None, 1, {}]),
}
SENT = st.fixed_dictionaries(
    {},
    optional=MEMBERS | {"who": st.text()},
)


def by_serializer(serializer: Any, sent: object) -> NewScan | None:
    try:
        return cast(NewScan, serializer.run_validation(sent))
    except ValidationError:
        return None


def one(text: str) -> NewScan | None:
    try:
        return ScanParser().typed(json.loads(text))
    except ValueError:
        return None


def of_a_batch(text: str) -> NewScan | None:
    try:
        return BatchParser().typed({"scans": [json.loads(text)]}).scans[0]
    except ValueError:
        return None


@given(SENT)
def test_what_is_read_is_what_the_serializers_read(sent: dict[str, object]) -> None:
    text = json.dumps(sent)
    read = one(text)
    assert read is None or read == by_serializer(ScanInput(), sent)
    read = of_a_batch(text)
    assert read == offline_scan(sent)
    assert read is None or read == by_serializer(OfflineScanInput(), sent)


@given(
    st.uuids(),
    st.text(min_size=1).map(texts.trimmed).filter(bool),
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - naive, as the strategy wants them
)
def test_what_doors_send_is_read(name: UUID, code: str, at: datetime) -> None:
    sent = {"id": str(name), "code": f"\ufeff{code}\r\n"}
    timed = sent | {"scanned_at": at.isoformat().replace("+00:00", "Z")}
    assert one(json.dumps(sent)) == NewScan(name, code)
    assert one(json.dumps(timed)) == of_a_batch(json.dumps(timed)) == NewScan(name, code, at)
    verdict = {"given_outcome": "pass", "given_reason": "ok"}
    given = Given(Outcome.PASS, Reason.OK)
    assert of_a_batch(json.dumps(timed | verdict)) == NewScan(name, code, at, given)


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_is_no_scan_is_left_to_the_serializers(mark: bytes) -> None:
    sent: dict[str, object] = {"id": "7f0e2d4c-0000-4000-8000-000000000000", "code": "你好"}

    def read(sent: object) -> object:
        body = BytesIO(mark + json.dumps(sent, ensure_ascii=False).encode())
        return ScanParser().parse(body, "application/json", {})

    assert read(sent) == NewScan(UUID(str(sent["id"])), "你好")
    for other in (sent | {"code": ""}, sent | {"code": " \u3000"}, [sent], "", None):
        assert read(other) == other


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"id": "{7f0e2d4c-0000-4000-8000-000000000000}"}, {}),
        ({"scanned_at": "2020-02-24t08:30:00+08:00"}, {}),
        ({"scanned_at": "2020-02-24 00:30:00z"}, {}),
        (
            {"scanned_at": "2020-02-24T08:30:00.1234567+08:00"},
            {"scanned_at": datetime.fromisoformat("2020-02-24T08:30:00.123456+08:00")},
        ),
    ],
)
def test_rarer_spellings_are_read_in_both_ways(sent: dict[str, str], read: dict[str, Any]) -> None:
    """Both use the same reader of times. The serializers read rarer spellings of an id."""
    at = datetime.fromisoformat("2020-02-24T08:30:00+08:00")
    name = "7f0e2d4c-0000-4000-8000-000000000000"
    scan = {"id": name, "code": "JK1:", "scanned_at": at.isoformat()} | sent
    expected = NewScan(UUID(name), "JK1:", at)._replace(**read)
    assert one(json.dumps(scan)) == (expected if "scanned_at" in sent else None)
    assert by_serializer(ScanInput(), scan) == by_serializer(OfflineScanInput(), scan) == expected
