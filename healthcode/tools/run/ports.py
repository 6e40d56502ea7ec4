"""TCP ports of 127.0.0.1 for servers, each given to one process alone.

A port that the kernel picks lies among those that it gives to outgoing connections as well: between
the choice and the server's start anybody may get it. These lie below that range, and whoever is
given one holds a name in the kernel's abstract socket namespace until it ends, so that no two
processes share one. A stranger's server may still come first: `Postgres` and `Valkey` then move.
"""

import errno
import re
import secrets
import socket
from collections.abc import Callable
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Protocol, TypeVar

from healthcode.tools.run.children import LocalError

# Above 10080, the last port that browsers refuse to open.
_LOWEST = 20_000
_LAST = 65_535
_KERNELS_OWN = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TRIES = 1000
_RETRIES = 5

Started = TypeVar("Started")

_names: list[socket.socket] = []


class _Server(Protocol):
    port: int


class PortTakenError(LocalError):
    """A server ended because somebody else listens at its port."""


def reserve(*, adjacent: int = 1) -> int:
    """A port that is free, and no other process's until this one ends.

    With `adjacent` it is the first of so many in a row.

    Raises:
        LocalError: when there is none.
    """
    end = _end()
    for _ in range(_TRIES):
        first = _LOWEST + secrets.randbelow(end - _LOWEST - adjacent)
        if all(reserve_this(port) for port in range(first, first + adjacent)):
            return first
    raise LocalError(f"No port is free from {_LOWEST} to {end}.")


def reserve_this(port: int) -> bool:
    """Whether a certain port is free, and from now on this process's."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0healthcode-port-{port}")
    except OSError:
        name.close()
        return False
    if not is_free(port):
        name.close()
        return False
    _names.append(name)
    return True


def read(text: str, *, adjacent: int = 1) -> int:
    """The port that somebody wrote; with `adjacent` the first of so many in a row.

    Raises:
        LocalError: when it is none.
    """
    last = _LAST - adjacent + 1
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) <= last:
        raise LocalError(f"PORT must be a number from 1 to {last}, not {text[:200]!r}.")
    return int(text)


def refuse_wrong(host: str, port: int) -> None:
    """Say why a server cannot listen at `port` of `host`.

    Raises:
        LocalError: when it cannot.
    """
    try:
        _listen(port, str(IPv4Address(host)))
    except AddressValueError:
        raise LocalError(
            f"HOST must be an IPv4 address, such as 127.0.0.1, not {host[:200]!r}."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise LocalError(
                f"Port {port} is in use; set another one: make run PORT=8001"
            ) from error
        if error.errno == errno.EADDRNOTAVAIL:
            raise LocalError(
                f"HOST is {host}, which is no address of this machine: write 127.0.0.1, or 0.0.0.0 "
                "to let other machines in."
            ) from error
        raise LocalError(
            f"Nobody may listen at port {port} of {host} here ({error.strerror}): set another "
            "PORT or HOST."
        ) from error


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now."""
    try:
        _listen(port, host)
    except OSError:
        return False
    return True


def _listen(port: int, host: str) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


def retried(server: _Server, start: Callable[[], Started]) -> Started:
    """What `start` returns, tried again at other ports as long as the server's own is taken."""
    for _ in range(_RETRIES):
        try:
            return start()
        except PortTakenError:
            server.port = reserve()
    return start()


def why_ended(name: str, port: int, log: Path) -> LocalError:
    """The error of a server that ended when it should have begun."""
    if is_free(port):
        return LocalError(f"{name} ended at once; {log} says why.")
    return PortTakenError(f"Somebody else listens at {name}'s port {port}.")


def _end() -> int:
    """Where the kernel's own ports begin; where they leave no room below, the last port of all."""
    begins = int(_KERNELS_OWN.read_text().split()[0])
    return begins if begins > _LOWEST + _TRIES else _LAST + 1
