"""Fetch documents of an issuer or an alliance, within limits of time and size.

Such documents name addresses that this service then fetches. These addresses must not lead it into
the internal network. So it connects only to public addresses over https, exactly to the address
that it checked, and follows no redirect or proxy.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

TIMEOUT_SECONDS = 5
WHOLE_TIMEOUT_SECONDS = 20
CHUNK = 64 * 1024
_EMBEDDED: Final = ipaddress.IPv6Network("64:ff9b::/96")
"""NAT64 (RFC 6052): the last four bytes are an IPv4 address."""

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchFailed(Exception):
    """The server could not be reached, or its answer cannot be used."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body and its ETag. `body` is None when the stored copy is still the newest (304)."""

    body: bytes | None
    etag: str


@dataclass(frozen=True, slots=True)
class Reach:
    """The addresses that a request may reach: `anywhere`, or public ones and the `own` hosts."""

    anywhere: bool = False
    own: frozenset[str] = frozenset()


def fetch(uri: str, *, etag: str, limit: int, reach: Reach) -> Fetched:
    """GET `uri`, at most `limit` bytes in at most `WHOLE_TIMEOUT_SECONDS`.

    Raises:
        FetchFailed: the network or the server failed, the answer is a redirect or too large, or
            `reach` does not allow the address.
    """
    deadline = time.monotonic() + WHOLE_TIMEOUT_SECONDS
    try:
        target = urlsplit(uri)
        headers = {"Host": target.netloc} | ({"If-None-Match": etag} if etag else {})
        path = f"{target.path or '/'}{target.query and '?' + target.query}"
        with _connection(target, reach) as connection:
            connection.request("GET", path, headers=headers)
            response = connection.getresponse()
            if response.status == HTTPStatus.NOT_MODIFIED and etag:
                return Fetched(None, etag)
            if response.status != HTTPStatus.OK:
                raise FetchFailed(f"the server answered {response.status}")
            body = _read(response, limit)
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() > deadline:
            raise FetchFailed("the server answered too slowly") from error
        raise FetchFailed(f"the server could not be reached ({type(error).__name__})") from error
    if time.monotonic() > deadline:
        # A body that the deadline cut off looks complete.
        raise FetchFailed("the server answered too slowly")
    return Fetched(body, response.headers.get("ETag", "")[:80])


@contextmanager
def _connection(target: SplitResult, reach: Reach) -> Iterator[http.client.HTTPConnection]:
    """Connect to `target`. The connection is cut after `WHOLE_TIMEOUT_SECONDS`."""
    connection = http.client.HTTPConnection(target.hostname or "")
    connection.sock = _socket(target, reach)
    deadline = threading.Timer(WHOLE_TIMEOUT_SECONDS, _cut_off, [connection.sock])
    deadline.daemon = True
    deadline.start()
    try:
        yield connection
    finally:
        deadline.cancel()
        connection.close()


def _socket(target: SplitResult, reach: Reach) -> socket.socket:
    """Connect a socket to the address that was checked, so that DNS cannot change it afterwards."""
    if "@" in target.netloc:
        raise FetchFailed("the address has a user name or password in it")
    if target.scheme != "https" and not (reach.anywhere and target.scheme == "http"):
        raise FetchFailed("the address does not begin with https://")
    host = target.hostname or ""
    port = target.port or (443 if target.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not reach.anywhere and host not in reach.own:
        addresses = [address for address in addresses if is_public(address)]
        if not addresses:
            raise FetchFailed(f"{host} is not a public address")
    plain = _first_to_answer(addresses, port)
    return _safe(plain, host) if target.scheme == "https" else plain


def _first_to_answer(addresses: Iterable[str], port: int) -> socket.socket:
    failure = OSError("the host has no address")
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=TIMEOUT_SECONDS)
        except OSError as error:
            failure = error
    raise failure


def _safe(plain: socket.socket, host: str) -> socket.socket:
    """Start TLS on the socket and verify the certificate of `host`."""
    try:
        return _tls().wrap_socket(plain, server_hostname=host)
    except (OSError, ValueError):
        plain.close()
        raise


def is_public(address: str) -> bool:
    """Return whether an address is public; also the IPv4 address inside an IPv6 one must be."""
    return all(each.is_global and not each.is_multicast for each in _wrapped(address))


def _wrapped(address: str) -> Iterator[_Address]:
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv4Address):
        yield found
        return
    inner = [found.ipv4_mapped, found.sixtofour, *(found.teredo or ())]
    if found in _EMBEDDED:
        inner.append(ipaddress.IPv4Address(found.packed[-4:]))
    wrapped = [one for one in inner if one is not None]
    yield from wrapped
    if found.ipv4_mapped is None:
        yield found


def _cut_off(open_socket: socket.socket) -> None:
    with suppress(OSError):  # It may be closed already.
        open_socket.shutdown(socket.SHUT_RDWR)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(response: http.client.HTTPResponse, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise FetchFailed(f"the answer is larger than {limit} bytes")
    return b"".join(chunks)
