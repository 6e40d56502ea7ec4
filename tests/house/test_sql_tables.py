"""Tables named in SQL obey the floors of the architecture, as imports do.

import-linter does not see SQL. But a room that joins another room's table depends on it.
"""

from pathlib import Path
from typing import Final

from tests.house.floors import floors, is_below
from tests.house.tables import named, owners, strings

ROOT: Final = Path(__file__).resolve().parents[2]

# The tables and functions of other rooms that each room's SQL names.
DECLARED: Final = {
    "healthcode.acts": {"accounts_guardianship", "accounts_mergedregistration"},
    "healthcode.areas": {"accounts_person"},
    "healthcode.colours": {
        *{"accounts_act", "accounts_person"},
        *{"areas_area", "areas_arealevel", "evidence_evidence"},
    },
    # One query for each code; docs/performance/door.md has the cost of two.
    "healthcode.codes": {
        *{"accounts_act", "accounts_guardianship", "accounts_identity", "accounts_token_of"},
        *{"colours_colourchange", "colours_personcolour", "evidence_evidence"},
        "evidence_reported",
    },
    "healthcode.evidence": {
        *{"accounts_act", "accounts_grant", "accounts_guardianship", "accounts_person"},
        *{"accounts_mergedregistration", "acts_logleaf", "kept_days"},
    },
    "verifier": {"accounts_account", "accounts_grant", "accounts_token"},
    "healthcode.tracing": {"accounts_formerhome", "accounts_person", "evidence_evidence"},
    "healthcode.scan_tracing": {
        *{"colours_personcolour", "verifier_device", "verifier_scan", "verifier_venue"}
    },
    "healthcode.officers": {
        *{"accounts_mergedregistration", "accounts_person", "colours_personcolour"}
    },
    "healthcode.tools": {
        *{"accounts_person", "colours_personcolour", "evidence_evidence"},
        *{"tracing_membership", "tracing_place", "tracing_presence"},
    },
}


def test_sql_names_only_tables_of_rooms_below() -> None:
    known, house = owners(ROOT), floors(ROOT)
    climbs = [
        f"{room} names {table} of {known[table]}"
        for room, tables in named(ROOT, known).items()
        for table in sorted(tables)
        if not is_below(known[table], room, house)
    ]
    assert climbs == []


def test_every_foreign_table_is_declared() -> None:
    assert named(ROOT, owners(ROOT)) == DECLARED


def test_a_table_is_found_in_any_string_but_a_docstring(tmp_path: Path) -> None:
    (tmp_path / "verifier").mkdir()
    (tmp_path / "verifier" / "peek.py").write_text(
        '"""Never reads colours_personcolour."""\n'
        "SQL = 'SELECT colour FROM ' 'colours_personcolour'\n"
        "MORE = f'JOIN evidence_evidence ON {SQL}'\n"
    )
    known = {
        "colours_personcolour": "healthcode.colours",
        "evidence_evidence": "healthcode.evidence",
    }

    assert named(tmp_path, known) == {"verifier": {"colours_personcolour", "evidence_evidence"}}


def test_what_a_program_says_of_itself_is_no_sql() -> None:
    assert list(
        strings('"""accounts_person"""\nclass A:\n    """areas_area"""\n    x = "y"\n')
    ) == ["y"]


def test_neighbours_and_upper_floors_are_not_below() -> None:
    house = floors(ROOT)

    assert is_below("accounts", "healthcode.acts", house)
    assert not is_below("healthcode.acts", "accounts", house)
    assert not is_below("healthcode.codes", "verifier", house)
