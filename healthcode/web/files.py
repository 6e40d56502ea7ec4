"""Replace files in one step, so that readers find the whole old file or the whole new one."""

import os
from pathlib import Path
from typing import Final

_FOR_ALL: Final = 0o644
_FOR_ITS_OWNER: Final = 0o600


def write_public(path: Path, content: str) -> None:
    """Replace a file that everybody may read."""
    _replace(path, content, _FOR_ALL)


def write_private(path: Path, content: str) -> None:
    """Replace a file that only its owner may read."""
    _replace(path, content, _FOR_ITS_OWNER)


def _replace(path: Path, content: str, mode: int) -> None:
    scratch = path.with_name(path.name + ".new")
    # The mode is set when the file is created, so that others can never open it.
    descriptor = os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)
    scratch.replace(path)
