"""The keys and status lists of the trusted issuers, as this process holds them in memory.

They come from this room's tables, which `refresh` fills. So judging a code needs no network. Each
process checks at most once a second whether the tables have changed.
"""

import logging
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db.models import Count, Max
from django.utils import timezone

from healthcode import core
from healthcode.sandbox import is_specimen
from verifier.models import Publication, TrustList
from verifier.recognition import alliance

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
CLOCK_LEEWAY_SECONDS = 60

ListVersion = tuple[datetime, tuple[core.Key, ...]]


@dataclass(frozen=True, slots=True)
class Heard:
    """When an issuer's keys were last confirmed (`as_of`), in seconds since 1970.

    `expires_at` is when the trust list that names the issuer expires. It is None for an issuer that
    is trusted by hand.
    """

    as_of: int
    expires_at: int | None = None


@dataclass(frozen=True)
class Knowledge:
    """Keys and status lists in memory. `heard` says how current each issuer's keys are.

    `trust` has the oldest of these times. So while all issuers are current, one check is enough.
    """

    trust: core.Trust
    statuses: core.Statuses
    heard: dict[str, Heard]

    def judge(self, text: str, *, rules: core.Rules, at: int, now: int) -> core.Verdict:
        """Judge `text` as scanned at `at`, with what is known at `now` (both seconds since 1970).

        For a scan of the past, newer data count as if they were known at that time.
        """
        trust, statuses = self.trust, self.statuses
        if at < now - CLOCK_LEEWAY_SECONDS:
            trust = replace(trust, as_of=_known_by(trust.as_of, at=at, now=now))
            statuses = _StatusesOfThePast(statuses.lists, at=at, now=now)
        verdict = core.verify(text, trust=trust, status=statuses, rules=rules, at=at)
        if verdict.reason is core.Reason.STALE_DATA and verdict.code is not None:
            # The oldest data may be another issuer's, so judge again with those of this issuer.
            heard = self.heard[verdict.code.issuer]
            as_of = _known_by(heard.as_of, at=at, now=now)
            own = replace(trust, as_of=as_of, expires_at=heard.expires_at)
            return core.verify(text, trust=own, status=statuses, rules=rules, at=at)
        return verdict


@dataclass(frozen=True)
class _StatusesOfThePast(core.Statuses):
    at: int = 0
    now: int = 0

    def get(self, uri: str, *, issuer: str) -> core.ParsedStatusList | None:
        found = super().get(uri, issuer=issuer)
        if found is None:
            return None
        return replace(found, as_of=_known_by(found.as_of, at=self.at, now=self.now))


def _known_by(as_of: int, *, at: int, now: int) -> int:
    """Return `as_of`, but not later than `at`.

    An `as_of` that is later than `now` comes from a wrong clock. It stays, so that it is noticed.
    """
    return min(as_of, at) if as_of <= now + CLOCK_LEEWAY_SECONDS else as_of


NOTHING = Knowledge(core.Trust(issuers={}, as_of=0), core.Statuses(), {})


@dataclass
class KnowledgeCache:
    """The knowledge of this process. Threads share it, and one at a time checks for changes."""

    _knowledge: Knowledge = NOTHING
    _version: tuple[object, ...] | None = None
    _next_look: float = 0.0
    _lists: dict[str, tuple[ListVersion, core.ParsedStatusList]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def current(self) -> Knowledge:
        """Return what is known now, at most `POLL_SECONDS` behind the database."""
        if time.monotonic() < self._next_look:
            return self._knowledge
        # While one thread reads, the others use the old knowledge, unless there is none yet.
        if self._lock.acquire(blocking=self._version is None):
            try:
                if time.monotonic() >= self._next_look:
                    self._look()
                    self._next_look = time.monotonic() + POLL_SECONDS
            finally:
                self._lock.release()
        return self._knowledge

    def forget(self) -> None:
        """Read the tables again at the next call, even within `POLL_SECONDS`."""
        with self._lock:
            self._version, self._next_look = None, 0.0

    def _look(self) -> None:
        version = Publication.objects.aggregate(
            count=Count("pk"), changed=Max("changed_at"), as_of=Max("as_of")
        )
        confirmed = TrustList.objects.aggregate(at=Max("confirmed_at"))
        state = (*version.values(), confirmed["at"])
        if state != self._version:
            listed = alliance.held(at=timezone.now())
            self._knowledge = self._load(
                Publication.objects.order_by("issuer", "kind", "uri"), listed
            )
            self._version = state

    def _load(self, publications: Iterable[Publication], listed: alliance.Held | None) -> Knowledge:
        issuers: dict[str, core.Issuer] = {}
        heard: dict[str, Heard] = {}
        lists: dict[str, core.ParsedStatusList] = {}
        if listed is not None:
            vouched = Heard(_seconds(listed.confirmed_at), listed.trust.expires_at)
            issuers.update(listed.trust.issuers)
            heard.update(dict.fromkeys(issuers, vouched))
        for publication in publications:  # keys sort before status
            name = publication.issuer
            if publication.kind == "keys":
                # Trusted by hand here, which the alliance's list does not override.
                issuers[name] = core.Issuer(name, core.read_published(bytes(publication.body))[0])
                heard[name] = Heard(_seconds(publication.as_of))
            elif name in issuers:
                parsed = self._status_list(publication, issuers[name].keys)
                if parsed is not None:
                    lists[publication.uri] = parsed
        self._lists = {uri: self._lists[uri] for uri in lists}
        # Even if somebody listed or entered it: an issuer of specimens is never trusted.
        issuers = {name: issuer for name, issuer in issuers.items() if not is_specimen(name)}
        return Knowledge(_worst(issuers, heard), core.Statuses.of(lists.values()), heard)

    def _status_list(
        self, publication: Publication, keys: tuple[core.Key, ...]
    ) -> core.ParsedStatusList | None:
        """Return the parsed list. It is parsed again only when it or its issuer's keys changed."""
        version = (publication.changed_at, keys)
        held = self._lists.get(publication.uri)
        if held is not None and held[0] == version:
            return held[1]
        try:
            parsed = core.parse_status_list(
                bytes(publication.body), keys, _seconds(timezone.now()), uri=publication.uri
            )
        except core.CoreError as why:
            # Its key was withdrawn. Without the list, its codes get caution at best.
            logger.warning("status list of %s ignored: %s", publication.issuer, why)
            return None
        self._lists[publication.uri] = (version, parsed)
        return parsed


def _worst(issuers: dict[str, core.Issuer], heard: dict[str, Heard]) -> core.Trust:
    """Return all issuers as one trust, with the oldest confirmation and the earliest expiry."""
    ends = [one.expires_at for one in heard.values() if one.expires_at is not None]
    return core.Trust(
        issuers=issuers,
        as_of=min((one.as_of for one in heard.values()), default=0),
        expires_at=min(ends, default=None),
    )


def _seconds(at: datetime) -> int:
    return int(at.timestamp())


knowledge = KnowledgeCache()
