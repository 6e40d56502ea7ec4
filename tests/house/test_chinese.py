"""Chinese texts have Chinese marks, and no blanks beside Chinese characters."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from django.utils import translation

from healthcode.tools.run.messages import catalogues, read_catalogue

ROOT: Final = Path(__file__).resolve().parents[2]
CHINESE: Final = "[\u3000-\u9fff\uff00-\uffef“”‘’…]"
# Digits that stand alone. 2020-02-24, P-256 and HC1 are spelt like Latin words, with blanks.
NUMBER: Final = r"(?<![-+./:\w])\d+(?:\.\d+)?(?![-+./:A-Za-z\d])"
PLACEHOLDER: Final = r"%\(\w+\)[sd]|\{\w+\}"
WRONG: Final = re.compile(
    rf"(?<={CHINESE}) ?[,.;:!?()\[\]]|[,;!?()\[\]](?={CHINESE})"
    rf"|(?<={CHINESE}) +(?={CHINESE}|{NUMBER}|{PLACEHOLDER})"
    rf"|(?:{NUMBER}|{PLACEHOLDER}) +(?={CHINESE})"
)
LATIN: Final[Mapping[str, str]] = {
    "%(rule)s": "rules of a policy have names in Latin letters",
    "%(key)s": "ids of keys are hexadecimal digits",
}
"""Placeholders that stand for a Latin word, and why: they may have blanks beside them."""


def wrong(text: str) -> list[str]:
    """Return every wrong mark or blank, with what stands beside it."""
    for latin in LATIN:
        text = text.replace(latin, "Latin")
    return [text[max(0, at.start() - 6) : at.end() + 6] for at in WRONG.finditer(text)]


def messages() -> Iterator[tuple[str, str]]:
    """Yield the Chinese of all messages, with their room."""
    for path in catalogues():
        room = path.relative_to(ROOT).parts
        for message in read_catalogue(path):
            found = message.string if isinstance(message.string, tuple) else (message.string,)
            yield from (("/".join(room[:2]), text) for text in found if message.id)


def policies() -> Iterator[tuple[str, str]]:
    """Yield the Chinese of all policies in the repository."""
    for path in sorted((ROOT / "healthcode/colours/policies").glob("*.toml")):
        document = tomllib.loads(path.read_text("utf-8"))
        yield path.name, document["title"]["zh"]
        yield from ((path.name, rule["reason"]["zh"]) for rule in document["rule"])


def test_messages_have_chinese_marks() -> None:
    told = list(messages())
    assert len(told) > 500
    assert [(room, text, wrong(text)) for room, text in told if wrong(text)] == []


def test_policies_have_chinese_marks() -> None:
    told = list(policies())
    assert len(told) > 20
    assert [(file, text, wrong(text)) for file, text in told if wrong(text)] == []


@pytest.mark.parametrize("latin", LATIN)
def test_the_exceptions_are_still_needed(latin: str) -> None:
    assert any(latin in text and WRONG.search(text) for _, text in messages())


@pytest.mark.parametrize(
    "text",
    [
        "检测, 阴性",
        "通行. 绿码",
        "下城区 (330103)",
        "停用。 请",
        "7 天",
        "第 7次",
        "%(days)s 天",
        "最多 {most}个",
    ],
)
def test_a_wrong_mark_is_found(text: str) -> None:
    assert wrong(text)


@pytest.mark.parametrize(
    "text",
    ["检测、阴性", "7天", "以 HC1: 开头", "用 UTF-8 编码", "（RFC 9457）", "等级填 red（红）"],
)
def test_a_right_one_is_passed_over(text: str) -> None:
    assert wrong(text) == []


def test_the_chinese_of_a_message_is_what_people_read() -> None:
    """All rooms and libraries share one catalogue, in which the first Chinese of a message counts.

    So no other room, and no library, may translate the same English differently.
    """
    read = {}
    with translation.override("zh-hans"):
        for path in catalogues():
            for message in read_catalogue(path):
                if message.id and isinstance(message.id, str):
                    read[message.id, message.string] = translation.gettext(message.id)
    assert {key: shown for key, shown in read.items() if key[1] != shown} == {}
