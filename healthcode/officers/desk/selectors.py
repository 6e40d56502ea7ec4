"""Read the latest acts for an officer's desk."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Prefetch, Q

from healthcode.acts.models import Act, ActArea
from healthcode.colours.models import Recomputation


def acts_within(areas: Sequence[str], *, most: int) -> list[Act]:
    """Return the latest acts that touch these areas or areas in them, with accounts. Two queries.

    They include an act of another area's officer if people of these areas changed colour by it.
    The details are not loaded, because those of a map are long.
    """
    within = reduce(or_, (Q(area__startswith=area) for area in areas))
    filed = ActArea.objects.filter(within, act=OuterRef("pk"))
    runs = Prefetch("recomputations", Recomputation.objects.only("act", "state"))
    # A process of version 1.0.0 that still runs during an upgrade files its acts nowhere.
    acts = Act.objects.filter(within | Exists(filed)).select_related("account").defer("detail")
    return list(acts.prefetch_related(runs).order_by("-pk")[:most])
