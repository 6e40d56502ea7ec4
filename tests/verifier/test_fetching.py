"""Addresses that others publish lead to no internal host, no other host and no long wait."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from healthcode.alliance import issuers
from healthcode.core.errors import MalformedMetadata
from tests.verifier.authority import Authority
from tests.verifier.web import WELL_KNOWN, Web
from verifier.models import TrustedIssuer
from verifier.recognition import fetching
from verifier.recognition.fetching import FetchFailed, Reach, fetch, is_public
from verifier.recognition.reach import reach
from verifier.recognition.refresh import refresh_all
from verifier.recognition.services import trust_issuer

ANYWHERE = Reach(anywhere=True)


def get(uri: str, whom: Reach = ANYWHERE) -> bytes | None:
    return fetch(uri, etag="", limit=1000, reach=whom).body


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),  # noqa: S104
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"),
        "2001:0:7f00:1::",
    ],
)
def test_an_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "223.5.5.5", "2400:3200::1", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)
def test_an_address_outside_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0"])
def test_nobody_inside_is_asked_however_the_address_is_written(host: str) -> None:
    """No spelling of 127.0.0.1 that the machine understands is accepted."""
    with pytest.raises(FetchFailed, match="is not a public address"):
        get(f"https://{host}/x", Reach())


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that resolves to a public address first and to an internal one later gains nothing."""
    answers = iter(["1.1.1.1", "127.0.0.1"])
    asked: list[str] = []

    def look(host: str, port: int, **_: object) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        asked.append(address[0])
        raise OSError

    monkeypatch.setattr(socket, "getaddrinfo", look)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(FetchFailed, match="could not be reached"):
        get("https://rebound.example/x", Reach())
    assert asked == ["1.1.1.1"]


def test_a_host_that_the_operator_named_may_be_inside(web: Web) -> None:
    own = Reach(own=frozenset({"127.0.0.1"}))
    with pytest.raises(FetchFailed, match="not begin with https"):
        get(f"{web.base_url}/x", own)
    with pytest.raises(FetchFailed, match="could not be reached"):
        get(web.base_url.replace("http:", "https:"), own)


@pytest.mark.parametrize(
    "uri",
    ["file:///etc/passwd", "ftp://x/y", "http://a b/", "https://u:p@1.1.1.1/", "", "https://"],
)
def test_only_web_addresses_are_asked(uri: str) -> None:
    with pytest.raises(FetchFailed):
        get(uri)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(web: Web, status: int) -> None:
    web.bodies["/there"] = b"secret"
    web.statuses["/x"] = status
    web.headers["Location"] = f"{web.base_url}/there"
    with pytest.raises(FetchFailed, match=f"answered {status}"):
        get(f"{web.base_url}/x")
    assert [path for path, _ in web.asked] == ["/x"]


def test_no_proxy_of_the_environment_is_asked(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """We could not see which address a proxy would ask."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    web.bodies["/x"] = b"here"
    assert get(f"{web.base_url}/x") == b"here"


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that sends one byte of its head now and then, without end."""
    server = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def drip() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
            while not over.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    return

    thread = threading.Thread(target=drip)
    thread.start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}/x"
    over.set()
    thread.join()
    server.close()


def test_a_head_that_never_ends_is_given_up(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "WHOLE_TIMEOUT_SECONDS", 0.5)
    began = time.monotonic()
    with pytest.raises(FetchFailed, match="too slowly"):
        get(dripping)
    assert time.monotonic() - began < 4


@pytest.mark.django_db
@pytest.mark.parametrize(
    "where",
    [
        *("http://169.254.169.254/latest", "http://localhost:1/s/20200209", "https://x.example/s"),
        *("file:///etc/passwd", "//other.example/s", "http://127.0.0.2:1/s"),
    ],
)
def test_an_issuer_names_lists_at_its_own_host_alone(web: Web, now: datetime, where: str) -> None:
    authority = Authority(base_url=web.base_url)
    web.publish(authority, at=now)
    document = {"issuer": authority.name, "status_lists": [authority.list_uri, where]}
    web.bodies[f"{WELL_KNOWN}/"] = json.dumps(document).encode()
    trust_issuer(name=authority.name, base_url=authority.base_url, at=now)
    failures = refresh_all(at=now)
    expected = "does not begin with https" if where.startswith("file") else "at another host"
    assert expected in failures["CN-33"]


@pytest.mark.django_db
def test_our_own_lists_may_lie_at_their_own_address(web: Web, now: datetime, settings: Any) -> None:
    """STATUS_BASE_URL is often the address of a content delivery network."""
    settings.ISSUER, settings.STATUS_BASE_URL = "CN-33", web.base_url
    authority = Authority(base_url=web.base_url)
    web.publish(authority, at=now)
    elsewhere = web.base_url.replace("127.0.0.1", "localhost")
    TrustedIssuer.objects.create(name="CN-33", base_url=elsewhere)
    assert refresh_all(at=now) == {}
    settings.ISSUER = "CN-31"
    assert "at another host" in refresh_all(at=now)["CN-33"]


def test_the_keys_that_a_member_is_added_with_come_from_its_own_host(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {"issuer": "CN-31", "jwks_uri": "http://169.254.169.254/keys"}
    web.bodies[f"{WELL_KNOWN}/"] = json.dumps(document).encode()
    monkeypatch.setenv("FETCH_PRIVATE", "1")
    with pytest.raises(MalformedMetadata, match="another host"):
        issuers.published_keys("CN-31", issuers.metadata_address(web.base_url))
    monkeypatch.delenv("FETCH_PRIVATE")
    with pytest.raises(FetchFailed, match="https"):
        issuers.published_keys("CN-31", issuers.metadata_address(web.base_url))


def test_private_addresses_are_for_who_asks_for_them(settings: Any) -> None:
    settings.FETCH_PRIVATE = False
    settings.BASE_URL, settings.STATUS_BASE_URL = "https://code.example", "https://s.example"
    settings.TRUST_LIST = "/etc/trust.jws"
    assert reach() == Reach(own=frozenset({"code.example", "s.example"}))
    settings.FETCH_PRIVATE = True
    assert reach().anywhere
