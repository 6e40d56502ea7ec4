"""Bodies of requests, read to their end before anybody is troubled with them, in limited time.

A thread that waits for a body is a thread less for those whose body is there, and whoever sends
slowly enough takes all of them. Here a slow body costs the memory of what has come.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

BODY_LIMIT: Final = 64 * 1024
BULK_BODY_LIMIT: Final = 16 * 1024 * 1024
BULK_PATHS: Final = (
    "/api/v1/evidence/",
    "/api/v1/scans/batch",
    "/api/v1/areas/levels",
    "/api/v1/verifications",
    "/officer/map",
)
DRAIN_LIMIT: Final = 32 * 1024 * 1024
"""A body that is refused is read to its end up to this size: a client that is still sending when
the connection closes would see a broken pipe instead of the sentence that helps it."""

SECONDS: Final = 10
"""For a body of any size; a large one has a second more for each so many bytes."""
BYTES_A_SECOND: Final = 64 * 1024

AT_ONCE: Final = 128 * 1024 * 1024
"""So many bytes of bodies wait in memory at most, over all connections."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]


class BodyTooSlow(Exception):
    """The body did not come in time."""


class NoRoom(Exception):
    """Too many bodies are on their way already."""


class Gone(Exception):
    """The client left before its body had come."""


def limit_of(path: str) -> int:
    """How many bytes this address takes."""
    return BULK_BODY_LIMIT if path.startswith(BULK_PATHS) else BODY_LIMIT


def announced(length: str) -> int | None:
    """What Content-Length says; None when it is no number."""
    return int(length) if length.isascii() and length.isdecimal() else None


class BodyReader:
    """Reads the bodies of one process."""

    def __init__(self) -> None:
        self.waiting = 0

    async def read(self, receive: Receive, *, path: str, length: str) -> bytes:
        """The body of a request whose Content-Length is `length`.

        What is too large is read and thrown away; that it is, its length tells whoever answers.

        Raises:
            BodyTooSlow, NoRoom, Gone: see there.
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
