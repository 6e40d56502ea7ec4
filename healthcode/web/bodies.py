"""Read the bodies of requests to their end, in limited time, before a thread works on them.

If threads waited for slow bodies, a few slow senders could keep all threads busy. Here a slow body
costs only the memory of the bytes that have come.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

BODY_LIMIT: Final = 64 * 1024
BULK_BODY_LIMIT: Final = 16 * 1024 * 1024
BULK_PATHS: Final = (
    "/api/v1/evidence/",
    "/api/v1/presences",
    "/api/v1/scans/batch",
    "/api/v1/areas/levels",
    "/api/v1/verifications",
    "/officer/map",
)
DRAIN_LIMIT: Final = 32 * 1024 * 1024
"""A refused body up to this size is read to its end. Otherwise a client that is still sending would
see a broken pipe instead of the refusal.
"""

SECONDS: Final = 10
"""The time for a body of any size. A large body has one second more for every `BYTES_A_SECOND`."""
BYTES_A_SECOND: Final = 64 * 1024

AT_ONCE: Final = 128 * 1024 * 1024
"""The most bytes of unfinished bodies in memory, over all connections."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class BodyTooSlow(Exception):
    """The body did not arrive in time."""


class NoRoom(Exception):
    """Other bodies that are arriving already take all the room (`AT_ONCE`)."""


class Gone(Exception):
    """The client left before its whole body had arrived."""


def limit_of(path: str) -> int:
    """Return how many bytes a body for this address may have."""
    return BULK_BODY_LIMIT if path.startswith(BULK_PATHS) else BODY_LIMIT


def announced(length: str) -> int | None:
    """Return the number in Content-Length; None when it is not a number."""
    return int(length) if length.isascii() and length.isdecimal() else None


class BodyReader:
    """Read the bodies for one process."""

    def __init__(self) -> None:
        self.waiting = 0

    async def read(self, receive: Receive, *, path: str, length: str) -> bytes:
        """Read the body of a request whose Content-Length is `length`.

        If a body is over the limit of its address, this function reads it and throws it away.
        BodyLimitMiddleware then refuses it by its length.

        Raises:
            BodyTooSlow: the body did not arrive in time.
            NoRoom: too many other bodies are arriving.
            Gone: the client has disconnected.
        """
        size = announced(length)
        if not size or size > DRAIN_LIMIT:
            return b""
        keep = size <= limit_of(path)
        parts: list[bytes] = []
        held = 0
        try:
            async with asyncio.timeout(SECONDS + size // BYTES_A_SECOND):
                more = True
                while more:
                    part, more = _part(await receive())
                    if keep:
                        parts.append(part)
                        held += len(part)
                        self._hold(len(part))
        except TimeoutError as error:
            raise BodyTooSlow from error
        finally:
            self.waiting -= held
        return b"".join(parts)

    def _hold(self, size: int) -> None:
        self.waiting += size
        if self.waiting > AT_ONCE:
            raise NoRoom


def _part(message: Message) -> tuple[bytes, bool]:
    if message["type"] == "http.disconnect":
        raise Gone
    return message.get("body", b""), message.get("more_body", False)
