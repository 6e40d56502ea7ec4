"""Reading what partners asked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from healthcode.web.days import SHANGHAI
from verifier.models import PartnerCall


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """What one partner asked on one day by one kind of call; in the order of the columns.

    `codes` counts those of refused calls, too, which got no verdict.
    """

    day: date
    partner: str
    call: str
    calls: int
    refused_calls: int
    codes: int
    passes: int
    cautions: int
    refusals: int


def partner_calls(
    *, since: datetime, until: datetime, partner: str | None = None
) -> QuerySet[PartnerCall]:
    """The calls of all partners, or of one (its name), in `[since, until)`, the oldest first."""
    calls = PartnerCall.objects.select_related("account").filter(at__gte=since, at__lt=until)
    if partner is not None:
        calls = calls.filter(account__username=partner)
    return calls.order_by("at", "pk")


def partner_days(calls: QuerySet[PartnerCall]) -> Iterator[PartnerDay]:
    """The calls, summed up by Shanghai day, partner and kind of call, in that order."""
    grouped = calls.order_by().annotate(day=TruncDate("at", tzinfo=SHANGHAI))
    sums = grouped.values_list("day", "account__username", "call").annotate(
        calls=Count("pk"),
        refused_calls=Count("pk", filter=~Q(refused="")),
        all_codes=Sum("codes"),
        **{f"all_{name}": Coalesce(Sum(name), 0) for name in ("passes", "cautions", "refusals")},
    )
    for row in sums.order_by("day", "account__username", "call"):
        yield PartnerDay(*row)
