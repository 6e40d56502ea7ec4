"""The ASGI application in front of Django. It limits how long a caller waits for other callers.

An asyncio loop reads each body to its end, in limited time. Only then does a thread work on the
request; each kind of call has its own number of threads. The loop answers 503 with Retry-After if
no thread is free, if a call takes too long, or if the database has stopped answering.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import Counter

from healthcode.web import bodies, notices
from healthcode.web.calls import LIMITS, CallKind, kind_of
from healthcode.web.outages import DATABASE
from healthcode.web.pulse import SILENCE_SECONDS, Watch
from healthcode.web.staff import STACK_WAITING, Call, Staff
from healthcode.web.wsgi import RawResponse, Scope, ask, environ_of, headers_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LOOK_SECONDS: Final = 0.1

TURNED_AWAY: Final = Counter(
    "healthcode_requests_turned_away",
    "Requests answered 503 because too many of their kind were at work.",
    ["kind"],
)
GIVEN_UP: Final = Counter(
    "healthcode_requests_given_up",
    "Requests answered 503 while a thread still worked or waited for the database.",
    ["kind"],
)

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Front:
    """An ASGI application in front of a WSGI application.

    `places` is the number of threads for each kind of call. The `watches` run as long as the
    server.
    """

    def __init__(
        self,
        application: "WSGIApplication",
        *,
        places: Mapping[CallKind, int],
        watches: Sequence[Watch[Any]] = (),
    ) -> None:
        self._application = application
        self._places = places
        self._watches = watches
        self._staff: dict[CallKind, Staff] = {}
        self._bodies = bodies.BodyReader()
        self._notices = notices.Notices()

    async def __call__(self, scope: Scope, receive: bodies.Receive, send: Send) -> None:
        """Answer one request, or run until the server stops (ASGI lifespan)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers = headers_of(scope)
        try:
            answer = await self._answer(scope, headers, receive)
        except bodies.Gone:
            return
        start = {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        await send(start)
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(
        self, scope: Scope, headers: dict[bytes, bytes], receive: bodies.Receive
    ) -> RawResponse:
        path = scope["path"]
        try:
            length = headers.get(b"content-length", b"").decode("latin-1")
            body = await self._bodies.read(receive, path=path, length=length)
        except bodies.BodyTooSlow:
            return self._notices.too_slow.answer(path, headers)
        except bodies.NoRoom:
            return self._notices.busy.answer(path, headers)
        kind = kind_of(path)
        call = self._staff[kind].take(
            partial(ask, self._application, environ_of(scope, headers, body))
        )
        if call is None:
            TURNED_AWAY.labels(kind.value).inc()
            return self._notices.busy.answer(path, headers)
        answer = await call.answer
        return self._notices.unavailable.answer(path, headers) if answer is None else answer

    async def _live(self, receive: bodies.Receive, send: Send) -> None:
        """Run threads and watches, and end calls that wait too long, until the server stops."""
        await receive()
        for kind, places in self._places.items():
            waiting = STACK_WAITING if kind is CallKind.OPERATORS else 0
            self._staff[kind] = Staff(kind, places, waiting=waiting)
        for watch in self._watches:
            watch.start()
        looking = asyncio.create_task(self._look_after())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        looking.cancel()
        for staff in self._staff.values():
            staff.dismiss()
        for watch in self._watches:
            watch.stop()
        await send({"type": "lifespan.shutdown.complete"})

    async def _look_after(self) -> None:
        """End the calls that have waited too long, sooner while the database does not answer.

        A call that begins during such a silence is not ended here: the database engine refuses it
        when it needs the database.
        """
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            silent = DATABASE.is_silent()
            for staff in self._staff.values():
                limit = LIMITS[staff.kind].answer
                patience = min(limit, SILENCE_SECONDS) if silent else limit
                long_ago = time.monotonic() - patience
                for call in staff.at_work:
                    if call.began < long_ago:
                        self._let_go(call)

    @staticmethod
    def _let_go(call: Call) -> None:
        if not call.answer.done():
            GIVEN_UP.labels(call.work.kind.value).inc()
            call.give_up()
