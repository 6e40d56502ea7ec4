"""docs/tutorial.md names buttons and links as the pages have them."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
BOLD: Final = re.compile(r"\*\*([^*]+)\*\*")


def test_every_name_in_bold_is_a_text_of_a_page() -> None:
    named = {" ".join(name.split()) for name in BOLD.findall(tutorial())}
    assert len(named) > 4
    assert sorted(named - texts()) == []


def tutorial() -> str:
    return (ROOT / "docs" / "tutorial.md").read_text("utf-8")


def texts() -> set[str]:
    """Return the English texts that the rooms translate."""
    return {
        text
        for top in ("accounts", "healthcode", "verifier")
        for path in (ROOT / top).rglob("*.po")
        for text in re.findall(r'^msgid "(.+)"$', path.read_text("utf-8"), re.MULTILINE)
    }
