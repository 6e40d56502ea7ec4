"""Read what an issuer publishes about itself at /.well-known/health-code/, for the draft."""

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
"""The best outcome of an issuer's colours elsewhere, unless the members agree on less."""


def metadata_address(base_url: str) -> str:
    """Return the address of the metadata of the issuer at `base_url`."""
    return f"{base_url.rstrip('/')}/.well-known/health-code/"


def published_keys(name: str, metadata: str) -> tuple[Key, ...]:
    """Fetch the keys of issuer `name`. `metadata` is the address of its metadata, which names them.

    Raises:
        FetchFailed, MalformedMetadata, MalformedKey: the metadata or keys are missing,
            unreadable or another issuer's.
    """
    document = strict_json.load(_get(metadata), MalformedMetadata)
    if not isinstance(document, dict) or document.get("issuer") != name:
        raise MalformedMetadata(f"{metadata} is not the metadata of {name}")
    address = document.get("jwks_uri")
    if not isinstance(address, str):
        raise MalformedMetadata(f"{metadata} does not say where the keys are")
    if urlsplit(address).hostname != urlsplit(metadata).hostname:
        raise MalformedMetadata(f"{metadata} says that the keys are on another host")
    return parse_jwk_set(_get(address))


def renewed(issuer: Issuer) -> Issuer:
    """Return the same member with the keys that it publishes now.

    Raises the same errors as `published_keys`.
    """
    if not issuer.status_lists:
        raise MalformedMetadata(f"{issuer.name} has no address from which to fetch keys")
    keys = published_keys(issuer.name, issuer.status_lists[0])
    return Issuer(
        issuer.name, keys, issuer.honours, issuer.status_lists, issuer.title, issuer.contact
    )


def reach() -> Reach:
    """Return which addresses to allow: public ones, or any with FETCH_PRIVATE=1."""
    return Reach(anywhere=Environment(os.environ).optional("FETCH_PRIVATE", FLAG, False))


def _get(address: str) -> bytes:
    body = fetch(address, etag="", limit=LIMIT, reach=reach()).body
    if body is None:
        raise FetchFailed("the answer is empty")
    return body
