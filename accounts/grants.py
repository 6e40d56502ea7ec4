"""Grants: a role is given, gets an end, is taken back. Rooms above say who may do so."""

from datetime import datetime

from accounts.models import Account, Grant, Role


def give(
    *,
    account: Account,
    role: Role,
    area: str,
    at: datetime,
    granted_by: Account | None = None,
    ends_at: datetime | None = None,
) -> Grant:
    """Give the account this role here. A grant that holds stays as it is; one that ended is new.

    Args:
        area: the short code of the area; "" is the whole country.
        ends_at: from when on the role does not hold any more; None if it has no end.
    """
    grant, is_new = Grant.objects.select_for_update().get_or_create(
        account=account,
        role=role,
        area=area,
        defaults={"granted_at": at, "granted_by": granted_by, "ends_at": ends_at},
    )
    if not is_new and has_ended(grant, at):
        grant.granted_at, grant.granted_by, grant.ends_at = at, granted_by, ends_at
        grant.save(update_fields=["granted_at", "granted_by", "ends_at"])
    return grant


def set_end(*, grant: Grant, ends_at: datetime | None) -> None:
    """Let a grant hold until `ends_at`; None means until somebody takes it back."""
    grant.ends_at = ends_at
    grant.save(update_fields=["ends_at"])


def take_back(*, grant: Grant, at: datetime) -> bool:
    """End a grant at `at`, and tell whether it held until now. Its rights end with this instant."""
    return bool(Grant.objects.in_force(at).filter(pk=grant.pk).update(ends_at=at))


def has_ended(grant: Grant, at: datetime) -> bool:
    """Tell whether a grant has run out by `at`, or was taken back."""
    return grant.ends_at is not None and grant.ends_at <= at
