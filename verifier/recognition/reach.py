"""Whom this verifier may ask, and at which hosts one issuer's documents may name another's."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings

from verifier.recognition.fetching import Reach


def reach() -> Reach:
    """Anywhere in public; the hosts that the operator named may have private addresses too."""
    named = (settings.BASE_URL, settings.STATUS_BASE_URL, settings.TRUST_LIST)
    return Reach(anywhere=settings.FETCH_PRIVATE, own=hosts(named))


def hosts(addresses: Iterable[str]) -> frozenset[str]:
    """The hosts of these addresses; a path of a file has none."""
    return frozenset(urlsplit(address).hostname or "" for address in addresses) - {""}
