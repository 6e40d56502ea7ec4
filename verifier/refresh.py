"""Fetching what the trusted issuers publish: the trust list, their keys and status lists.

The last good copy is kept whatever happens: a copy is replaced only by one that was read whole,
within limits of time and size, whose signature holds and which is not older.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction

from healthcode import core
from healthcode.core import strict_json
from verifier import alliance
from verifier.fetching import FetchFailed, fetch
from verifier.models import Publication, TrustedIssuer

logger = logging.getLogger(__name__)

KEYS_LIMIT = 256 * 1024
LIST_LIMIT = 4 * 1024 * 1024
MAX_LISTS = 64
MAX_URI = 200
KEEP_LISTS_FOR = timedelta(days=16)
"""Past the life of a paper code no code refers to a list any more."""


class MalformedMetadata(core.CoreError):
    """An issuer's metadata cannot be read."""


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
    for name, issuer in by_hand.items():
        attempt(name, partial(refresh_issuer, issuer, at=at))
    for member in _members(at, but=by_hand):
        attempt(member.name, partial(refresh_member, member, at=at))
    Publication.objects.filter(kind="status", as_of__lt=at - KEEP_LISTS_FOR).delete()
    return failures


def refresh_issuer(issuer: TrustedIssuer, *, at: datetime) -> None:
    """Fetch the keys of an issuer trusted by hand, then the status lists its metadata names.

    Raises:
        FetchFailed, CoreError: what could be fetched before is kept, and so is every old copy.
    """
    base = f"{issuer.base_url.rstrip('/')}/.well-known/health-code"
    _refresh_keys(issuer.name, f"{base}/keys", at=at)
    metadata = fetch(f"{base}/", etag="", limit=KEYS_LIMIT)
    _each(
        _status_lists(issuer.name, metadata.body or b""),
        lambda uri: _refresh_status_list(issuer.name, uri, at=at),
    )


def refresh_member(issuer: core.Issuer, *, at: datetime) -> None:
    """Fetch the status lists of an issuer in the trust list; its keys stand in that list.

    Raises:
        FetchFailed, CoreError: what could be fetched before is kept, and so is every old copy.
    """
    _each(issuer.status_lists, lambda uri: _refresh_aggregation(issuer.name, uri, at=at))


def keep_keys(issuer: str, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Keep an issuer's key set (a JWK set, fetched at `at`). Raises MalformedKey."""
    core.parse_jwk_set(body)
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
        return core.parse_jwk_set(bytes(by_hand.body))
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


def _refresh_keys(issuer: str, uri: str, *, at: datetime) -> None:
    held = Publication.objects.filter(uri=uri).first()
    fetched = fetch(uri, etag=held.etag if held else "", limit=KEYS_LIMIT)
    if fetched.body is not None:
        keep_keys(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)
    elif held is not None:
        # Confirmed anew: the keys are the same, and known to be so as of now.
        Publication.objects.filter(pk=held.pk, as_of__lt=at).update(as_of=at)


def _refresh_aggregation(issuer: str, uri: str, *, at: datetime) -> None:
    """Fetch the status list at an address, or the lists that a document there names."""
    held = Publication.objects.filter(uri=uri).first()
    fetched = fetch(uri, etag=held.etag if held else "", limit=LIST_LIMIT)
    if fetched.body is None:
        return
    if fetched.body.lstrip().startswith(b"{"):
        uris = _status_lists(issuer, fetched.body)
        _each(uris, lambda uri: _refresh_status_list(issuer, uri, at=at))
    else:
        keep_status_list(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)


def _refresh_status_list(issuer: str, uri: str, *, at: datetime) -> None:
    held = Publication.objects.filter(uri=uri).first()
    fetched = fetch(uri, etag=held.etag if held else "", limit=LIST_LIMIT)
    if fetched.body is not None:
        keep_status_list(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)


def _status_lists(issuer: str, metadata: bytes) -> list[str]:
    """The addresses of the lists that the issuer's metadata names."""
    document = strict_json.load(metadata, MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise FetchFailed("metadata are those of another issuer")
    uris = document.get("status_lists", [])
    if not isinstance(uris, list) or len(uris) > MAX_LISTS:
        raise FetchFailed("metadata name no list of status lists")
    return [uri for uri in uris if isinstance(uri, str) and len(uri) <= MAX_URI]
