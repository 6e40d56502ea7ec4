"""All pages and calls that ask for a ground accept and refuse the same grounds."""

import re
from pathlib import Path

import pytest
from django.utils.translation import override

from healthcode.acts.grounds import LONGEST_GROUND, NO_GROUND, GroundField, check_ground
from healthcode.web.errors import InvalidInput

ROOT = Path(__file__).resolve().parents[2]
ASKED = re.compile(r'<(?:input|textarea)(?![^>]*type="hidden")[^>]*name="ground"[^>]*>')


def test_a_ground_says_something_and_not_too_much() -> None:
    check_ground("浙疫控〔2020〕1号")
    check_ground("x" * LONGEST_GROUND)
    for none in ("", " \n", "x" * (LONGEST_GROUND + 1)):
        with pytest.raises(InvalidInput) as refusal:
            check_ground(none)
        [fault] = refusal.value.members["errors"]  # type: ignore[misc]  # one fault
        assert fault == {"pointer": "/ground", "detail": NO_GROUND}


def test_the_interface_refuses_what_pages_refuse() -> None:
    assert GroundField().run_validation("x" * LONGEST_GROUND)
    assert GroundField().max_length == LONGEST_GROUND


def test_the_sentence_names_the_limit_in_both_languages() -> None:
    with override("en"):
        assert str(NO_GROUND) == "Give the ground for this, in at most 1000 characters."
    with override("zh-hans"):
        assert str(NO_GROUND) == "请写明依据，最多 1000 个字。"


def test_every_page_that_asks_for_a_ground_stops_at_the_limit() -> None:
    pages = [path.read_text("utf-8") for path in (ROOT / "healthcode").rglob("*.html")]
    fields = [field for text in pages for field in ASKED.findall(text)]
    assert len(fields) > 5
    assert [field for field in fields if f'maxlength="{LONGEST_GROUND}"' not in field] == []
