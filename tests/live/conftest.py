"""One running service for all tests that only use it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.live.browsers import kept_by_device
from tests.live.service import LiveService, running

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test in this folder is a live one."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.live)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """The whole service with the demo loaded; shared, so leave others' people alone."""
    with running(LiveService(tmp_path_factory.mktemp("live") / "var")) as live:
        yield live


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    """The driver of real browsers; not kept for the session, as its event loop shuts Django out."""
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
    """What the browser of an enrolled device has kept."""
    path = tmp_path / "kept.json"
    path.write_text(json.dumps(kept_by_device(service)))
    return path
