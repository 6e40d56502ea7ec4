"""Fetching what the trusted issuers publish: their keys and status lists.

The last good copy is kept whatever happens: a copy is replaced only by one that was read whole,
within limits of time and size, whose signature holds and which is not older.
"""

import logging
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

from django.db import transaction

from healthcode import core
from healthcode.core import strict_json
from verifier.models import Publication, TrustedIssuer

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5
WHOLE_TIMEOUT_SECONDS = 20
KEYS_LIMIT = 256 * 1024
LIST_LIMIT = 4 * 1024 * 1024
MAX_LISTS = 64
MAX_URI = 200
CHUNK = 64 * 1024
KEEP_LISTS_FOR = timedelta(days=16)
"""Past the life of a paper code no code refers to a list any more."""


class MalformedMetadata(core.CoreError):
    """An issuer's metadata cannot be read."""


class FetchFailed(Exception):
    """The issuer could not be reached, or what it answered is of no use."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body and its ETag; `body` is None where the copy at hand is still the newest."""

    body: bytes | None
    etag: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An issuer is asked where it was said to be, and nowhere else."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def refresh_all(*, at: datetime) -> dict[str, str]:
    """Refresh every trusted issuer; the failures by issuer, empty when all went well.

    One issuer that fails holds up no other.
    """
    failures: dict[str, str] = {}
    for issuer in TrustedIssuer.objects.order_by("name"):
        try:
            refresh_issuer(issuer, at=at)
        except (FetchFailed, core.CoreError) as why:
            failures[issuer.name] = str(why)
            logger.warning("refresh of issuer %s failed: %s", issuer.name, why)
    Publication.objects.filter(kind="status", as_of__lt=at - KEEP_LISTS_FOR).delete()
    return failures


def refresh_issuer(issuer: TrustedIssuer, *, at: datetime) -> None:
    """Fetch the issuer's keys, then the status lists its metadata names.

    Raises:
        FetchFailed, CoreError: what could be fetched before is kept, and so is every old copy.
    """
    base = f"{issuer.base_url.rstrip('/')}/.well-known/health-code"
    _refresh_keys(issuer, f"{base}/keys", at=at)
    metadata = fetch(f"{base}/", etag="", limit=KEYS_LIMIT)
    first_failure: FetchFailed | core.CoreError | None = None
    for uri in _status_lists(issuer, metadata.body or b""):
        try:
            _refresh_status_list(issuer, uri, at=at)
        except (FetchFailed, core.CoreError) as why:
            first_failure = first_failure or why
    if first_failure is not None:
        raise first_failure


def keep_keys(issuer: TrustedIssuer, *, uri: str, body: bytes, etag: str, at: datetime) -> None:
    """Keep an issuer's key set (a JWK set, fetched at `at`). Raises MalformedKey."""
    core.parse_jwk_set(body)
    _keep(issuer, uri=uri, kind="keys", body=body, etag=etag, as_of=at, at=at)


def keep_status_list(
    issuer: TrustedIssuer, *, uri: str, body: bytes, etag: str, at: datetime
) -> None:
    """Keep a signed status list, once its signature holds under the keys kept for its issuer.

    Raises:
        NotTrusted, MalformedStatusList: also for a list older than the copy at hand.
    """
    keys = Publication.objects.get(issuer=issuer, kind="keys")
    parsed = core.parse_status_list(
        body, core.parse_jwk_set(bytes(keys.body)), int(at.timestamp()), uri=uri
    )
    if parsed.issuer != issuer.name:
        raise core.NotTrusted("status list speaks for another issuer")
    as_of = datetime.fromtimestamp(parsed.as_of, UTC)
    _keep(issuer, uri=uri, kind="status", body=body, etag=etag, as_of=as_of, at=at)


def _keep(
    issuer: TrustedIssuer,
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
        if held.issuer_id != issuer.name:
            raise core.NotTrusted("address belongs to another issuer")
        if as_of < held.as_of:
            raise core.NotTrusted("older than the copy at hand")
        if bytes(held.body) != body:
            held.body, held.changed_at = body, at
        held.etag, held.as_of = etag, as_of
        held.save(update_fields=["body", "etag", "as_of", "changed_at"])


def _refresh_keys(issuer: TrustedIssuer, uri: str, *, at: datetime) -> None:
    held = Publication.objects.filter(uri=uri).first()
    fetched = fetch(uri, etag=held.etag if held else "", limit=KEYS_LIMIT)
    if fetched.body is not None:
        keep_keys(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)
    elif held is not None:
        # Confirmed anew: the keys are the same, and known to be so as of now.
        Publication.objects.filter(pk=held.pk, as_of__lt=at).update(as_of=at)


def _refresh_status_list(issuer: TrustedIssuer, uri: str, *, at: datetime) -> None:
    held = Publication.objects.filter(uri=uri).first()
    fetched = fetch(uri, etag=held.etag if held else "", limit=LIST_LIMIT)
    if fetched.body is not None:
        keep_status_list(issuer, uri=uri, body=fetched.body, etag=fetched.etag, at=at)


def _status_lists(issuer: TrustedIssuer, metadata: bytes) -> list[str]:
    """The addresses of the lists that the issuer's metadata names."""
    document = strict_json.load(metadata, MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != issuer.name:
        raise FetchFailed("metadata are those of another issuer")
    uris = document.get("status_lists", [])
    if not isinstance(uris, list) or len(uris) > MAX_LISTS:
        raise FetchFailed("metadata name no list of status lists")
    return [uri for uri in uris if isinstance(uri, str) and len(uri) <= MAX_URI]


def fetch(uri: str, *, etag: str, limit: int) -> Fetched:
    """GET `uri`, at most `limit` bytes in at most `WHOLE_TIMEOUT_SECONDS`.

    Raises:
        FetchFailed: for any failure of network or server, a redirect, or too large a body.
    """
    if urlsplit(uri).scheme not in {"http", "https"}:
        raise FetchFailed("not a web address")
    headers = {"If-None-Match": etag} if etag else {}
    request = urllib.request.Request(uri, headers=headers)  # noqa: S310 - scheme checked above
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return Fetched(_read(response, limit), response.headers.get("ETag", "")[:80])
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.NOT_MODIFIED and etag:
            return Fetched(None, etag)
        raise FetchFailed(f"answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise FetchFailed(f"could not be reached ({type(error).__name__})") from error


def _read(response: HTTPResponse, limit: int) -> bytes:
    deadline = time.monotonic() + WHOLE_TIMEOUT_SECONDS
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise FetchFailed(f"larger than {limit} bytes")
        if time.monotonic() > deadline:
            raise FetchFailed("answered too slowly")
    return b"".join(chunks)
