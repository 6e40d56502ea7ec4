"""Fetch the trust list, and the keys and status lists of all trusted issuers.

The last valid copy is kept, whatever happens. A new copy replaces it only if it was read whole,
within limits of time and size, has a valid signature and is not older.
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
"""How many addresses are fetched at the same time."""

MAX_URI = 200
KEEP_LISTS_FOR = timedelta(days=16)
"""A paper code is valid for 14 days, so after this time no valid code refers to a list."""


Answers: TypeAlias = Mapping[str, Fetched | FetchFailed]
"""The answer or the failure for each address."""


def refresh_all(*, at: datetime) -> dict[str, str]:
    """Refresh the trust list and every issuer. Return the failures by issuer.

    A failure of one issuer does not stop the others.
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
    # All are fetched in parallel, so that unreachable issuers do not delay the others.
    addresses = [uri for issuer in by_hand.values() for uri in _addresses(issuer)]
    answers = _ask([*addresses, *(uri for member in members for uri in member.status_lists)])
    for name, issuer in by_hand.items():
        attempt(name, partial(_take_issuer, issuer, answers, at=at))
    for member in members:
        attempt(member.name, partial(_take_member, member, answers, at=at))
    Publication.objects.filter(kind="status", as_of__lt=at - KEEP_LISTS_FOR).delete()
    return failures


def refresh_issuer(issuer: TrustedIssuer, *, at: datetime) -> None:
    """Fetch the keys of an issuer trusted by hand, then the status lists that its metadata names.

    Raises:
        FetchFailed, CoreError: what was fetched before the failure is kept, and so are old copies.
    """
    _take_issuer(issuer, _ask(_addresses(issuer)), at=at)


def keep_keys(issuer: str, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Store an issuer's key set (a JWK set, fetched at `at`). Raises MalformedKey."""
    for sentence in core.read_published(body)[1]:
        logger.warning("keys of %s: %s", issuer, sentence)
    _keep(issuer, uri=uri, kind="keys", body=body, etag=etag, as_of=at, at=at)


def keep_status_list(issuer: str, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Store a status list, if the stored keys of its issuer verify its signature.

    Raises:
        NotTrusted, MalformedStatusList: also for a list older than the stored copy.
    """
    parsed = core.parse_status_list(body, _keys_of(issuer, at), int(at.timestamp()), uri=uri)
    if parsed.issuer != issuer:
        raise core.NotTrusted("the status list is from another issuer")
    as_of = datetime.fromtimestamp(parsed.as_of, UTC)
    _keep(issuer, uri=uri, kind="status", body=body, etag=etag, as_of=as_of, at=at)


def _members(at: datetime, *, but: Iterable[str]) -> list[core.Issuer]:
    """Return the issuers of the trust list, except `but`, which an operator trusts by hand."""
    found = alliance.held(at=at)
    issuers = found.trust.issuers if found else {}
    return [issuers[name] for name in sorted(issuers.keys() - set(but))]


def _keys_of(issuer: str, at: datetime) -> tuple[core.Key, ...]:
    by_hand = Publication.objects.filter(issuer=issuer, kind="keys").first()
    if by_hand is not None:
        return core.read_published(bytes(by_hand.body))[0]
    member = next((member for member in _members(at, but=()) if member.name == issuer), None)
    if member is None:
        raise core.NotTrusted("this issuer is neither trusted by hand nor in the trust list")
    return member.keys


def _each(uris: Iterable[str], refresh: Callable[[str], None]) -> None:
    """Refresh each address, even when others fail. At the end, raise the first failure."""
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
    """Write the copy unless a newer one is stored, because two workers may refresh at once."""
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
            raise core.NotTrusted("another issuer already publishes at this address")
        if as_of < held.as_of:
            raise core.NotTrusted("the copy is older than the stored one")
        if bytes(held.body) != body:
            held.body, held.changed_at = body, at
        held.etag, held.as_of = etag, as_of
        held.save(update_fields=["body", "etag", "as_of", "changed_at"])


def _addresses(issuer: TrustedIssuer) -> tuple[str, str]:
    """Return where an issuer trusted by hand publishes its keys and its metadata."""
    base = f"{issuer.base_url.rstrip('/')}/.well-known/health-code"
    return f"{base}/keys", f"{base}/"


def _ask(uris: Sequence[str]) -> Answers:
    """Fetch all addresses, `AT_ONCE` in parallel. Unchanged bodies are not sent again (ETag)."""
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
        # The issuer confirmed its keys: they have not changed, and are current as of now.
        Publication.objects.filter(uri=keys_uri, as_of__lt=at).update(as_of=at)
    metadata = _good(answers[metadata_uri])
    near = hosts([issuer.base_url])
    if issuer.name == settings.ISSUER:
        near |= hosts([settings.STATUS_BASE_URL])
    _take_lists(issuer.name, _status_lists(issuer.name, metadata.body or b"", near), at=at)


def _take_member(member: core.Issuer, answers: Answers, *, at: datetime) -> None:
    """Store what is at a member's addresses: status lists, or documents that name them."""

    def take(uri: str) -> None:
        fetched = _good(answers[uri])
        if fetched.body is not None and fetched.body.lstrip().startswith(b"{"):
            named = _status_lists(member.name, fetched.body, hosts(member.status_lists))
            _take_lists(member.name, named, at=at)
        elif fetched.body is not None:
            keep_status_list(member.name, uri=uri, body=fetched.body, etag=fetched.etag, at=at)

    _each(member.status_lists, take)


def _take_lists(issuer: str, uris: Sequence[str], *, at: datetime) -> None:
    """Fetch and store an issuer's status lists. One issuer at a time bounds the memory used."""
    answers = _ask(uris)

    def take(uri: str) -> None:
        fetched = _good(answers[uri])
        if fetched.body is not None:
            keep_status_list(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)

    _each(uris, take)


def _status_lists(issuer: str, metadata: bytes, near: frozenset[str]) -> list[str]:
    """Return the addresses of the status lists that the issuer's metadata names.

    All must be on one of the hosts `near`. Otherwise an issuer could make this service send a
    request to somebody else's host every 15 seconds.
    """
    document = strict_json.load(metadata, MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise FetchFailed("the metadata are from another issuer")
    uris = document.get("status_lists", [])
    if not isinstance(uris, list) or len(uris) > MAX_LISTS:
        raise FetchFailed("the metadata have no valid status_lists")
    named = [uri for uri in uris if isinstance(uri, str) and len(uri) <= MAX_URI]
    if hosts(named) - near:
        raise FetchFailed("the metadata name status lists at another host")
    return named
