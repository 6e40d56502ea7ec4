"""Send a request to a witness, within limits of time and size.

The address comes from the operator's own file, so it may be private. Redirects and proxies are not
followed.
"""

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

TIMEOUT_SECONDS: Final = 3
WHOLE_TIMEOUT_SECONDS: Final = 5
LARGEST_ANSWER: Final = 64 * 1024


class WitnessFailed(Exception):
    """A witness could not be reached, or its answer cannot be used."""


@dataclass(frozen=True, slots=True)
class WitnessAnswer:
    """What a witness answered."""

    status: int
    media_type: str
    body: bytes


def post(url: str, body: bytes) -> WitnessAnswer:
    """Send a body to this address; return the answer. Raises WitnessFailed."""
    target = urlsplit(url)
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    try:
        with _connection(target.scheme, target.netloc) as connection:
            connection.request("POST", target.path, body=body, headers=headers)
            response = connection.getresponse()
            found = response.read(LARGEST_ANSWER + 1)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise WitnessFailed(f"it could not be reached ({type(error).__name__})") from error
    if len(found) > LARGEST_ANSWER:
        raise WitnessFailed(f"its answer is larger than {LARGEST_ANSWER} bytes")
    return WitnessAnswer(response.status, response.headers.get_content_type(), found)


@contextmanager
def _connection(scheme: str, host: str) -> Iterator[http.client.HTTPConnection]:
    """Connect to a host. The connection is cut after `WHOLE_TIMEOUT_SECONDS`."""
    kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
    connection = kind(host, timeout=TIMEOUT_SECONDS)
    connection.connect()
    deadline = threading.Timer(WHOLE_TIMEOUT_SECONDS, _cut_off, [connection.sock])
    deadline.daemon = True
    deadline.start()
    try:
        yield connection
    finally:
        deadline.cancel()
        connection.close()


def _cut_off(open_socket: socket.socket) -> None:
    with suppress(OSError):  # It may be closed already.
        open_socket.shutdown(socket.SHUT_RDWR)
