"""nginx as in docs/howto/nginx.conf, in front of a service that starts, stops and starts again."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import pytest

from healthcode.tools.run.ports import reserve
from tests.live.service import LiveService, running
from tests.live.traffic import Request, TrafficAnswer, ask
from tests.scale import servers

pytestmark = pytest.mark.more
HTML = {"Accept": "text/html", "Host": "code.example.org"}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, LiveService]]:
    """nginx starts first and shows the page for a stopped service; then the service starts."""
    folder = tmp_path_factory.mktemp("proxy")
    service = LiveService(folder / "var", port=reserve(), BEHIND_PROXY="1")
    with servers.nginx(folder / "nginx", web=service.port) as at:
        told = ask(at, Request("GET", "/me", HTML))
        assert (told.status, told.retry_after) == (503, "10")
        with running(service):
            yield at, service


def get(port: int, path: str, **headers: str) -> TrafficAnswer:
    return ask(port, Request("GET", path, HTML | headers))


def test_pages_and_calls_come_through(port: tuple[int, LiveService]) -> None:
    at, service = port
    assert get(at, "/about").status == 200
    token = service.demo["partner"]["token"]
    assert token
    assert get(at, "/api/v1/areas/levels?within=33", Accept="*/*").status == 200
    assert get(at, "/scanner").status == 200
    assert get(at, "/healthz").status == 200


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
def test_what_operators_ask_stays_inside(port: tuple[int, LiveService], path: str) -> None:
    at, service = port
    assert get(at, path).status == 404
    assert get(service.port, path).status == 200


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/v1/declarations", 64 * 1024 + 1, 413),
        ("/api/v1/scans/batch", 64 * 1024 + 1, 401),
        ("/api/v1/scans/batch", 16 * 1024 * 1024 + 1, 413),
    ],
)
def test_each_address_takes_what_the_service_takes(
    port: tuple[int, LiveService], path: str, size: int, status: int
) -> None:
    headers = {"Content-Type": "application/json"}
    told = ask(port[0], Request("POST", path, headers, b"[" * size))
    assert told.status == status
    assert json.loads(told.body)["status"] == status


def test_slow_bodies_do_not_reach_the_service(port: tuple[int, LiveService]) -> None:
    at, _service = port
    head = "POST /api/v1/scans HTTP/1.1\r\nHost: x\r\nContent-Length: 9000\r\n\r\n{"
    with contextlib.ExitStack() as stack:
        for _ in range(50):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", at)))
            slow.sendall(head.encode())
        told = [get(at, "/about") for _ in range(10)]
    assert {one.status for one in told} == {200}
    assert max(one.seconds for one in told) < 2


def test_nobody_but_the_proxy_says_how_they_came(port: tuple[int, LiveService]) -> None:
    """A form sent over https must name its page (Referer), whatever else it says."""
    at, service = port
    token = "a" * 32
    form = f"language=en&csrfmiddlewaretoken={token}".encode()
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Cookie": f"csrftoken={token}",
        "X-Forwarded-Proto": "http",
    }
    post = Request("POST", "/language", headers, form)
    assert ask(service.port, post).status == 302
    assert ask(at, post).status == 403


def test_a_stopped_service_has_a_page_and_a_document(port: tuple[int, LiveService]) -> None:
    at, service = port
    published = get(at, "/.well-known/health-code/keys")
    assert published.status == 200
    for process in service.family():
        process.suspend()
    try:
        began = time.monotonic()
        assert get(at, "/.well-known/health-code/keys").body == published.body
        assert time.monotonic() - began < 5
    finally:
        for process in service.family():
            process.resume()
    service.stop()
    page, call = get(at, "/me"), get(at, "/api/v1/people")
    assert (page.status, page.retry_after) == (call.status, call.retry_after) == (503, "10")
    text = page.body.decode()
    assert text.index("现在办不了") < text.index("Not available at the moment")
    assert json.loads(call.body)["type"] == "/problems/unavailable"
    service.start()
    assert get(at, "/about").status == 200
