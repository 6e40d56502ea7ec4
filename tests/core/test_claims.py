"""What a code says is the same in the core's table, in docs/format.md and in the vectors."""

import re
from collections.abc import Sequence
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from healthcode.core import MalformedCode, claims
from healthcode.core.claims import CLAIMS, HC, LATER, STATEMENT, HealthCode, Member
from tests.core import forge
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
    """Return the keys of a CDDL rule, each with its value's rule and whether it is required."""
    found = re.findall(r"(\? )?(-?\d+): ([\w-]+)", RULES[rule])
    return {int(key): (value, not optional) for optional, key, value in found}


def rows(members: Sequence[Member]) -> dict[int, tuple[str, bool]]:
    return {each.key: (each.coding.rule, each.always) for each in members}


def test_each_claim_is_in_the_cddl_of_the_page() -> None:
    only_bound = {key: (rule, False) for key, (rule, _) in entries("bound-claims").items()}
    del only_bound[2]

    assert entries("common") | only_bound == rows(CLAIMS)
    assert f"{HC}: {{ statement, 2: kind, * later => unknown }}" in RULES["claims"]
    assert f"{HC}: {{ statement, 2: live, * later => unknown }}" in RULES["bound-claims"]
    assert RULES["later"].strip() == f"{LATER[0]}..{LATER[-1]}"


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
    """With a default, code that issues codes could forget the member without an error."""
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


def with_a_row(folder: Path, row: str) -> ModuleType:
    """Return the core's table with one more member, as somebody would add it."""
    source = Path(claims.__file__).read_text("utf-8")
    for place, more in (
        ("    phone_key: bytes | None\n", "    sampled: int | None\n"),
        ('    Member(4, "holder", HOLDER, always=False),\n', f"    {row},\n"),
    ):
        assert source.count(place) == 1
        source = source.replace(place, place + more)
    path = folder / "claims_of_later.py"
    path.write_text(source, "utf-8")
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def read_by(module: ModuleType, data: bytes) -> Any:
    found = re.compile(module.PATTERN, re.DOTALL).fullmatch(data)
    assert found is not None
    return module.read(found.groups())


@pytest.mark.parametrize("key", [5, 17])
def test_a_member_that_gets_a_row_is_written_and_read(tmp_path: Path, key: int) -> None:
    later = with_a_row(tmp_path, f'Member({key}, "sampled", NUMBER, always=False)')
    said = later.HealthCode(**health_code()._asdict(), sampled=7)

    assert read_by(later, later.write(said)) == said
    assert read_by(later, claims.write(health_code())).sampled is None
    assert later.tell(said)["sampled"] == 7


def test_a_member_is_read_among_those_that_are_passed_over(tmp_path: Path) -> None:
    later = with_a_row(tmp_path, 'Member(17, "sampled", NUMBER, always=False)')
    good = forge.claims()
    mixed = forge.canonical(good | {HC: good[HC] | {16: b"", 17: 7, 24: 1}})

    assert read_by(later, mixed).sampled == 7
    assert read_by(claims, mixed) == health_code()


def test_a_member_that_has_a_row_must_be_as_the_row_says(tmp_path: Path) -> None:
    later = with_a_row(tmp_path, 'Member(17, "sampled", NUMBER, always=False)')
    good = forge.claims()
    with pytest.raises(MalformedCode):
        read_by(later, forge.canonical(good | {HC: good[HC] | {17: b"7"}}))
