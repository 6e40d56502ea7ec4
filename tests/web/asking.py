"""Call a front as a server does, without the server."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from healthcode.web.bodies import Message
from healthcode.web.calls import CallKind
from healthcode.web.front import Front

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

AT_ONCE = 3
PLACES = {
    CallKind.DOORS: AT_ONCE,
    CallKind.PHONES: AT_ONCE,
    CallKind.REST: AT_ONCE,
    CallKind.OPERATORS: 1,
}


class RawAnswer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


@asynccontextmanager
async def opened(application: "WSGIApplication", **options: Any) -> AsyncIterator[Front]:
    """A front that has begun, and ends."""
    front = Front(application, **{"places": PLACES} | options)
    events: asyncio.Queue[Message] = asyncio.Queue()
    told: asyncio.Queue[Any] = asyncio.Queue()
    await events.put({"type": "lifespan.startup"})
    life = asyncio.create_task(front({"type": "lifespan"}, events.get, told.put))
    assert (await told.get())["type"] == "lifespan.startup.complete"
    try:
        yield front
    finally:
        await events.put({"type": "lifespan.shutdown"})
        assert (await told.get())["type"] == "lifespan.shutdown.complete"
        await life


async def ask(
    front: Front,
    path: str,
    *,
    method: str = "GET",
    parts: Iterable[Message] = (),
    **headers: str,
) -> RawAnswer:
    """One request; `parts` are the messages of its body."""
    coming = iter(parts)
    sent: list[dict[str, Any]] = []

    async def receive() -> Message:
        part = next(coming, None)
        if part is None:
            await asyncio.Event().wait()
        assert part is not None
        return part

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    raw = [(name.replace("_", "-").lower().encode(), v.encode()) for name, v in headers.items()]
    await front(scope(path, raw, method), receive, send)
    if not sent:
        return RawAnswer(0, {}, b"")
    start, body = sent
    known = {name.decode().title(): value.decode() for name, value in start["headers"]}
    return RawAnswer(start["status"], known, body["body"])


def scope(path: str, headers: list[tuple[bytes, bytes]], method: str = "GET") -> dict[str, Any]:
    """Return the ASGI scope of a request."""
    return {
        "type": "http",
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": headers,
        "client": ("192.0.2.1", 4711),
        "server": ("127.0.0.1", 8000),
    }


def part(body: bytes, *, more: bool = False) -> Message:
    """Return one message of a body."""
    return {"type": "http.request", "body": body, "more_body": more}


def plainly(
    answer: Callable[["WSGIEnvironment"], bytes],
) -> "WSGIApplication":
    """Return an application that answers 200 with the result of `answer`."""

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
        body = answer(environ)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [body]

    return application
