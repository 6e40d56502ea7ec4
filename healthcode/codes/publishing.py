"""The status lists of the days whose codes are still alive, built and signed."""

import hashlib
from array import array
from collections import defaultdict
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max

from accounts.models import Person
from accounts.services import ERASURE
from healthcode.codes import status
from healthcode.codes.keys import Signer, keyring
from healthcode.codes.models import StatusList
from healthcode.codes.status import NUMBERS_A_PERSON, SHANGHAI, Part, day_of, start_of
from healthcode.core import build_status_list

TTL: Final = timedelta(seconds=30)
"""How soon verifiers should fetch a list again."""

LIFETIME: Final = timedelta(days=1)
"""How long a list counts when no newer one can be had."""

SIGN_AGAIN_AFTER: Final = timedelta(minutes=5)
"""How old an unchanged list may grow, so that doors see how fresh their knowledge is."""

COMMIT_SLACK: Final = timedelta(hours=1)
"""A change may be committed so long after its own instant; codes made in between are old ones."""

_LOCK = 0x5354_4C53  # "STLS": the advisory lock that publishers take in turn

# 1. Each change ends the use of the code number before it ...
# 2. ... which began with the change before that, or with the person.
# 3. Who was erased has left an act with their number, and all their codes end with it.
# A change that lies back as far as a person's numbers go round has its place taken by a newer code.
SUPERSEDED = """
SELECT ended.person_id, ended.number - 1,
       (began.at AT TIME ZONE %(zone)s)::date,
       ((ended.at + make_interval(secs => %(slack)s)) AT TIME ZONE %(zone)s)::date
FROM colours_colourchange ended
LEFT JOIN colours_colourchange began
       ON began.person_id = ended.person_id AND began.number = ended.number - 1
JOIN colours_personcolour now ON now.person_id = ended.person_id
WHERE ended.at >= %(since)s
  AND (now.changes - ended.number + 1) %% %(numbers)s <> 0
UNION ALL
SELECT (erased.detail->>'person')::bigint, number, NULL,
       ((erased.at + make_interval(secs => %(slack)s)) AT TIME ZONE %(zone)s)::date
FROM accounts_act erased CROSS JOIN generate_series(0, %(numbers)s - 1) AS number
WHERE erased.kind = %(erasure)s AND erased.at >= %(since)s
ORDER BY 1, 2
"""

Code = tuple[int, int]
"""Whose code, and after how many changes of colour."""

Days = tuple[date | None, date]
"""The first day (None: before any that matters) and the last on which a code was in use."""


def publish(*, at: datetime) -> int:
    """Bring all status lists of living codes up to date; how many were built anew.

    Tomorrow's lists are opened today, so that midnight finds them at the verifiers already.
    Publishers take turns, so that no list ever goes back to what an earlier one saw.

    Raises:
        DoesNotSign: this process has no secret, or no key signs now.
    """
    signer = keyring.signer(at=at)
    first, last = _days(at)
    with transaction.atomic():
        _take_turn()
        rows = StatusList.objects.filter(day__gte=first).defer("token")
        held = {(row.day, row.part): row for row in rows}
        parts = _open_parts(first, last, day_of(at))
        superseded = _superseded(start_of(first) - COMMIT_SLACK)
        built = [
            row
            for part in parts
            if (row := _build(part, superseded, held.get((part.day, part.number)), signer, at))
        ]
        _store(built)
        # Scans can be led back to people only by the shape of the lists that they name.
        kept = timedelta(days=settings.SCAN_RETENTION_DAYS)
        StatusList.objects.filter(day__lt=first - kept).delete()
    return len(built)


def _days(at: datetime) -> tuple[date, date]:
    """The first and the last day that need lists: of the oldest code alive, and tomorrow."""
    oldest = at - timedelta(seconds=max(settings.PAPER_CODE_SECONDS, settings.LIVE_CODE_SECONDS))
    return day_of(oldest), day_of(at) + timedelta(days=1)


def _take_turn() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _open_parts(first: date, last: date, today: date) -> list[Part]:
    parts = status.parts_of(first, last)
    people = Person.objects.aggregate(last=Max("id"))["last"] or 0
    for day in (today, last):
        parts += status.further_parts(day, [part for part in parts if part.day == day], people)
    return parts


def _superseded(since: datetime) -> dict[Days, list[Code]]:
    """Codes that changes since then made stale, by the days on which they were in use."""
    parameters: dict[str, datetime | float | str] = {
        "since": since,
        "slack": COMMIT_SLACK.total_seconds(),
        "zone": str(SHANGHAI),
        "numbers": NUMBERS_A_PERSON,
        "erasure": ERASURE,
    }
    found: dict[Days, list[Code]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(SUPERSEDED, parameters)
        for person, changes, began, ended in cursor.fetchall():
            found[began, ended].append((person, changes))
    return found


def _codes_of(part: Part, superseded: dict[Days, list[Code]]) -> list[Code]:
    """Those of the codes that have their place in this list."""
    return [
        code
        for (first, last), codes in superseded.items()
        if (first is None or first <= part.day) and part.day <= last
        for code in codes
        if part.first_person <= code[0] < part.end_person
    ]


def _build(
    part: Part,
    superseded: dict[Days, list[Code]],
    held: StatusList | None,
    signer: Signer,
    at: datetime,
) -> StatusList | None:
    """The list anew, or None when the one there says the same and is young enough."""
    places = part.places_of(_codes_of(part, superseded))
    content = hashlib.sha256(signer.kid + array("Q", places).tobytes()).digest()
    if held and bytes(held.content) == content and at - held.built_at < SIGN_AGAIN_AFTER:
        return None
    # Verifiers keep the younger of two lists, and one that waited for its turn knows no less.
    at = max(at, held.built_at) if held else at
    token = build_status_list(
        issuer=settings.ISSUER,
        uri=part.uri,
        size=part.places,
        superseded=places,
        issued_at=int(at.timestamp()),
        expires_at=int((at + LIFETIME).timestamp()),
        ttl_seconds=int(TTL.total_seconds()),
        kid=signer.kid,
        algorithm=signer.algorithm,
        signer=signer.sign,
    )
    return StatusList(
        day=part.day,
        part=part.number,
        first_person=part.first_person,
        places=part.places,
        content=content,
        token=token,
        built_at=at,
    )


def _store(lists: list[StatusList]) -> None:
    StatusList.objects.bulk_create(
        lists,
        update_conflicts=True,
        unique_fields=["day", "part"],
        update_fields=["content", "token", "built_at"],
    )
