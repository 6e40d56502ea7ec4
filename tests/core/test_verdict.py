"""What the vectors cannot show about verdicts: times as datetimes, shared key ids, purity."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcode.core import (
    Issuer,
    Outcome,
    Reason,
    Rules,
    Statuses,
    Trust,
    Verdict,
    verify,
)
from tests.core.forge import NOON, SHANGHAI, ZHEJIANG, NamedKey, health_code, signed
from tests.core.worlds import status_token, trust

STATUS = Statuses.load([status_token()], trust=trust(), at=NOON)
GOOD = signed()


def judge(text: str = GOOD, at: int | datetime = NOON, known: Trust | None = None) -> Verdict:
    return verify(text, trust=known or trust(), status=STATUS, rules=Rules(), at=at)


def test_a_verdict_says_what_it_rests_on() -> None:
    assert judge(at=NOON + 10) == Verdict(
        outcome=Outcome.PASS,
        reason=Reason.OK,
        code=health_code(),
        age_seconds=10,
        trust_age_seconds=3610,
        status_age_seconds=70,
    )


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=8))])
def test_a_time_may_be_a_datetime_of_any_zone(zone: timezone) -> None:
    assert judge(at=datetime.fromtimestamp(NOON + 10, zone)) == judge(at=NOON + 10)


def test_a_time_without_zone_could_be_any_time() -> None:
    with pytest.raises(ValueError, match="zone"):
        judge(at=datetime(2020, 2, 18, 12, 26, 50))  # noqa: DTZ001 - what the test is about


def test_an_age_is_never_negative() -> None:
    verdict = judge(at=NOON - 30)

    assert verdict.reason == "ok"
    assert (verdict.age_seconds, verdict.status_age_seconds) == (0, 30)


@pytest.mark.parametrize("reverse", [False, True])
def test_every_key_that_shares_an_identifier_is_tried(reverse: bool) -> None:
    ours = ZHEJIANG.key()
    others = replace(SHANGHAI.key(), kid=ours.kid)
    another_kind = replace(NamedKey("another").key(), kid=ours.kid)
    keys = (others, ours, another_kind)
    known = replace(trust(), issuers={"CN-33": Issuer("CN-33", keys[::-1] if reverse else keys)})

    assert judge(known=known).reason == "ok"


def test_a_trust_without_an_end_is_limited_by_its_grace() -> None:
    known = replace(trust(), expires_at=None, as_of=NOON - 86_400)

    assert judge(known=known).reason == "ok"
    assert judge(known=replace(known, as_of=NOON - 86_401)).reason == "stale_data"


def test_knowing_nobody_refuses_everybody() -> None:
    nobody = Trust(issuers={}, as_of=NOON)

    assert judge(known=nobody).reason == "unknown_issuer"


@given(st.sampled_from(["", "JK1:", "JK2:", "HC1:"]), st.text())
def test_no_text_raises(prefix: str, text: str) -> None:
    assert judge(prefix + text).outcome == "refuse"
