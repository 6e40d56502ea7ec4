"""Scans read by hand are what the serializers would have made of them."""

import json
from datetime import UTC
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from rest_framework.exceptions import ValidationError

from healthcode.core import Outcome, Reason
from verifier.doors import reading
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
        read = dict(serializer.run_validation(sent))
    except ValidationError:
        return None
    outcome, reason = read.pop("given_outcome", None), read.pop("given_reason", None)
    return NewScan(**read, given=Given(Outcome(outcome), Reason(reason)) if outcome else None)


@given(SENT)
def test_what_is_read_is_what_the_serializers_read(sent: dict[str, object]) -> None:
    sent = json.loads(json.dumps(sent))
    for read, serializer in (
        (reading.scan(sent), ScanInput()),
        (reading.offline_scan(sent), OfflineScanInput()),
    ):
        assert read is None or read == by_serializer(serializer, sent)


@given(st.uuids(), st.text(min_size=1), st.datetimes(timezones=st.just(UTC)))
def test_what_doors_send_is_read(name: object, code: str, at: Any) -> None:
    sent = {"id": str(name), "code": code}
    assert reading.scan(sent) is not None
    timed = sent | {"scanned_at": at.isoformat().replace("+00:00", "Z")}
    verdict = {"given_outcome": "pass", "given_reason": "ok"}
    assert reading.offline_scan(timed) is not None
    assert reading.offline_scan(timed | verdict) is not None
