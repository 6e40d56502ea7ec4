"""Where a request comes from."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from typing import Final

from django.conf import settings
from django.http import HttpRequest

ONE_SUBSCRIBER: Final = 64
"""Bits of an IPv6 address: a provider gives each subscriber at least all addresses behind them."""


def address(request: HttpRequest) -> str:
    """Return the client's IP address.

    Behind a proxy it is the last one in `X-Forwarded-For`, which our own proxy wrote. The addresses
    before it are not trusted, because the client can write anything there.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_PROXY and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def network(address: str) -> str:
    """Return what limits count for an address: itself for IPv4, its first 64 bits for IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((int(parsed), ONE_SUBSCRIBER), strict=False))
