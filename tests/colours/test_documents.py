"""What the documents say about policies is true."""

import re
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from healthcode.acts.kinds import CAN_WAIT
from healthcode.areas.models import Level
from healthcode.colours import policy, safeguards
from healthcode.colours.decide import LevelPeriod, decide
from healthcode.colours.mistakes import PolicyFault
from healthcode.colours.policy import parse
from healthcode.core import Colour
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.selectors import Fact
from healthcode.evidence.traits import Trait
from tests.colours.world import shanghai

DOCS = Path(__file__).resolve().parents[2] / "docs"
HOW_TO = (DOCS / "howto/write-a-policy.md").read_text(encoding="utf-8")
REFERENCE = (DOCS / "reference/policy.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```toml my-policy.toml\n(.*?)```", HOW_TO, re.DOTALL)

JIANGGAN = [
    LevelPeriod("330104", Level.ORANGE, shanghai(2, 9), shanghai(2, 24), act=1),
    LevelPeriod("330104", Level.BLUE, shanghai(2, 24), None, act=2),
]


def zhao_jun(*check_ins: tuple[int, int], at: datetime) -> tuple[Colour, datetime | None]:
    """At home in Jianggan, with healthy check-ins at 08:00 on these days."""
    home = Fact(1, EvidenceKind.STAY, shanghai(1, 1), None, "330104", (), None)
    days = [shanghai(*day, 8) for day in check_ins]
    well = [
        Fact(n, EvidenceKind.CHECK_IN, day, day, None, ("healthy",), day.date())
        for n, day in enumerate(days, 2)
    ]
    decision = decide([home, *well], parse(EXAMPLE), at, levels=JIANGGAN)
    return decision.colour, decision.until


def test_what_the_example_does_to_zhao_jun() -> None:
    every_day = [(2, day) for day in range(24, 30)] + [(3, 1)]
    missed_one = [day for day in every_day if day != (2, 27)] + [(3, n) for n in range(2, 6)]

    assert zhao_jun(at=shanghai(2, 9)) == (Colour.YELLOW, None)
    assert zhao_jun(*every_day, at=shanghai(3, 1, 9)) == (Colour.YELLOW, shanghai(3, 2))
    assert zhao_jun(*every_day, at=shanghai(3, 2)) == (Colour.GREEN, None)
    assert zhao_jun(*missed_one, at=shanghai(3, 5)) == (Colour.YELLOW, shanghai(3, 5, 8))


def test_a_mistake_is_told_as_shown() -> None:
    with pytest.raises(PolicyFault) as caught:
        parse(EXAMPLE.replace("hold_days = 7", "hold_days = 700"), "my-policy.toml")

    assert str(caught.value) in HOW_TO


def test_the_reference_tells_the_traits_of_every_kind() -> None:
    table = REFERENCE.partition("Traits by kind:")[2].partition("\n\n#")[0]
    words = frozenset(str(trait) for trait in Trait)
    told = {
        kind: words.intersection(re.findall(r"`(\w+)`", said))
        for kinds, said in re.findall(r"^\| (`.*?) \| (.*) \|$", table, re.MULTILINE)
        for kind in re.findall(r"`(\w+)`", kinds)
    }
    assert told == {str(kind): set(record.traits) for kind, record in KINDS.items()}


def test_the_reference_names_every_field_trait_and_placeholder() -> None:
    fields = policy.RULE_FIELDS | policy.POLICY_FIELDS - {"rule"}
    placeholders = {f"{{{name}}}" for name in policy.PLACEHOLDERS}

    named = set(re.findall(r"`([^`]+)`", REFERENCE))

    assert {str(trait) for trait in Trait} | placeholders | set(EvidenceKind.values) <= named
    for field in fields:
        assert {field, f"{field}.zh", f"[[{field}]]", f"[{field}]"} & named, field


def test_the_reference_tells_the_bounds_and_the_shipped_values_of_every_safeguard() -> None:
    rows = dict(re.findall(r"^\| `(\w+\.\w+)` \| (.*?) \|", REFERENCE, re.MULTILINE))
    shipped = dict(re.findall(r"^\| `(\w+\.\w+)` \|[^|]*\| (.*?) \|", REFERENCE, re.MULTILINE))

    bounds = {
        f"{section}.{field}": f"{least} to {most}"
        for section, fields in safeguards.BOUNDS.items()
        for field, (least, most) in fields.items()
    }
    assert {name: rows[name] for name in bounds} == bounds
    for name in bounds:
        section, field = name.split(".")
        assert shipped[name] == str(getattr(getattr(safeguards.SHIPPED, section), field)), name
    (kinds,) = rows.keys() - bounds.keys() & shipped.keys()
    assert kinds == "second_person.kinds"
    assert tomllib.loads(f"kinds = {shipped[kinds].strip('`')}")["kinds"] == sorted(
        safeguards.SHIPPED.second_person.kinds
    )


def test_the_reference_names_every_kind_of_act_that_can_wait() -> None:
    named = set(re.findall(r"`([^`]+)`", REFERENCE))
    assert {kind.value for kind, can_wait in CAN_WAIT.items() if can_wait} <= named
