"""Every example in the documents works, page by page, on a running service."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

import pytest

from tests.evidence.ministry import Ministry
from tests.examples import SHOWN, examples
from tests.live.readers import PageReader
from tests.live.service import ROOT, LiveService, running
from tests.live.values import Around
from tests.verifier.authority import Authority
from tests.verifier.web import serving

EMPTY: Final = "docs/howto/deploy.md"
"""The page that starts from a database in which there are only divisions."""
FIRST: Final = {"docs/trust.md": "docs/howto/recognise-a-province.md"}
"""Pages that begin with the files of another one."""
PAGES: Final = {
    page: to_follow
    for page, found in groupby(examples(), lambda example: example.document)
    if (to_follow := [it for it in found if it.kind not in SHOWN and not it.followed_by])
}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """A service only for this file, because the pages change its keys, map and policy."""
    with running(LiveService(tmp_path_factory.mktemp("documents") / "var")) as live:
        Around(live, Authority(), Ministry()).register_traveller()
        yield live


@pytest.fixture(scope="module")
def followed() -> dict[str, Path]:
    """The folders of readers, by the pages that they have followed."""
    return {}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_says(
    own: LiveService, tmp_path: Path, followed: dict[str, Path], page: str
) -> None:
    folder, first = tmp_path / "folder", FIRST.get(page)
    if first in followed:
        shutil.copytree(followed[first], folder, symlinks=True)
    environment = own.environment()
    if page == EMPTY:
        environment |= empty_database(own)
    with serving() as shanghai, serving() as nation:
        publishes_there = Authority("CN-31", shanghai.base_url)
        national = Authority("CN", nation.base_url)
        shanghai.publish(publishes_there, at=datetime.now(UTC))
        nation.publish(national, at=datetime.now(UTC))
        addresses = {
            "http://127.0.0.1:8000": own.base_url,
            "https://code.example.org": own.base_url,
            "https://code.zj.example": own.base_url,
            "https://code.sh.example": shanghai.base_url,
            "https://jkm.sh.example": shanghai.base_url,
            "https://code.cn.example": nation.base_url,
        }
        around = Around(own, national, Ministry("DE"))
        reader = PageReader(folder, around, environment, addresses)
        before = PAGES[first] if first is not None and first not in followed else []
        for example in [*before, *PAGES[page]]:
            reader.follow(example)
    followed[page] = folder


def empty_database(own: LiveService) -> dict[str, str]:
    """Make an empty database, with which a new province begins; return its logins."""
    server = own.postgres()
    server.ensure_database("province")
    logins = server.logins("province")
    environment = own.environment() | logins
    for command in ("migrate", "load_divisions"):
        manage = [sys.executable, "manage.py", command]
        subprocess.run(manage, cwd=ROOT, env=environment, check=True, capture_output=True)
    return logins
