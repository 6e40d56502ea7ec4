"""One running service for all tests that do not change it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.live.browsers import kept_by_device
from tests.live.service import LiveService, running

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test in this folder as live."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The whole service with the demo loaded. All tests share it, so they must not disturb it."""
    with running(LiveService(tmp_path_factory.mktemp("live") / "var")) as live:
        yield live


@pytest.fixture(scope="session")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service for tests that change who people are. Each phone has an address of its own."""
    var = tmp_path_factory.mktemp("behind-proxy") / "var"
    with running(LiveService(var, BEHIND_PROXY="1")) as live:
        yield live


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """The driver of real browsers. Django does not work in its event loop, so no module that
    asks a database takes it."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def code(service: LiveService) -> str:
    """A live code of the demo's resident."""
    resident = service.demo["resident"]
    path = f"/api/v1/people/{resident['person']}/code"
    answer = service.call("GET", path, token=resident["token"])
    if answer.status == 409:
        declaration = {"person": resident["person"], "symptoms": [], "stays": []}
        declaration |= {"contact_with_case": False}
        service.call("POST", "/api/v1/declarations", token=resident["token"], json_body=declaration)
        answer = service.call("GET", path, token=resident["token"])
    return str(answer.body["code"])


@pytest.fixture
def kept(service: LiveService, tmp_path: Path) -> Path:
    """What the browser of an enrolled device has stored."""
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept_by_device(service)))
    return path
