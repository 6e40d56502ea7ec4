"""Which grants hold at an instant. Whoever reads grants says `in_force(at)` or `ever()`."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import Grant  # noqa: F401 - the text "Grant" below names it


def in_force(at: datetime, grants: str = "") -> Q:
    """Return the condition that a grant holds at `at`.

    Args:
        grants: where a query finds the grant, such as "grants__"; "" in a query of grants.
    """
    return Q(**{f"{grants}ends_at": None}) | Q(**{f"{grants}ends_at__gt": at})


class GrantQuerySet(models.QuerySet["Grant"]):
    """Grants by whether they hold."""

    def in_force(self, at: datetime) -> Self:
        """Select the grants that hold at `at`: they have no end, or it is later."""
        return self.filter(in_force(at))

    def ended(self, at: datetime) -> Self:
        """Select the grants that have run out by `at`, or were taken back."""
        return self.filter(ends_at__lte=at)

    def ever(self) -> Self:
        """Select all grants, also those that have ended."""
        return self.all()
