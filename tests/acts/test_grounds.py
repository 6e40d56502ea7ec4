"""All pages and calls that ask for a ground accept and refuse the same grounds."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from healthcode.acts.grounds import (
    LONGEST_GROUND,
    NO_GROUND,
    NO_KIND,
    Ground,
    GroundedInput,
    GroundKind,
    read_ground,
)
from healthcode.web.errors import InvalidInput
from tests.acts import GROUND, SENT_GROUND

ROOT = Path(__file__).resolve().parents[2]
ASKED = re.compile(r'<(?:input|textarea)(?![^>]*type="hidden")[^>]*name="ground"')
NONE = ["", " \n", "Because", " because  \u200b ", "x" * (LONGEST_GROUND + 1)]


@pytest.mark.parametrize("text", ["浙疫控〔2020〕17号文", "x" * 10, " " * 5 + "x" * LONGEST_GROUND])
def test_a_ground_says_something_and_not_too_much(text: str) -> None:
    assert read_ground("investigation", text) == Ground(GroundKind.INVESTIGATION, text.strip())
    given = GroundedInput(data={"ground_kind": "investigation", "ground": text.strip()})
    assert given.is_valid(), given.errors


@pytest.mark.parametrize("text", NONE)
def test_what_says_nothing_is_no_ground(text: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_ground("investigation", text)
    assert refusal.value.members["errors"] == [{"pointer": "/ground", "detail": NO_GROUND}]
    given = GroundedInput(data=SENT_GROUND | {"ground": text})
    assert not given.is_valid()
    assert set(given.errors) == {"ground"}
    with pytest.raises(ValueError, match="no ground"):
        Ground(GroundKind.INVESTIGATION, text)


@pytest.mark.parametrize("kind", ["", "orders", "INVESTIGATION"])
def test_the_kinds_of_grounds_are_a_closed_list(kind: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_ground(kind, GROUND.text)
    assert refusal.value.members["errors"] == [{"pointer": "/ground_kind", "detail": NO_KIND}]


def test_a_command_says_what_a_ground_needs() -> None:
    command = ("publish_policy", "policy.toml", "--officer=wang", "--ground-kind=operations")
    with pytest.raises(CommandError, match="10到1000个字"):
        call_command(*command, "--ground=because")


def test_the_sentence_names_the_limits_in_both_languages() -> None:
    with override("en"):
        assert str(NO_GROUND) == "Give the ground for this, in 10 to 1000 characters."
    with override("zh-hans"):
        assert str(NO_GROUND) == "请写明依据，10到1000个字。"


def test_every_page_asks_for_a_ground_in_the_one_way() -> None:
    """`ask_ground` asks for the kind, too, and stops at the limits."""
    pages = list((ROOT / "healthcode").rglob("*.html"))
    asking = [path.name for path in pages if ASKED.search(path.read_text("utf-8"))]
    assert asking == ["_ground.html"]
    used = sum(path.read_text("utf-8").count("{% ask_ground ") for path in pages)
    assert used > 5
