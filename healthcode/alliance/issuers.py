"""What an issuer says of itself at /.well-known/health-code/, to be put into a draft."""

import os
from typing import Final
from urllib.parse import urlsplit

from healthcode.core import Colour, Issuer, Key, Outcome, parse_jwk_set, strict_json
from healthcode.core.errors import MalformedMetadata
from healthcode.environment import FLAG, Environment
from verifier.recognition.fetching import FetchFailed, Reach, fetch

LIMIT: Final = 256 * 1024
HONOURED: Final = {
    Colour.GREEN: Outcome.PASS,
    Colour.YELLOW: Outcome.CAUTION,
    Colour.RED: Outcome.REFUSE,
}
"""What an issuer's colours are worth with the others, unless they agree on less."""


def metadata_address(base_url: str) -> str:
    """Where an issuer that lives at `base_url` describes itself."""
    return f"{base_url.rstrip('/')}/.well-known/health-code/"


def published_keys(name: str, metadata: str) -> tuple[Key, ...]:
    """The keys that issuer `name` publishes, found by the address of its metadata.

    Raises:
        FetchFailed, MalformedMetadata, MalformedKey: nothing there is this issuer's.
    """
    document = strict_json.load(_get(metadata), MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != name:
        raise MalformedMetadata(f"{metadata} does not describe {name}")
    address = document.get("jwks_uri")
    if not isinstance(address, str):
        raise MalformedMetadata(f"{metadata} names no keys")
    if urlsplit(address).hostname != urlsplit(metadata).hostname:
        raise MalformedMetadata(f"{metadata} names keys at another host")
    return parse_jwk_set(_get(address))


def renewed(issuer: Issuer) -> Issuer:
    """The same member with the keys that it publishes now. Raises as `published_keys`."""
    if not issuer.status_lists:
        raise MalformedMetadata(f"{issuer.name} has no address to ask")
    keys = published_keys(issuer.name, issuer.status_lists[0])
    return Issuer(
        issuer.name, keys, issuer.honours, issuer.status_lists, issuer.title, issuer.contact
    )


def reach() -> Reach:
    """Anywhere in public; with FETCH_PRIVATE=1 anywhere."""
    return Reach(anywhere=Environment(os.environ).optional("FETCH_PRIVATE", FLAG, False))


def _get(address: str) -> bytes:
    body = fetch(address, etag="", limit=LIMIT, reach=reach()).body
    if body is None:
        raise FetchFailed("answered nothing")
    return body
