"""Read the calls that partners made."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from healthcode.web.days import SHANGHAI
from verifier.models import PartnerCall


@dataclass(frozen=True, slots=True)
class PartnerDay:
    """Sums of a partner, day and kind of call. The fields are the columns of the query, in order.

    `codes` includes the codes of refused calls, which got no verdict.
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
    """Return the calls in `[since, until)`, the oldest first; of `partner`, if given its name."""
    calls = PartnerCall.objects.select_related("account").filter(at__gte=since, at__lt=until)
    if partner is not None:
        calls = calls.filter(account__username=partner)
    return calls.order_by("at", "pk")


def partner_days(calls: QuerySet[PartnerCall]) -> Iterator[PartnerDay]:
    """Sum up the calls by Shanghai day, partner and kind of call, sorted in that order."""
    grouped = calls.order_by().annotate(day=TruncDate("at", tzinfo=SHANGHAI))
    sums = grouped.values_list("day", "account__username", "call").annotate(
        calls=Count("pk"),
        refused_calls=Count("pk", filter=~Q(refused="")),
        all_codes=Sum("codes"),
        **{f"all_{name}": Coalesce(Sum(name), 0) for name in ("passes", "cautions", "refusals")},
    )
    for row in sums.order_by("day", "account__username", "call"):
        yield PartnerDay(*row)
