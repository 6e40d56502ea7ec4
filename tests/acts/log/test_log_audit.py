"""The audit says which act, leaf or tile somebody has edited or deleted."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from django.db import connection

from healthcode.acts.log import entries, keys
from healthcode.acts.log.audit import findings
from healthcode.acts.log.findings import LogFinding, LogFindingKind
from healthcode.acts.models import Act, LogLeaf
from tests import owner
from tests.acts import act_of
from tests.acts.log import append_batches, as_owner, extend
from tests.acts.log.test_sequencer import old_act
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)
PAGE: Final = Path(__file__).parents[3] / "docs" / "log.md"
KIND = LogFindingKind


@pytest.fixture
def act() -> Act:
    """An act at position 256, in a log of 258 leaves, with one more act that waits."""
    keys.make_keys(at=NOON)
    append_batches(256, at=NOON)
    officer = world.officer("33")
    act = act_of(officer, at=NOON)
    append_batches(1, at=NOON)
    extend(at=NOON)
    act_of(officer, at=NOON)
    return act


def found() -> list[LogFinding]:
    return list(findings(at=NOON))


@pytest.mark.usefixtures("act")
def test_a_log_that_nobody_edited_has_no_findings() -> None:
    assert found() == []


def test_the_page_names_each_member_of_a_record(act: Act) -> None:
    """If this fails, correct the table of section 3 of docs/log.md."""
    section = PAGE.read_text("utf-8").split("\n## 3. ")[1].split("\n### ")[0]
    cells = re.findall(r"^\| (`[^|]*`) \|", section, re.MULTILINE)
    told = {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}
    assert told == set(json.loads(entries.act_record(act, entries.areas_of(act))))


def test_without_a_log_there_is_nothing_to_find() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "change",
    [
        "ground = 'Another ground of some length'",
        "worse = 7",
        "people_before = '{1,2,3}'",
        "detail = '{\"levels\": {}}'",
        "at = at + interval '1 microsecond'",
        "area = '3301'",
        "role = 'source'",
        "kind = 'levels-published'",
    ],
)
def test_an_edited_act_is_named(act: Act, change: str) -> None:
    as_owner("accounts_act", " ".join(["UPDATE accounts_act SET", change, "WHERE id = %s"]), act.pk)
    assert found() == [LogFinding(KIND.ACT_EDITED, act.pk)]


def test_an_act_edited_before_it_has_a_position_is_named(act: Act) -> None:
    as_owner("accounts_act", "UPDATE accounts_act SET worse = 7 WHERE id = %s", act.pk + 1)
    assert found() == [LogFinding(KIND.ACT_EDITED, act.pk + 1)]


def test_an_act_filed_elsewhere_is_named(act: Act) -> None:
    as_owner("accounts_actarea", "UPDATE accounts_actarea SET people = 9 WHERE act_id = %s", act.pk)
    assert found() == [LogFinding(KIND.ACT_EDITED, act.pk)]


def test_a_deleted_act_is_named(act: Act) -> None:
    without_references()
    as_owner("accounts_actarea", "DELETE FROM accounts_actarea WHERE act_id = %s", act.pk)
    as_owner("accounts_act", "DELETE FROM accounts_act WHERE id = %s", act.pk)
    assert found() == [LogFinding(KIND.ACT_MISSING, act.pk)]


def test_an_act_with_its_leaf_deleted_leaves_a_gap(act: Act) -> None:
    as_owner("acts_logleaf", "DELETE FROM acts_logleaf WHERE number = %s AND salt NOTNULL", act.pk)
    assert found() == [
        LogFinding(KIND.LEAF_MISSING, 256),
        LogFinding(KIND.ACT_NOT_LOGGED, act.pk),
        LogFinding(KIND.CHECKPOINT_WRONG, 258),
    ]


@pytest.mark.usefixtures("act")
def test_an_act_that_nobody_logged_is_named() -> None:
    forged = old_act(world.officer("33"))
    assert found() == [LogFinding(KIND.ACT_NOT_LOGGED, forged.pk)]


@pytest.mark.usefixtures("act")
def test_an_edited_leaf_is_named_by_its_position() -> None:
    entry = LogLeaf.objects.get(position=4).entry
    changed = bytes(entry).replace(b'"1-9"', b'"0"')
    as_owner("acts_logleaf", "UPDATE acts_logleaf SET entry = %s WHERE position = 4", changed)
    assert found() == [LogFinding(KIND.LEAF_EDITED, 4)]


def test_an_act_edited_with_its_leaf_is_found(act: Act) -> None:
    """Whoever also computes the digest anew is still contradicted by what was published."""
    as_owner("accounts_act", "UPDATE accounts_act SET worse = 7 WHERE id = %s", act.pk)
    leaf = entries.act_row(Act.objects.get(pk=act.pk), [("", 0)])
    as_owner(
        "acts_logleaf",
        "UPDATE acts_logleaf SET entry = %s, salt = %s WHERE position = 256",
        leaf.entry,
        leaf.salt,
    )
    assert found() == [LogFinding(KIND.CHECKPOINT_WRONG, 258)]


@pytest.mark.usefixtures("act")
@pytest.mark.parametrize(
    ("table", "statement", "kinds"),
    [
        ("acts_logtile", "DELETE FROM acts_logtile", [KIND.TILE_WRONG, KIND.CHECKPOINT_WRONG]),
        (
            "acts_logtile",
            "UPDATE acts_logtile SET root = decode(repeat('00', 32), 'hex')",
            [KIND.TILE_WRONG, KIND.CHECKPOINT_WRONG],
        ),
        ("acts_logcheckpoint", "UPDATE acts_logcheckpoint SET note = ''", [KIND.CHECKPOINT_WRONG]),
        ("acts_logcheckpoint", "UPDATE acts_logcheckpoint SET size = 257", [KIND.CHECKPOINT_WRONG]),
        ("acts_logkey", "UPDATE acts_logkey SET retired_at = now()", [KIND.CHECKPOINT_WRONG]),
    ],
)
def test_what_was_published_is_checked(table: str, statement: str, kinds: list[KIND]) -> None:
    as_owner(table, statement)
    assert [finding.kind for finding in found()] == kinds


def without_references() -> None:
    """Drop the foreign keys to acts, as their owner can."""
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("acts_logleaf", "accounts_actarea"):
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass",
                [table],
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
