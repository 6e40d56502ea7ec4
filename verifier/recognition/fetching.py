"""GET from an issuer or an alliance, within limits of time and size."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 5
WHOLE_TIMEOUT_SECONDS = 20
CHUNK = 64 * 1024


class FetchFailed(Exception):
    """Nobody could be reached, or what they answered is of no use."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A body and its ETag; `body` is None where the copy at hand is still the newest."""

    body: bytes | None
    etag: str


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """An issuer is asked where it was said to be, and nowhere else."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def fetch(uri: str, *, etag: str, limit: int) -> Fetched:
    """GET `uri`, at most `limit` bytes in at most `WHOLE_TIMEOUT_SECONDS`.

    Raises:
        FetchFailed: for any failure of network or server, a redirect, or too large a body.
    """
    if urlsplit(uri).scheme not in {"http", "https"}:
        raise FetchFailed("not a web address")
    headers = {"If-None-Match": etag} if etag else {}
    request = urllib.request.Request(uri, headers=headers)  # noqa: S310 - scheme checked above
    try:
        with _opener.open(request, timeout=TIMEOUT_SECONDS) as response:
            return Fetched(_read(response, limit), response.headers.get("ETag", "")[:80])
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.NOT_MODIFIED and etag:
            return Fetched(None, etag)
        raise FetchFailed(f"answered {error.code}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise FetchFailed(f"could not be reached ({type(error).__name__})") from error


def _read(response: HTTPResponse, limit: int) -> bytes:
    deadline = time.monotonic() + WHOLE_TIMEOUT_SECONDS
    chunks: list[bytes] = []
    size = 0
    while chunk := response.read1(CHUNK):
        size += len(chunk)
        chunks.append(chunk)
        if size > limit:
            raise FetchFailed(f"larger than {limit} bytes")
        if time.monotonic() > deadline:
            raise FetchFailed("answered too slowly")
    return b"".join(chunks)
