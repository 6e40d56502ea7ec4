"""A supervisor that cannot write its log says so in one sentence."""

from pathlib import Path

import pytest

from healthcode.tools.run.children import LocalError
from healthcode.tools.run.console import Console


def test_a_log_on_a_full_disk_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "web.log").symlink_to("/dev/full")
    console = Console(tmp_path)
    with pytest.raises(LocalError, match=r"web.log cannot be written .*make room"):
        console.relay("web", b"first\n")
    console.relay("web", b"while all stops\n")
    console.close()
    assert "while all stops" in capsys.readouterr().out
