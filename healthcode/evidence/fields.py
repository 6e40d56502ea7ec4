"""Serializer fields for evidence: they are strict about types, and say what to do instead."""

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

# No decision needs a longer period: published policies look back at most 14 days and hold a colour
# at most 28. A longer one is usually a wrong year.
LONGEST_PERIOD: Final = timedelta(days=60)
# The first known cases fell ill in December 2019, so an earlier date is a typing error.
EARLIEST: Final = datetime(2019, 12, 1, tzinfo=SHANGHAI)
# How far a sender's clock may be ahead of ours.
CLOCK_SKEW: Final = timedelta(minutes=5)

_DECIMAL: Final = re.compile(r"[0-9]{1,3}(\.[0-9]{1,20})?")
_DAY: Final = len("2020-02-24")

MOMENT: Final[Mapping[str, Any]] = {
    "anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]
}
"""A date or an instant, in the OpenAPI description."""


@extend_schema_field(dict(MOMENT))
class Moment(serializers.Field[Any, Any, str, datetime]):
    """A date (a day in Shanghai) or an RFC 3339 instant; the value is an instant in UTC.

    A date means the instant at which the day begins or, with `ends`, ends. Use `Span` for something
    that happened at an unknown time of the day.
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
            ValidationError: it is neither, or it is before `EARLIEST`.
        """
        return self.read(data)[self.ends]

    def read(self, data: Any) -> tuple[datetime, datetime]:
        """Return the instants between which the moment lies; both are equal for an exact instant.

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
        """Return the instant as RFC 3339."""
        return value.isoformat()

    def _read(self, text: str) -> tuple[datetime, datetime]:
        if len(text) == _DAY:
            return span_of_day(read_date(text))
        instant = read_instant(text)
        return instant, instant


class Span(Moment):
    """A date or an instant at which something happened; the value is (earliest, latest).

    A date does not say the hour. So the latest instant counts for facts that make a colour graver,
    and the earliest for facts that end it.
    """

    def to_internal_value(self, data: Any) -> tuple[datetime, datetime]:
        """Return the earliest and the latest instant; a day ends when the next one begins.

        Raises:
            ValidationError: as `Moment`.
        """
        return self.read(data)


@extend_schema_field(OpenApiTypes.INT64)
class Identifier(serializers.Field[int, Any, int, int]):
    """The number of a person, a case or the like: a JSON number, and not a string of digits."""

    default_error_messages = {
        "format": gettext_lazy("Give a positive whole number in JSON, without quotation marks.")
    }

    def to_internal_value(self, data: Any) -> int:
        """Read a positive whole number that fits a 64-bit column.

        Raises:
            ValidationError: it is anything else.
        """
        if isinstance(data, bool) or not isinstance(data, int) or not 0 < data < 2**63:
            self.fail("format")
        return data

    def to_representation(self, value: int) -> int:
        """Return the number."""
        return value


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(serializers.Field[bool, Any, bool, bool]):
    """A JSON boolean: `true` or `false`, and nothing that only looks like it, such as "true"."""

    default_error_messages = {"format": gettext_lazy("This must be true or false.")}

    def to_internal_value(self, data: Any) -> bool:
        """Read a JSON boolean.

        Raises:
            ValidationError: it is anything else.
        """
        if not isinstance(data, bool):
            self.fail("format")
        return data

    def to_representation(self, value: bool) -> bool:
        """Return the boolean."""
        return value


class Choice(serializers.ChoiceField):
    """A word of a closed list. The refusal lists the words and does not repeat what was sent."""

    def to_internal_value(self, data: Any) -> Any:
        """Read one of the words.

        Raises:
            ValidationError: it is not one of them.
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
        """Read a temperature that a living person can have, so 3 and 370 are refused.

        Raises:
            ValidationError: it is not a number, or out of range.
        """
        sentence = _("Give the temperature in °C, between 34 and 43, such as 36.5.")
        if isinstance(data, bool) or not isinstance(data, int | float | str | Decimal):
            raise serializers.ValidationError(sentence)
        text = half_width(data) if isinstance(data, str) else str(data)
        if not _DECIMAL.fullmatch(text):
            raise serializers.ValidationError(sentence)
        value = Decimal(text)
        if not self.LOWEST <= value <= self.HIGHEST:
            raise serializers.ValidationError(sentence)
        return value.quantize(Decimal("0.1"))


@extend_schema_field(OpenApiTypes.STR)
class AreaCode(serializers.Field[str, Any, str, str]):
    """The code of a division (GB/T 2260), with or without trailing zeros; `00` means abroad.

    The value is the short form, without trailing zeros.
    """

    default_error_messages = {
        "format": gettext_lazy("Give an area code of 2, 4, 6 or 9 digits, such as 330106.")
    }

    def to_internal_value(self, data: Any) -> str:
        """Read a code. It must be a string, because a number would lose leading zeros.

        Raises:
            ValidationError: it is not a code.
        """
        if not isinstance(data, str):
            self.fail("format")
        try:
            return normalise_code(data)
        except InvalidInput:
            self.fail("format")

    def to_representation(self, value: str) -> str:
        """Return the code."""
        return value


class PeriodSerializer(StrictSerializer):
    """Input with a period from `from` to `to`; the validated members are `starts` and `ends`.

    The context needs `at` (an aware datetime). If `to` is missing or null, the period is still
    going on. A date in `from` means the beginning of the day and in `to` its end, so that the
    period is as long as it may have been. `by_day` is true if one of them was a date.
    """

    def get_fields(self) -> dict[str, Any]:
        """Add `from` and `to`; `from` is a keyword of Python, so it cannot be a class attribute."""
        return {
            **super().get_fields(),
            "from": Span(source="first"),
            "to": Span(source="last", required=False, allow_null=True, default=None),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Check that the period is possible: not reversed, not in the future, not too long.

        Raises:
            ValidationError: under the member that is wrong, saying what to do.
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
    """Refuse a period that runs backwards, is in the future or is longer than `longest`.

    Raises:
        ValidationError: under the one of `members` that is wrong.
    """
    first, last = members
    # An empty period counts as backwards, too: "from the 20th to the 19th" begins and ends at the
    # same midnight, because the last day is included.
    if ends is not None and ends <= starts:
        raise serializers.ValidationError({last: _("The end must be later than the start.")})
    check_past(starts, at=at, member=first)
    if ends is not None and ends > max(end_of_today(at), at + CLOCK_SKEW):
        raise serializers.ValidationError(
            {last: _("This date is in the future. If there is no end yet, leave it empty.")}
        )
    if longest and (ends or at) - starts > longest:
        sentence = _(
            "A period can be at most %(days)s days long. Please check the year, and leave out "
            "earlier days."
        )
        raise serializers.ValidationError({first: sentence % {"days": longest.days}})


def check_past(moment: datetime, *, at: datetime, member: str) -> None:
    """Refuse a moment in the future, but allow for a small difference between clocks.

    Raises:
        ValidationError: under `member`.
    """
    if moment > at + CLOCK_SKEW:
        raise serializers.ValidationError({member: _("This date is in the future.")})
