"""The service accepts the examples of docs/howto/send-evidence.md."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

from healthcode.evidence.fields import LONGEST_PERIOD
from healthcode.evidence.lines import FORMS, Reader
from healthcode.sources.parsers import MOST_LINES

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "send-evidence.md"


def test_the_examples_are_right() -> None:
    (block,) = re.findall(
        r"```ndjson stays.ndjson\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    reader = Reader("stays", at=datetime(2020, 3, 1, tzinfo=UTC))
    assert len([reader.read(json.loads(line)) for line in block.splitlines()]) == 2


def test_kinds_members_and_limits_are_those_of_the_code() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    for kind, form in FORMS.items():
        (row,) = re.findall(rf"^\| `{kind}` \| (.*) \|$", text, re.MULTILINE)
        own = set(form.serializer().fields) - {"person", "id_type", "id_number", "reference"}
        documented = set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", row)))
        assert documented == own
    assert f"{MOST_LINES:,} lines" in text
    assert f"at most {LONGEST_PERIOD.days} days" in text
