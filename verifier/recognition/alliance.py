"""The trust list of the alliance that this verifier follows: fetched, verified, kept, watched.

Its address and the alliance's public keys come with the installation (TRUST_LIST, ALLIANCE_KEYS).
The last good list is kept whatever the source answers, and none older is ever taken.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction

from healthcode import core
from healthcode.core import strict_json
from verifier.models import TrustList
from verifier.recognition.fetching import Fetched, FetchFailed, fetch
from verifier.recognition.reach import reach

logger = logging.getLogger(__name__)

LIST_LIMIT: Final = 2 * 1024 * 1024
ENDS_SOON: Final = timedelta(days=2)
"""So long before its list ends a verifier begins to warn: time for people to sign the next."""

UNHEARD: Final = timedelta(hours=1)
"""A source that has not answered for so long is worth a warning, though the list still counts."""

GRACE: Final = timedelta(seconds=core.Rules().trust_grace_seconds)


class ListState(StrEnum):
    """How far the list can be relied on, from best to worst."""

    GOOD = "good"
    UNHEARD = "unheard"
    ENDS_SOON = "ends_soon"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Held:
    """The list at hand, its signature verified, and when its source last confirmed it."""

    trust: core.Trust
    confirmed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When nobody may rely on it any more."""
        # A signed list always has an end; its reader has refused others.
        return datetime.fromtimestamp(self.trust.expires_at or 0, UTC)

    def state(self, *, at: datetime) -> ListState:
        """What to think of it at `at`. A stale list passes nobody without a look."""
        if at >= self.ends_at or at - self.confirmed_at > GRACE:
            return ListState.STALE
        if self.ends_at - at < ENDS_SOON:
            return ListState.ENDS_SOON
        return ListState.UNHEARD if at - self.confirmed_at > UNHEARD else ListState.GOOD


def is_followed() -> bool:
    """Whether this verifier was told of an alliance."""
    return bool(settings.TRUST_LIST)


def held(*, at: datetime) -> Held | None:
    """The last good list. None without one, and when the alliance's keys no longer sign for it."""
    row = TrustList.objects.first() if is_followed() else None
    if row is None:
        return None
    try:
        trust = core.parse_trust_list(row.token, keys(), _seconds(at))
    except (core.CoreError, OSError) as why:
        logger.error("the trust list at hand is left out, its issuers are refused: %s", why)
        return None
    return Held(trust, row.confirmed_at)


def state(*, at: datetime) -> ListState:
    """How far the list of the alliance can be relied on."""
    found = held(at=at)
    return ListState.MISSING if found is None else found.state(at=at)


def keys() -> tuple[core.Key, ...]:
    """The alliance's public keys, from their file. Raises OSError, MalformedKey."""
    return core.parse_jwk_set(strict_json.without_mark(Path(settings.ALLIANCE_KEYS).read_bytes()))


def refresh(*, at: datetime) -> None:
    """Look for a newer list where TRUST_LIST says, and keep it when it is good.

    Raises:
        FetchFailed, CoreError: what was held before is kept.
    """
    row = TrustList.objects.first()
    fetched = _fetch(settings.TRUST_LIST, etag=row.etag if row else "")
    if fetched.body is not None:
        keep(fetched.body, etag=fetched.etag, at=at)
    else:
        TrustList.objects.filter(confirmed_at__lt=at).update(confirmed_at=at)


def keep(token: bytes, *, etag: str, at: datetime) -> None:
    """Keep a signed list that is at least as new as the one at hand.

    Raises:
        MalformedTrustList, NotTrusted, WentBackwards, FetchFailed: the one at hand stays.
    """
    try:
        alliance = keys()
    except OSError as why:
        raise FetchFailed(f"no keys of the alliance ({type(why).__name__})") from why
    core.parse_trust_list(token, alliance, _seconds(at))
    said = {"token": token.decode("ascii"), "etag": etag, "confirmed_at": at}
    with transaction.atomic():
        _row, is_new = TrustList.objects.select_for_update().get_or_create(id=1, defaults=said)
        before = None if is_new else held(at=at)
        if before is not None:
            core.parse_trust_list(token, alliance, _seconds(at), held=before.trust)
        TrustList.objects.update(**said)


def _fetch(source: str, *, etag: str) -> Fetched:
    """From an address, or from a file on this machine."""
    if source.startswith(("http://", "https://")):
        return fetch(source, etag=etag, limit=LIST_LIMIT, reach=reach())
    try:
        with Path(source).open("rb") as file:
            return Fetched(file.read(LIST_LIMIT + 1), "")
    except OSError as why:
        raise FetchFailed(f"file cannot be read ({type(why).__name__})") from why


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
