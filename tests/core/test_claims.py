"""What a code says is the same in the core's table, in docs/format.md and in the vectors."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from healthcode.core import MalformedCode, claims
from healthcode.core.claims import CLAIMS, HC, STATEMENT, HealthCode, Member
from tests.core.forge import PHONE, health_code
from tests.core.test_vectors import VECTORS

PAGE = (Path(__file__).parents[2] / "docs/format.md").read_text("utf-8")
RULES = dict(
    re.findall(
        r"^([\w-]+) = (.*?)(?=^\S+ = |^```|^$)",
        "\n".join(re.findall(r"```cddl\n(.*?```)", PAGE, re.DOTALL)),
        re.DOTALL | re.MULTILINE,
    )
)
SHOWN = [vector["code"] for vector in VECTORS["cases"] if vector["code"] is not None]


def entries(rule: str) -> dict[int, tuple[str, bool]]:
    """The keys of a rule of the page, each with the rule of its value and whether it must be."""
    found = re.findall(r"(\? )?(-?\d+): ([\w-]+)", RULES[rule])
    return {int(key): (value, not optional) for optional, key, value in found}


def rows(members: Sequence[Member]) -> dict[int, tuple[str, bool]]:
    return {each.key: (each.coding.rule, each.always) for each in members}


def test_each_claim_is_in_the_cddl_of_the_page() -> None:
    only_bound = {key: (rule, False) for key, (rule, _) in entries("bound-claims").items()}
    del only_bound[2]

    assert entries("common") | only_bound == rows(CLAIMS)
    assert f"{HC}: {{ statement, 2: kind }}" in RULES["claims"]
    assert f"{HC}: {{ statement, 2: live }}" in RULES["bound-claims"]


def test_each_member_is_in_the_cddl_of_the_page() -> None:
    assert entries("statement") | entries("claims") == rows(STATEMENT)


def test_each_key_is_in_the_table_of_the_page() -> None:
    table = dict(re.findall(r"^\| ([-\d, ]+) \| `[^|]*` \| ([^|]*) \|$", PAGE, re.MULTILINE))
    keys = [int(key) for cell in table for key in cell.split(", ")]
    members = re.findall(r"(?:^|; )(\d+) (\w+)", table[str(HC)])

    assert sorted(keys) == sorted([each.key for each in CLAIMS] + [HC])
    assert {int(key): name for key, name in members} == {each.key: each.field for each in STATEMENT}


def test_each_field_of_a_code_is_in_one_row() -> None:
    fields = [each.field for each in (*CLAIMS, *STATEMENT)]

    assert sorted(fields) == sorted(HealthCode._fields)


def test_no_field_is_left_out_when_a_code_is_made() -> None:
    """With a default, a place that issues codes could be forgotten without a word."""
    assert HealthCode._field_defaults == {}


def test_a_vector_has_each_member_and_another_has_not_what_may_be_absent() -> None:
    for each in (*CLAIMS, *STATEMENT):
        there = {code[each.told_as or each.field] not in (None, False) for code in SHOWN}
        assert there == ({True} if each.always else {True, False}), each.field


@pytest.mark.parametrize("optional", [each for each in (*CLAIMS, *STATEMENT) if not each.always])
@pytest.mark.parametrize("is_there", [True, False])
def test_the_head_of_a_map_counts_what_may_be_absent(optional: Member, is_there: bool) -> None:
    full = health_code(phone_key=PHONE.point)
    good = claims.write(full if is_there else full._replace(**{optional.field: None}))
    groups = re.compile(claims.PATTERN, re.DOTALL).fullmatch(good)
    assert groups is not None
    before = groups.start(1) if optional in CLAIMS else groups.start(2 + len(CLAIMS))
    other = bytearray(good)
    other[before] += -1 if is_there else 1

    found = re.compile(claims.PATTERN, re.DOTALL).fullmatch(bytes(other))

    assert found is not None, "the pattern leaves it to the reader"
    with pytest.raises(MalformedCode):
        claims.read(found.groups())
