"""Read the latest acts for an officer's desk."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Prefetch, Q

from healthcode.acts.models import Act
from healthcode.colours.models import Recomputation


def acts_within(areas: Sequence[str], *, most: int) -> list[Act]:
    """Return the latest acts about these areas or areas in them, with their accounts. Two queries.

    The details are not loaded, because those of a map are long.
    """
    within = reduce(or_, (Q(area__startswith=area) for area in areas))
    runs = Prefetch("recomputations", Recomputation.objects.only("act", "state"))
    acts = Act.objects.filter(within).select_related("account").defer("detail")
    return list(acts.prefetch_related(runs).order_by("-pk")[:most])
