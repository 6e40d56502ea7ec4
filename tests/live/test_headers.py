"""Headers as the real web server hands them on, byte for byte."""

import json
import socket
from itertools import cycle
from typing import NamedTuple

import pytest

from tests.live.service import LiveService
from tests.live.test_nobody_waits import CHARSETS
from tests.web.test_charsets import FILES, PATHS, SPELLINGS, TYPES

CALLS = {
    "resident": "/api/v1/people",
    "officer": "/api/v1/recomputations/1",
    "device": "/api/v1/devices/bundle",
    "partner": "/api/v1/sandbox",
}
LET_IN = {
    "as it is": b"Bearer %s",
    "lower case": b"bearer %s",
    "upper case": b"BEARER %s",
    "a blank more": b"Bearer  %s",
    "blanks around": b"   Bearer    %s   ",
    "a tab behind": b"Bearer %s\t",
}
KEPT_OUT = {
    "a tab between": b"Bearer\t%s",
    "a tab before the token": b"Bearer \t%s",
    "a blank inside": b"Bearer %.9s %s",
    "no blank": b"Bearer%s",
    "an ideographic space between": "Bearer\u3000%s".encode(),
    "an ideographic space behind": "Bearer %s\u3000".encode(),
    "an ideographic space before the token": "Bearer \u3000%s".encode(),
    "an ideographic space in GB 18030": b"Bearer \xa1\xa1%s",
    "a no-break space in Latin-1": b"Bearer %s\xa0",
    "a next line in Latin-1": b"Bearer %s\x85",
    "a byte order mark first": "\ufeffBearer %s".encode(),
    "a byte order mark before the token": "Bearer \ufeff%s".encode(),
    "a byte order mark behind": "Bearer %s\ufeff".encode(),
    "a zero-width space behind": "Bearer %s\u200b".encode(),
    "full width": "\uff22earer %s".encode(),
    "quotes": b'Bearer "%s"',
    "a comma behind": b"Bearer %s,",
    "twice": b"Bearer %s\r\nAuthorization: Bearer %s",
}


class HeadAnswer(NamedTuple):
    status: int
    media_type: str
    body: bytes


def send(service: LiveService, method: str, path: str, *lines: bytes) -> HeadAnswer:
    """What is answered to these headers, with a body that nobody has to read."""
    body = b"" if method == "GET" else b"-a" * 1000
    head = [
        f"{method} {path} HTTP/1.1".encode(),
        b"Host: 127.0.0.1",
        b"Connection: close",
        b"Accept-Language: en",
        b"Content-Length: %d" % len(body),
        *lines,
    ]
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        told = connection.makefile("rb").read()
    head_told, _, body_told = told.partition(b"\r\n\r\n")
    status, *headers = head_told.decode("latin-1").split("\r\n")
    known = dict(header.lower().split(": ", 1) for header in headers)
    return HeadAnswer(int(status.split(" ")[1]), known.get("content-type", ""), body_told)


def authorised(service: LiveService, who: str, spelling: bytes) -> HeadAnswer:
    token = service.demo[who]["token"].encode()
    credentials = spelling % ((token,) * spelling.count(b"%"))
    return send(service, "GET", CALLS[who], b"Authorization: " + credentials)


@pytest.mark.parametrize("who", CALLS)
def test_a_token_is_told_after_the_scheme_and_blanks(service: LiveService, who: str) -> None:
    """RFC 9110, section 11.4: spaces between them; what is around is the header's."""
    assert {
        name: authorised(service, who, spelling).status for name, spelling in LET_IN.items()
    } == dict.fromkeys(LET_IN, 200)


@pytest.mark.parametrize("who", CALLS)
def test_what_is_around_a_token_beside_blanks_lets_nobody_in(
    service: LiveService, who: str
) -> None:
    """A token comes from a program, which adds nothing: no reader of ours guesses what it meant."""
    for name, spelling in KEPT_OUT.items():
        answer = authorised(service, who, spelling)
        assert (answer.status, answer.media_type) == (401, "application/problem+json"), name
        assert json.loads(answer.body)["type"] == "/problems/not-authenticated", name


def assert_refused(answer: HeadAnswer, what: object) -> None:
    assert (answer.status, answer.media_type) == (415, "application/problem+json"), what
    problem = json.loads(answer.body)
    assert problem["type"] == "/problems/unsupported-media-type", what
    assert problem["status"] == 415
    assert problem["detail"].startswith("Send the body in UTF-8"), what


@pytest.mark.parametrize("path", PATHS)
def test_an_odd_charset_is_refused_at_every_address(service: LiveService, path: str) -> None:
    types = cycle(TYPES)
    for told in [*(f"charset={charset}" for charset in CHARSETS), *SPELLINGS]:
        content_type = f"{next(types)}; {told}".encode("latin-1")
        answer = send(service, "POST", path, b"Content-Type: " + content_type)
        assert_refused(answer, content_type)


@pytest.mark.parametrize("path", PATHS)
def test_files_are_refused_where_no_page_takes_some(service: LiveService, path: str) -> None:
    for media_type in (b"multipart/form-data; boundary=x", b"Multipart/Mixed; boundary=x"):
        answer = send(service, "POST", path, b"Content-Type: " + media_type)
        if path in FILES:
            assert answer.status == 302
        else:
            assert_refused(answer, media_type)


@pytest.mark.parametrize("told", ["; charset=utf-8", '; charset="UTF-8"', ";charset=utf8"])
def test_who_says_utf_8_is_answered_as_who_says_nothing(service: LiveService, told: str) -> None:
    for path in PATHS:
        for media_type in TYPES[:-1]:
            plain = send(service, "POST", path, f"Content-Type: {media_type}".encode())
            named = send(service, "POST", path, f"Content-Type: {media_type}{told}".encode())
            assert (named.status, named.media_type) == (plain.status, plain.media_type), path
