"""Fields of the input that evidence is made of, strict about types and kind in what they say."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from accounts.authority import normalise_code
from healthcode.core.instants import read_date, read_instant
from healthcode.web.days import SHANGHAI, end_of_today, span_of_day
from healthcode.web.errors import InvalidInput
from healthcode.web.fields import StrictSerializer
from healthcode.web.texts import half_width

# A period longer than this says nothing that a decision needs: the longest look back of any
# published policy is 14 days and the longest hold 28. It catches the slip of a year.
LONGEST_PERIOD: Final = timedelta(days=60)
# The first known cases fell ill in December 2019; a date before that is a slip of the pen.
EARLIEST: Final = datetime(2019, 12, 1, tzinfo=SHANGHAI)
# How far a sender's clock may be ahead of ours.
CLOCK_SKEW: Final = timedelta(minutes=5)

_DECIMAL: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")
_DAY: Final = len("2020-02-24")

MOMENT: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
"""A date or an instant, as the description of the interface says it."""


@extend_schema_field(dict(MOMENT))
class Moment(serializers.Field[Any, Any, str, datetime]):
    """A date (a day in Shanghai) or an RFC 3339 instant, as an aware instant in UTC.

    A date stands for the instant at which its day begins or, with `ends`, is over. That is for what
    begins or ends with the day; of what happened at some time of it, `Span` keeps both.
    """

    default_error_messages = {
        "format": gettext_lazy(
            "Give a date such as 2020-02-24, or a time with its UTC offset such as "
            "2020-02-24T08:30:00+08:00."
        ),
        "early": gettext_lazy("This date is too far back. Please check the year."),
    }

    def __init__(self, *, ends: bool = False, **options: Any) -> None:
        self.ends = ends
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> Any:
        """Read a date or an instant.

        Raises:
            ValidationError: for anything else, and for what lies before the epidemic.
        """
        return self.read(data)[self.ends]

    def read(self, data: Any) -> tuple[datetime, datetime]:
        """Between which instants the moment lies; the same twice where the instant is known.

        Raises:
            ValidationError: as `to_internal_value`.
        """
        if not isinstance(data, str):
            self.fail("format")
        try:
            span = self._read(data)
        except ValueError:
            self.fail("format")
        if span[0] < EARLIEST:
            self.fail("early")
        return span

    def to_representation(self, value: datetime) -> str:
        """The instant in RFC 3339."""
        return value.isoformat()

    def _read(self, text: str) -> tuple[datetime, datetime]:
        if len(text) == _DAY:
            return span_of_day(read_date(text))
        instant = read_instant(text)
        return instant, instant


class Span(Moment):
    """A date or an instant of something that happened once, as the instants between which it did.

    Nobody knows at which hour of a date it was. So whoever reads both ends lets the later one count
    for what makes a colour graver, and the earlier one for what ends it.
    """

    def to_internal_value(self, data: Any) -> tuple[datetime, datetime]:
        """The earliest and the latest instant; the end of a day is that of the next one's begin.

        Raises:
            ValidationError: as `Moment`.
        """
        return self.read(data)


@extend_schema_field(OpenApiTypes.INT64)
class Identifier(serializers.Field[int, Any, int, int]):
    """A number that names something here; a JSON number, never a string of digits."""

    default_error_messages = {
        "format": gettext_lazy("Give a positive whole number in JSON, without quotation marks.")
    }

    def to_internal_value(self, data: Any) -> int:
        """Read a positive whole number that fits the database.

        Raises:
            ValidationError: for anything else.
        """
        if isinstance(data, bool) or not isinstance(data, int) or not 0 < data < 2**63:
            self.fail("format")
        return data

    def to_representation(self, value: int) -> int:
        """The number itself."""
        return value


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(serializers.Field[bool, Any, bool, bool]):
    """`true` or `false`, and nothing that merely looks like it."""

    default_error_messages = {"format": gettext_lazy("This must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Read a JSON boolean.

        Raises:
            ValidationError: for anything else.
        """
        if not isinstance(data, bool):
            self.fail("format")
        return data

    def to_representation(self, value: bool) -> bool:
        """The boolean itself."""
        return value


class Choice(serializers.ChoiceField):
    """One word of a closed list; the refusal names the list and does not repeat what was sent."""

    def to_internal_value(self, data: Any) -> Any:
        """Read one of the words.

        Raises:
            ValidationError: for anything else.
        """
        if not isinstance(data, str) or data not in self.choice_strings_to_values:
            words = ", ".join(str(word) for word in self.choices)
            raise serializers.ValidationError(_("Choose one of: %(words)s.") % {"words": words})
        return self.choice_strings_to_values[data]


@extend_schema_field({"type": "number", "minimum": 34, "maximum": 43})
class Temperature(serializers.DecimalField):
    """A body temperature in °C, rounded to a tenth."""

    LOWEST: Final = Decimal(34)
    HIGHEST: Final = Decimal(43)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, **options)

    def to_internal_value(self, data: Any) -> Decimal:
        """Read a temperature that a living person can have.

        Raises:
            ValidationError: for anything else, 3 and 370 included.
        """
        sentence = _("Give the temperature in °C, between 34 and 43, such as 36.5.")
        if isinstance(data, bool) or not isinstance(data, int | float | str | Decimal):
            raise serializers.ValidationError(sentence)
        told = half_width(data) if isinstance(data, str) else str(data)
        if not _DECIMAL.fullmatch(told):
            raise serializers.ValidationError(sentence)
        value = Decimal(told)
        if not self.LOWEST <= value <= self.HIGHEST:
            raise serializers.ValidationError(sentence)
        return value.quantize(Decimal("0.1"))


@extend_schema_field(OpenApiTypes.STR)
class AreaCode(serializers.Field[str, Any, str, str]):
    """The code of a division (GB/T 2260), padded or not, in short form; `00` is abroad."""

    default_error_messages = {
        "format": gettext_lazy("Give an area code of 2, 4, 6 or 9 digits, such as 330106.")
    }

    def to_internal_value(self, data: Any) -> str:
        """Read a code; a number is none, for 0512 is not 512.

        Raises:
            ValidationError: for anything else.
        """
        if not isinstance(data, str):
            self.fail("format")
        try:
            return normalise_code(data)
        except InvalidInput:
            self.fail("format")

    def to_representation(self, value: str) -> str:
        """The code itself."""
        return value


class PeriodSerializer(StrictSerializer):
    """Input with a period `from`–`to`; validated members are `starts` and `ends`.

    Needs `at` (an aware datetime) in the context. `to` may be missing or null: still going on.
    Of dates the first begins and the last ends it, so that it is as long as it may have been;
    `by_day` says that one of them was a date.
    """

    def get_fields(self) -> dict[str, Any]:
        """Add `from`, which is a word of Python's and cannot be declared, and `to`."""
        return {
            **super().get_fields(),
            "from": Span(source="first"),
            "to": Span(source="last", required=False, allow_null=True, default=None),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the period is one that somebody can have lived through.

        Raises:
            ValidationError: naming the member that is wrong and what to do.
        """
        first, last = attrs.pop("first"), attrs.pop("last")
        starts, ends = first[0], last and last[1]
        check_period(starts, ends, at=self.context["at"])
        by_day = any(span and span[0] < span[1] for span in (first, last))
        period = {"starts": starts, "ends": ends, "by_day": by_day}
        return dict(super().validate({**attrs, **period}))


def check_period(
    starts: datetime,
    ends: datetime | None,
    *,
    at: datetime,
    members: tuple[str, str] = ("from", "to"),
    longest: timedelta | None = LONGEST_PERIOD,
) -> None:
    """Refuse a period that runs backwards, lies in the future or is longer than `longest`.

    Raises:
        ValidationError: under the one of `members` that is wrong.
    """
    first, last = members
    # Equal counts as backwards: to the 19th, inclusive, and from the 20th meet at midnight.
    if ends is not None and ends <= starts:
        raise serializers.ValidationError({last: _("The end must be later than the start.")})
    check_past(starts, at=at, member=first)
    if ends is not None and ends > max(end_of_today(at), at + CLOCK_SKEW):
        raise serializers.ValidationError(
            {last: _("This date is in the future. If there is no end yet, leave it empty.")}
        )
    if longest and (ends or at) - starts > longest:
        sentence = _(
            "A period can have at most %(days)s days. Please check the year, and leave out the "
            "days before that."
        )
        raise serializers.ValidationError({first: sentence % {"days": longest.days}})


def check_past(moment: datetime, *, at: datetime, member: str) -> None:
    """Refuse a moment that has not come yet, a little difference between clocks apart.

    Raises:
        ValidationError: under `member`.
    """
    if moment > at + CLOCK_SKEW:
        raise serializers.ValidationError({member: _("This date is in the future.")})
