"""The examples in the documents: every fenced or indented block, with its kind."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from markdown_it import MarkdownIt

from tests.test_links import DOCUMENTS, ROOT

ELSEWHERE: Final = {
    "cddl": "tests/core/independent_verifier.py",
    "docs/howto/backup.md": "tests/live/test_backup.py",
    "sql": "tests/upgrade/test_roles.py",
}
"""Kinds and pages that a test of their own reads or follows; it names the page."""
SHOWN: Final = {"text": "what a program prints, or a shape in words"}
"""Kinds that nobody sends or runs, with what they are."""


@dataclass(frozen=True, slots=True)
class PageExample:
    """A block of a document: its kind, and the name of the file that it shows, if any."""

    document: str
    line: int
    kind: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def followed_by(self) -> str:
        """Return the other test that reads or follows the example, if there is one."""
        return ELSEWHERE.get(self.document) or ELSEWHERE.get(self.kind, "")


def examples() -> Iterator[PageExample]:
    """Return every example of every document, in order."""
    for path in DOCUMENTS:
        document = str(path.relative_to(ROOT))
        for token in MarkdownIt("commonmark").parse(path.read_text("utf-8")):
            if token.type in {"fence", "code_block"}:
                kind, _, file = token.info.strip().partition(" ")
                yield PageExample(document, (token.map or [0])[0] + 1, kind, file, token.content)
