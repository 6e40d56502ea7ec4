"""Times and dates by the closed list of docs/format.md, section 10."""

from datetime import UTC, date, datetime

import pytest

from healthcode.core.instants import read_date, read_instant
from tests.core.spellings import NO_DATES, NO_INSTANTS


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020-02-17T08:30:00Z", datetime(2020, 2, 17, 8, 30, tzinfo=UTC)),
        ("2020-02-17t08:30:00z", datetime(2020, 2, 17, 8, 30, tzinfo=UTC)),
        ("2020-02-17 08:30:00+08:00", datetime(2020, 2, 17, 0, 30, tzinfo=UTC)),
        ("2020-02-17T00:00:00.5-00:30", datetime(2020, 2, 17, 0, 30, 0, 500_000, tzinfo=UTC)),
        ("2020-02-17T08:30:00.123456789Z", datetime(2020, 2, 17, 8, 30, 0, 123_456, tzinfo=UTC)),
        ("2020-02-29T23:59:59-00:00", datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("0002-01-01T00:00:00+23:59", datetime(1, 12, 31, 0, 1, tzinfo=UTC)),
        ("9998-12-31T23:59:59-23:59", datetime(9999, 1, 1, 23, 58, 59, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant


def test_a_date_is_read() -> None:
    assert read_date("2020-02-29") == date(2020, 2, 29)


@pytest.mark.parametrize("text", [*NO_INSTANTS, *NO_DATES, "2020-02-17"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|calendar|day"):
        read_instant(text)


@pytest.mark.parametrize("text", [*NO_DATES, *NO_INSTANTS, "2020-02-17T08:30:00Z"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|calendar|month|year"):
        read_date(text)
