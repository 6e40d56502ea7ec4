"""A supervisor that cannot write says so in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from healthcode.tools.run.children import LocalError
from healthcode.tools.run.console import Console

ROOT = Path(__file__).parents[2]


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


@pytest.mark.live
def test_a_state_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")
    ended = subprocess.run(
        [sys.executable, "-m", "healthcode.tools.run"],
        env=os.environ | {"VAR": str(tmp_path / "var")},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr.count("set VAR to a folder that may be written to") == 1
    assert "Traceback" not in ended.stderr
