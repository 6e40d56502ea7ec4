"""What officers did: the acts of record, as an officer sees them."""

from collections.abc import Sequence
from functools import reduce
from operator import or_

from django.db.models import Prefetch, Q

from healthcode.acts.models import Act
from healthcode.colours.models import Recomputation


def acts_within(areas: Sequence[str], *, most: int) -> list[Act]:
    """The latest acts about the areas or what lies in them, with who did them. Two queries.

    What an act said in detail is left out: a map's is long.
    """
    within = reduce(or_, (Q(area__startswith=area) for area in areas))
    runs = Prefetch("recomputations", Recomputation.objects.only("act", "state"))
    acts = Act.objects.filter(within).select_related("account").defer("detail")
    return list(acts.prefetch_related(runs).order_by("-pk")[:most])
