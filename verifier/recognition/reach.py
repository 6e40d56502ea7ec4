"""The hosts that this verifier may ask."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from django.conf import settings

from verifier.recognition.fetching import Reach


def reach() -> Reach:
    """Allow public addresses, and private ones for the hosts that the operator configured."""
    named = (settings.BASE_URL, settings.STATUS_BASE_URL, settings.TRUST_LIST)
    return Reach(anywhere=settings.FETCH_PRIVATE, own=hosts(named))


def hosts(addresses: Iterable[str]) -> frozenset[str]:
    """Return the hosts of these addresses. A file path has none."""
    return frozenset(urlsplit(address).hostname or "" for address in addresses) - {""}
