"""Compare what the service says with what docs/how-zhengzhou-would-go.md quotes."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).parents[2] / "docs" / "how-zhengzhou-would-go.md"
MONTHS: Final = (
    "January|February|March|April|May|June|July|August|September|October|November|December"
)


def plain(text: str) -> str:
    """Leave out what differs each time: days, hours, and the numbers of acts and the like."""
    text = re.sub(rf"\d{{1,2}} (?:{MONTHS}) \d{{4}}(?:,? (?:at )?\d\d:\d\d)?", "DAY", text)
    text = re.sub(r"\d\d:\d\d", "HH:MM", text)
    text = re.sub(
        r"(?<=no\. )\d+|(?<=act )\d+|(?<=report )\d+|(?<=[Nn]umber )\d+"
        r"|(?<=checkpoint of )\d+|(?<=proposals/)\d+|(?<=alarm )\d+|(?<=Proposal )\d+",
        "N",
        text,
    )
    return " ".join(text.split())


def quoted(step: int) -> set[str]:
    """Return what the page quotes in a step."""
    text = PAGE.read_text("utf-8")
    found = re.search(rf"^## {step}\. .*?(?=^## |\Z)", text, re.M | re.S)
    assert found is not None, f"the page has no step {step}"
    blocks = re.findall(r"(?:^> .*\n)+", found[0], re.M)
    return {plain(re.sub(r"^> ", "", block, flags=re.M)) for block in blocks}


@dataclass
class Said:
    """What the service says in a step of the page; it is compared with the page in the end."""

    step: int
    sentences: set[str] = field(default_factory=set)

    def problem(self, answer: Any, status: int) -> None:
        """Note the sentence of a refusal."""
        assert answer.status_code == status, answer.content.decode()
        told = answer.json()
        self.sentences.add(plain("; ".join(e["detail"] for e in told.get("errors", [told]))))

    def shown(self, page: str, *parts: str) -> None:
        """Note each sentence of a page that begins like this."""
        texts = texts_of(page)
        for part in parts:
            found = {text for text in texts if text.startswith(part)}
            assert len(found) == 1, f"{part!r} begins {found} of {texts}"
            self.sentences.add(plain(found.pop()))

    def __enter__(self) -> "Said":
        return self

    def __exit__(self, kind: object, *_rest: object) -> None:
        if kind is None:
            on_page = quoted(self.step)
            assert self.sentences == on_page, (
                f"step {self.step}: the page lacks {sorted(self.sentences - on_page)}, and quotes "
                f"what the service does not say: {sorted(on_page - self.sentences)}"
            )


class _Texts(HTMLParser):
    """Collects the texts of the elements that hold sentences."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = [""]

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in {"p", "li", "h1", "h2", "dt", "dd", "td", "th", "div", "section"}:
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.handle_starttag(tag, [])

    def handle_data(self, data: str) -> None:
        self.texts[-1] += data


def texts_of(page: str) -> set[str]:
    parser = _Texts()
    parser.feed(page)
    return {" ".join(text.split()) for text in parser.texts} - {""}
