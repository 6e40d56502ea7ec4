"""Record who looked at a person's data, for the person to see.

Whoever shows somebody with a role the facts of one person calls `record_looks` first, in the same
transaction. The person sees role and area, but not the name of whoever looked.
"""

import logging
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter

from accounts import limits
from accounts.authority import covers
from accounts.limits import Limit
from accounts.login_models import LimitEvent
from accounts.merging import registrations_of
from accounts.models import (
    Account,
    Role,
)
from healthcode.acts.alarm_models import UnusualLooks
from healthcode.acts.errors import LookNotInTheLogYet
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import LookKind
from healthcode.acts.log.looks import KEPT_FOR, proof_of_look, store_digests
from healthcode.acts.models import PersonLook
from healthcode.acts.selectors import readable
from healthcode.core.log.leaves import SALT_BYTES
from healthcode.core.log.proofs import KeptProof
from healthcode.web.days import day_of, start_of_day
from healthcode.web.errors import NotFound, TooMany

logger = logging.getLogger(__name__)

# An officer who traces contacts all day opens some dozens of chains and records.
LOOKS: Final = Limit("looks", 100, timedelta(days=1))
UNUSUAL_AN_HOUR: Final = 30
LONGEST_HIDDEN: Final = timedelta(days=14)
MOST_TOLD: Final = 200
SHOWN: Final = timedelta(days=7)
"""How long the desk shows that somebody looked unusually often."""

LOOKED = Counter("healthcode_looks", "People whose data somebody looked at.", ["what"])
UNUSUAL = Counter(
    "healthcode_unusual_looks", "Looks of accounts that looked unusually often within an hour."
)


@dataclass(frozen=True, slots=True)
class Onlooker:
    """Who looks, in which role, for which area (short form), and on what ground."""

    account: Account
    role: Role
    area: str
    ground: Ground


@transaction.atomic
def record_looks(
    *,
    by: Onlooker,
    people: Collection[int],
    what: LookKind,
    at: datetime,
    hidden_until: datetime | None = None,
) -> None:
    """Record that somebody looks at these people, before anything is shown.

    The same look on the same day is one row, however often the page is loaded. A leaf of the
    public log follows after the hour.

    Args:
        people: the numbers of the people.
        hidden_until: until when the people do not see it, because an inquiry must stay unknown for
            now; at most `LONGEST_HIDDEN` from `at`.

    Raises:
        TooMany: the account has looked too often within a day.
    """
    same = PersonLook.objects.filter(
        account=by.account,
        person__in=people,
        what=what,
        ground=by.ground.text,
        at__gte=start_of_day(day_of(at)),
    )
    new = set(people) - set(same.values_list("person_id", flat=True))
    if not new:
        return
    _count(by, at)
    looks = PersonLook.objects.bulk_create(
        PersonLook(
            account=by.account,
            role=by.role,
            area=by.area,
            person_id=person,
            what=what,
            ground_kind=by.ground.kind,
            ground=by.ground.text,
            at=at,
            hidden_until=hidden_until,
            salt=secrets.token_bytes(SALT_BYTES),
        )
        for person in sorted(new)
    )
    store_digests(looks)
    LOOKED.labels(what.value).inc(len(new))


def looks_at(person_id: int, *, at: datetime) -> QuerySet[PersonLook]:
    """Select the looks that a person sees at `at`, the latest first, at most `MOST_TOLD`."""
    return _told_at(person_id, at).order_by("-at", "-pk")[:MOST_TOLD]


def proof_for_person(person_id: int, look: int, *, at: datetime) -> KeptProof:
    """Return the proof of a look for the person whose data it was, with its record.

    Raises:
        NotFound: the person has no such look, or may not know of it yet.
        LookNotInTheLogYet: the hour of the look is not in the public log yet.
        LogDamaged: rows of the log are missing.
    """
    found = _told_at(person_id, at).filter(pk=look).first()
    if found is None:
        raise NotFound
    with readable():
        proof = proof_of_look(found)
    if proof is None:
        raise LookNotInTheLogYet
    return proof


def told(look: PersonLook) -> dict[str, object]:
    """Return what the person learns about a look, in a form for JSON.

    The text of an inquiry's ground is about somebody else, the case. So the person sees its kind.
    """
    return {
        "at": look.at.isoformat(),
        "role": look.role,
        "area": look.area,
        "what": look.what,
        "ground_kind": look.ground_kind,
        "ground": None if look.what == LookKind.CONTACTS else look.ground,
    }


def looks_export(person_id: int, at: datetime) -> list[dict[str, object]]:
    """Return who looked at a person's data, in a form for JSON, for the person's own export."""
    return [told(look) for look in looks_at(person_id, at=at)]


def forget_looks(at: datetime) -> int:
    """Delete the looks that have been kept long enough; return how many."""
    return PersonLook.objects.filter(at__lt=at - KEPT_FOR).delete()[0]


def _told_at(person_id: int, at: datetime) -> QuerySet[PersonLook]:
    """Select the looks at all registrations of the person."""
    told = Q(hidden_until=None) | Q(hidden_until__lte=at)
    return PersonLook.objects.filter(told, person__in=registrations_of(person_id))


def unusual_within(areas: Iterable[str], *, at: datetime) -> list[UnusualLooks]:
    """Return who looked unusually often in these areas in the last days, the latest first."""
    known, held = UnusualLooks.objects.filter(hour__gt=at - SHOWN), list(areas)
    return [
        row
        for row in known.order_by("-hour", "account")
        if any(covers(area, row.area) for area in held)
    ]


def forget_unusual(at: datetime) -> int:
    """Delete the counts that have been kept long enough; return how many."""
    return UnusualLooks.objects.filter(hour__lt=at - KEPT_FOR).delete()[0]


def _count(by: Onlooker, at: datetime) -> None:
    subject = str(by.account.pk)
    try:
        limits.take([(LOOKS, subject)], at=at)
    except TooMany as spent:
        raise TooMany(
            _(
                "You have looked at people's data very often today. Ask a colleague, or go on when "
                "some hours have passed."
            ),
            retry_after=spent.retry_after or 0,
        ) from spent
    recent = LimitEvent.objects.filter(
        subject=limits.subject_of(LOOKS, subject), at__gt=at - timedelta(hours=1)
    )
    looks = recent.count()
    if looks > UNUSUAL_AN_HOUR:
        UNUSUAL.inc()
        logger.warning("Account %d looks at people's data unusually often", by.account.pk)
        UnusualLooks.objects.update_or_create(
            account=by.account,
            area=by.area,
            hour=at.replace(minute=0, second=0, microsecond=0),
            defaults={"looks": looks},
        )
