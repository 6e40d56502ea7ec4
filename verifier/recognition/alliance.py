"""Fetch, verify and keep the trust list of the alliance that this verifier follows.

The operator sets its address and the alliance's public keys (TRUST_LIST, ALLIANCE_KEYS). The last
valid list is kept, whatever the source answers. An older list is never accepted.
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
"""How long before its list expires a verifier warns, so that people have time to sign a new one."""

UNHEARD: Final = timedelta(hours=1)
"""How long a source may be silent before a verifier warns. The list is still valid."""

GRACE: Final = timedelta(seconds=core.Rules().trust_grace_seconds)


class ListState(StrEnum):
    """How reliable the list is, from best to worst."""

    GOOD = "good"
    UNHEARD = "unheard"
    ENDS_SOON = "ends_soon"
    STALE = "stale"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Held:
    """The list in use, with verified signature, and when its source last confirmed it."""

    trust: core.Trust
    confirmed_at: datetime

    @property
    def ends_at(self) -> datetime:
        """When the list expires."""
        # A signed list always has an expiry, because `parse_trust_list` refuses others.
        return datetime.fromtimestamp(self.trust.expires_at or 0, UTC)

    def state(self, *, at: datetime) -> ListState:
        """Return how reliable the list is at `at`. With a stale one, staff must check everybody."""
        if at >= self.ends_at or at - self.confirmed_at > GRACE:
            return ListState.STALE
        if self.ends_at - at < ENDS_SOON:
            return ListState.ENDS_SOON
        return ListState.UNHEARD if at - self.confirmed_at > UNHEARD else ListState.GOOD


def is_followed() -> bool:
    """Return whether the operator has configured an alliance."""
    return bool(settings.TRUST_LIST)


def held(*, at: datetime) -> Held | None:
    """Return the last valid list. None if there is none, or its signature is no longer valid."""
    row = TrustList.objects.first() if is_followed() else None
    if row is None:
        return None
    try:
        trust = core.parse_trust_list(row.token, keys(), _seconds(at))
    except (core.CoreError, OSError) as why:
        logger.error("the stored trust list is ignored, so its issuers are refused: %s", why)
        return None
    return Held(trust, row.confirmed_at)


def state(*, at: datetime) -> ListState:
    """Return how reliable the alliance's list is at `at`."""
    found = held(at=at)
    return ListState.MISSING if found is None else found.state(at=at)


def keys() -> tuple[core.Key, ...]:
    """Read the alliance's public keys from their file. Raises OSError, MalformedKey."""
    return core.parse_jwk_set(strict_json.without_mark(Path(settings.ALLIANCE_KEYS).read_bytes()))


def refresh(*, at: datetime) -> None:
    """Fetch the list from TRUST_LIST, and keep it if it is valid and not older.

    Raises:
        FetchFailed, CoreError: the previous list is kept.
    """
    row = TrustList.objects.first()
    fetched = _fetch(settings.TRUST_LIST, etag=row.etag if row else "")
    if fetched.body is not None:
        keep(fetched.body, etag=fetched.etag, at=at)
    else:
        TrustList.objects.filter(confirmed_at__lt=at).update(confirmed_at=at)


def keep(token: bytes, *, etag: str, at: datetime) -> None:
    """Keep a signed list if it is valid and not older than the stored one.

    Raises:
        MalformedTrustList, NotTrusted, WentBackwards, FetchFailed: the stored list stays.
    """
    try:
        alliance = keys()
    except OSError as why:
        raise FetchFailed(f"the alliance's keys cannot be read ({type(why).__name__})") from why
    core.parse_trust_list(token, alliance, _seconds(at))
    said = {"token": token.decode("ascii"), "etag": etag, "confirmed_at": at}
    with transaction.atomic():
        _row, is_new = TrustList.objects.select_for_update().get_or_create(id=1, defaults=said)
        before = None if is_new else held(at=at)
        if before is not None:
            core.parse_trust_list(token, alliance, _seconds(at), held=before.trust)
        TrustList.objects.update(**said)


def _fetch(source: str, *, etag: str) -> Fetched:
    """Fetch from a web address, or read a file on this machine."""
    if source.startswith(("http://", "https://")):
        return fetch(source, etag=etag, limit=LIST_LIMIT, reach=reach())
    try:
        with Path(source).open("rb") as file:
            return Fetched(file.read(LIST_LIMIT + 1), "")
    except OSError as why:
        raise FetchFailed(f"the file cannot be read ({type(why).__name__})") from why


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
