"""Reserve TCP ports of 127.0.0.1 for servers, each for one process alone.

The kernel takes the ports for outgoing connections from one range. Another program may get such a
port before the server starts, so the ports here are below that range. A process that reserves a
port also binds a name in the kernel's abstract socket namespace for as long as the process runs. So
no two processes of this project use the same port. If another program takes a port first,
`Postgres` and `Valkey` use another one.
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
    """Raised if a server ended because another program listens at its port."""


def reserve(*, adjacent: int = 1) -> int:
    """Return a free port, reserved for this process until it ends.

    With `adjacent` it is the first of this many ports in a row.

    Raises:
        LocalError: there is none.
    """
    end = _end()
    for _ in range(_TRIES):
        first = _LOWEST + secrets.randbelow(end - _LOWEST - adjacent)
        if all(reserve_this(port) for port in range(first, first + adjacent)):
            return first
    raise LocalError(f"All ports from {_LOWEST} to {end} are in use.")


def reserve_this(port: int) -> bool:
    """Reserve a certain port for this process; return whether it was free."""
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
    """Read a port from text; with `adjacent` it is the first of this many in a row.

    Raises:
        LocalError: the text is not a port.
    """
    last = _LAST - adjacent + 1
    if not re.fullmatch("[0-9]{1,5}", text) or not 0 < int(text) <= last:
        raise LocalError(f"PORT must be a number from 1 to {last}, not {text[:200]!r}.")
    return int(text)


def refuse_wrong(host: str, port: int) -> None:
    """Raise an error that says why a server cannot listen at `port` of `host`.

    Raises:
        LocalError: it cannot.
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
                f"HOST is {host}, which is not an address of this machine: write 127.0.0.1, or "
                "0.0.0.0 to let other machines in."
            ) from error
        raise LocalError(
            f"This user may not listen at port {port} of {host} ({error.strerror}): set another "
            "PORT or HOST."
        ) from error


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen at `port` now."""
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
    """Call `start` and return its result; try other ports while the server's own is taken."""
    for _ in range(_RETRIES):
        try:
            return start()
        except PortTakenError:
            server.port = reserve()
    return start()


def why_ended(name: str, port: int, log: Path) -> LocalError:
    """Return the error for a server that ended when it should have started."""
    if is_free(port):
        return LocalError(f"{name} ended at once; {log} says why.")
    return PortTakenError(f"Another program listens at {name}'s port {port}.")


def _end() -> int:
    """Return where the kernel's own ports begin; beyond the last port if no room is below them."""
    begins = int(_KERNELS_OWN.read_text().split()[0])
    return begins if begins > _LOWEST + _TRIES else _LAST + 1
