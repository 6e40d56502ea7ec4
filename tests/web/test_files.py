"""Files are replaced whole, and private files are private from the first byte."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from stat import S_IMODE

import pytest

from healthcode.web.files import write_private, write_public


@pytest.fixture(autouse=True)
def _usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(("write", "mode"), [(write_private, 0o600), (write_public, 0o644)])
def test_the_new_content_with_its_mode(
    tmp_path: Path, write: Callable[[Path, str], None], mode: int
) -> None:
    path = tmp_path / "state.json"
    for content in ("浙江 " * 1000, "shorter"):
        write(path, content)
        assert path.read_text("utf-8") == content
        assert S_IMODE(path.stat().st_mode) == mode
    assert list(tmp_path.iterdir()) == [path]


def test_a_private_file_takes_the_place_of_an_open_one(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_public(path, "for all")
    write_private(path, "for one")
    assert S_IMODE(path.stat().st_mode) == 0o600


def test_who_reads_meanwhile_has_the_old_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "trust.jws"
    write_public(path, "old")
    with path.open() as reader:
        write_public(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"


def test_what_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "trust.jws"
    write_public(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_public(path, "half a character: \ud800")
    assert path.read_text() == "old"
