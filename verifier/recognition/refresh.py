"""Fetching what the trusted issuers publish: the trust list, their keys and status lists.

The last good copy is kept whatever happens: a copy is replaced only by one that was read whole,
within limits of time and size, whose signature holds and which is not older.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeAlias

from django.conf import settings
from django.db import transaction

from healthcode import core
from healthcode.core import strict_json
from healthcode.core.errors import MalformedMetadata
from verifier.models import Publication, TrustedIssuer
from verifier.recognition import alliance
from verifier.recognition.fetching import Fetched, FetchFailed, fetch
from verifier.recognition.reach import hosts, reach

logger = logging.getLogger(__name__)

LIST_LIMIT = 4 * 1024 * 1024
MAX_LISTS = 64
AT_ONCE = 16
"""Addresses asked at the same time."""

MAX_URI = 200
KEEP_LISTS_FOR = timedelta(days=16)
"""Past the life of a paper code no code refers to a list any more."""


Answers: TypeAlias = Mapping[str, Fetched | FetchFailed]
"""What was answered at each address."""


def refresh_all(*, at: datetime) -> dict[str, str]:
    """Refresh the trust list and every issuer; the failures by issuer, empty when all went well.

    One that fails holds up no other.
    """
    failures: dict[str, str] = {}

    def attempt(name: str, what: Callable[[], None]) -> None:
        try:
            what()
        except (FetchFailed, core.CoreError) as why:
            failures[name] = str(why)
            logger.warning("refresh of %s failed: %s", name, why)

    if alliance.is_followed():
        attempt("the trust list", partial(alliance.refresh, at=at))
    by_hand = {issuer.name: issuer for issuer in TrustedIssuer.objects.order_by("name")}
    members = _members(at, but=by_hand)
    # All are asked at once, so that those out of reach cost the others no time.
    addresses = [uri for issuer in by_hand.values() for uri in _addresses(issuer)]
    answers = _ask([*addresses, *(uri for member in members for uri in member.status_lists)])
    for name, issuer in by_hand.items():
        attempt(name, partial(_take_issuer, issuer, answers, at=at))
    for member in members:
        attempt(member.name, partial(_take_member, member, answers, at=at))
    Publication.objects.filter(kind="status", as_of__lt=at - KEEP_LISTS_FOR).delete()
    return failures


def refresh_issuer(issuer: TrustedIssuer, *, at: datetime) -> None:
    """Fetch the keys of an issuer trusted by hand, then the status lists its metadata names.

    Raises:
        FetchFailed, CoreError: what could be fetched before is kept, and so is every old copy.
    """
    _take_issuer(issuer, _ask(_addresses(issuer)), at=at)


def keep_keys(issuer: str, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Keep an issuer's key set (a JWK set, fetched at `at`). Raises MalformedKey."""
    for sentence in core.read_published(body)[1]:
        logger.warning("keys of %s: %s", issuer, sentence)
    _keep(issuer, uri=uri, kind="keys", body=body, etag=etag, as_of=at, at=at)


def keep_status_list(issuer: str, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Keep a signed status list, once its signature holds under the keys kept for its issuer.

    Raises:
        NotTrusted, MalformedStatusList: also for a list older than the copy at hand.
    """
    parsed = core.parse_status_list(body, _keys_of(issuer, at), int(at.timestamp()), uri=uri)
    if parsed.issuer != issuer:
        raise core.NotTrusted("status list speaks for another issuer")
    as_of = datetime.fromtimestamp(parsed.as_of, UTC)
    _keep(issuer, uri=uri, kind="status", body=body, etag=etag, as_of=as_of, at=at)


def _members(at: datetime, *, but: Iterable[str]) -> list[core.Issuer]:
    """The issuers of the trust list, except those about whom somebody here decided by hand."""
    found = alliance.held(at=at)
    issuers = found.trust.issuers if found else {}
    return [issuers[name] for name in sorted(issuers.keys() - set(but))]


def _keys_of(issuer: str, at: datetime) -> tuple[core.Key, ...]:
    by_hand = Publication.objects.filter(issuer=issuer, kind="keys").first()
    if by_hand is not None:
        return core.read_published(bytes(by_hand.body))[0]
    member = next((member for member in _members(at, but=()) if member.name == issuer), None)
    if member is None:
        raise core.NotTrusted("nobody vouches for this issuer")
    return member.keys


def _each(uris: Iterable[str], refresh: Callable[[str], None]) -> None:
    """Refresh each, whatever becomes of the others; then raise the first failure there was."""
    first_failure: FetchFailed | core.CoreError | None = None
    for uri in uris:
        try:
            refresh(uri)
        except (FetchFailed, core.CoreError) as why:
            first_failure = first_failure or why
    if first_failure is not None:
        raise first_failure


def _keep(
    issuer: str,
    *,
    uri: str,
    kind: str,
    body: bytes,
    etag: str,
    as_of: datetime,
    at: datetime,
) -> None:
    """Write unless a newer copy is there: two workers may refresh at once."""
    with transaction.atomic():
        held, created = Publication.objects.select_for_update().get_or_create(
            uri=uri,
            defaults={
                "issuer": issuer,
                "kind": kind,
                "body": body,
                "etag": etag,
                "as_of": as_of,
                "changed_at": at,
            },
        )
        if created:
            return
        if held.issuer != issuer:
            raise core.NotTrusted("address belongs to another issuer")
        if as_of < held.as_of:
            raise core.NotTrusted("older than the copy at hand")
        if bytes(held.body) != body:
            held.body, held.changed_at = body, at
        held.etag, held.as_of = etag, as_of
        held.save(update_fields=["body", "etag", "as_of", "changed_at"])


def _addresses(issuer: TrustedIssuer) -> tuple[str, str]:
    """Where an issuer trusted by hand publishes its keys, and its metadata."""
    base = f"{issuer.base_url.rstrip('/')}/.well-known/health-code"
    return f"{base}/keys", f"{base}/"


def _ask(uris: Sequence[str]) -> Answers:
    """Fetch all of these, some at once; each only if it differs from the copy at hand."""
    etags = dict(Publication.objects.filter(uri__in=uris).values_list("uri", "etag"))

    whom = reach()

    def ask(uri: str) -> Fetched | FetchFailed:
        try:
            return fetch(uri, etag=etags.get(uri, ""), limit=LIST_LIMIT, reach=whom)
        except FetchFailed as why:
            return why

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(uris, pool.map(ask, uris), strict=True))


def _good(answer: Fetched | FetchFailed) -> Fetched:
    if isinstance(answer, FetchFailed):
        raise answer
    return answer


def _take_issuer(issuer: TrustedIssuer, answers: Answers, *, at: datetime) -> None:
    keys_uri, metadata_uri = _addresses(issuer)
    keys = _good(answers[keys_uri])
    if keys.body is not None:
        keep_keys(issuer.name, uri=keys_uri, body=keys.body, etag=keys.etag, at=at)
    else:
        # Confirmed anew: the keys are the same, and known to be so as of now.
        Publication.objects.filter(uri=keys_uri, as_of__lt=at).update(as_of=at)
    metadata = _good(answers[metadata_uri])
    near = hosts([issuer.base_url])
    if issuer.name == settings.ISSUER:
        near |= hosts([settings.STATUS_BASE_URL])
    _take_lists(issuer.name, _status_lists(issuer.name, metadata.body or b"", near), at=at)


def _take_member(member: core.Issuer, answers: Answers, *, at: datetime) -> None:
    """Keep what stands at a member's addresses: status lists, or documents that name them."""

    def take(uri: str) -> None:
        fetched = _good(answers[uri])
        if fetched.body is not None and fetched.body.lstrip().startswith(b"{"):
            named = _status_lists(member.name, fetched.body, hosts(member.status_lists))
            _take_lists(member.name, named, at=at)
        elif fetched.body is not None:
            keep_status_list(member.name, uri=uri, body=fetched.body, etag=fetched.etag, at=at)

    _each(member.status_lists, take)


def _take_lists(issuer: str, uris: Sequence[str], *, at: datetime) -> None:
    """Fetch and keep an issuer's status lists: one issuer's at a time, to bound the memory."""
    answers = _ask(uris)

    def take(uri: str) -> None:
        fetched = _good(answers[uri])
        if fetched.body is not None:
            keep_status_list(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)

    _each(uris, take)


def _status_lists(issuer: str, metadata: bytes, near: frozenset[str]) -> list[str]:
    """The addresses of the lists that the issuer's metadata names, all at one of these hosts.

    Whoever writes the metadata says what we ask for every 15 seconds, so they say it of themselves.
    """
    document = strict_json.load(metadata, MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise FetchFailed("metadata are those of another issuer")
    uris = document.get("status_lists", [])
    if not isinstance(uris, list) or len(uris) > MAX_LISTS:
        raise FetchFailed("metadata name no list of status lists")
    named = [uri for uri in uris if isinstance(uri, str) and len(uri) <= MAX_URI]
    if hosts(named) - near:
        raise FetchFailed("metadata name status lists at another host")
    return named
