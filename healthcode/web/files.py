"""Files replaced in one step, so that who reads one finds the old or the new one whole."""

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
    # Made with its mode: there is no instant at which others could open it.
    descriptor = os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(content)
    scratch.replace(path)
