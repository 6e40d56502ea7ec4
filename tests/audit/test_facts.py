"""The audit says which fact, held line, report or note was edited, added or deleted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcode.acts.models import LogLeaf
from healthcode.audit.services import begin_audit, go_on
from healthcode.evidence import audit as compared
from healthcode.evidence.bits import bits_of
from healthcode.evidence.forgetting import append_notes, note_sunset
from healthcode.evidence.held import forget_held
from healthcode.evidence.models import (
    Evidence,
    Forgotten,
    ForgottenCause,
    ForgottenLines,
    HeldLine,
    SourceBatch,
)
from healthcode.evidence.services import forget
from healthcode.evidence.together import Recorder
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.officers.withdrawals.together import withdraw_recorded
from tests import owner
from tests.acts import GROUND
from tests.audit.history import History, erased, findings, newest_fact, newest_report
from tests.owner import let_days_pass

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("policy")]

LATER: Final = timedelta(days=400)


@pytest.fixture
def history(policy: object) -> History:
    """Return two facts, one of which has ended, and of four held lines one of each fate."""
    told = History()
    told.cases([0, 1])
    told.cases([1], recovered=True)
    told.cases([2, 3, 4])
    told.decide(confirm=True, lines=[2])
    told.decide(confirm=False, lines=[3])
    return told


def of_fact(kind: str, n: int = 0) -> Callable[[], tuple[str, int, int]]:
    return lambda: (kind, Evidence.objects.order_by("pk")[n].pk, 0)


def of_held(n: int) -> Callable[[], tuple[str, int, int]]:
    return lambda: ("held-edited", HeldLine.objects.order_by("line")[n].pk, 0)


def of_report(kind: str, n: int, line: int = 0) -> Callable[[], tuple[str, int, int]]:
    return lambda: (kind, SourceBatch.objects.order_by("pk")[n].pk, line)


ROWS: Final = {
    ":first": "(SELECT min(id) FROM evidence_evidence)",
    ":ended": "(SELECT id FROM evidence_evidence WHERE end_received_at IS NOT NULL)",
    ":waiting": "(SELECT id FROM evidence_heldline WHERE rejected_by_id IS NULL)",
    ":rejected": "(SELECT id FROM evidence_heldline WHERE rejected_by_id IS NOT NULL)",
    ":copied": "person_id, kind, starts, starts_by, ends, area_id, traits, reference, source_id",
}
"""What the statements below call rows and columns."""


def copy_of(row: str, **changed: str) -> str:
    """Return the statement that adds a fact like this one."""
    said = {name: name for name in (*ROWS[":copied"].split(", "), "batch_id", "line", "salt")}
    said |= {"received_at": "received_at", "detail": "'{}'", "reference": "'another'", **changed}
    columns, values = ", ".join(said), ", ".join(said.values())
    return (
        (
            "INSERT INTO evidence_evidence (:columns) SELECT :values FROM evidence_evidence"
            " WHERE id = :row"
        )
        .replace(":columns", columns)
        .replace(":values", values)
        .replace(":row", row)
    )


EDITED: Final[dict[str, tuple[str, Callable[[], tuple[str, int, int]]]]] = {
    **{
        f"a fact's {change.split()[0]}": (
            "UPDATE evidence_evidence SET :change WHERE id = :first".replace(":change", change),
            of_fact("fact-edited"),
        )
        for change in (
            "traits = '{suspected}'",
            "starts = starts - interval '1 day'",
            "starts_by = NULL",
            "ends = now(), end_received_at = NULL",
            "person_id = person_id + 1",
            "kind = 'contact'",
            "area_id = '33'",
            "reference = 'b'",
            "source_id = (SELECT min(id) FROM accounts_account WHERE id <> source_id)",
            "received_at = received_at - interval '1 day'",
            "salt = sha256('x')",
            "line = 7",
            """detail = '{"a": 1}'""",
            "day = current_date",
            "certificate = sha256('x')",
        )
    },
    "an end": (
        "UPDATE evidence_evidence SET ends = ends + interval '1 day' WHERE id = :ended",
        of_fact("fact-edited", 1),
    ),
    "when an end came": (
        "UPDATE evidence_evidence SET end_received_at = now() WHERE id = :ended",
        of_fact("fact-edited", 1),
    ),
    "an end that no line brought": (
        "UPDATE evidence_evidence SET ends = starts, end_received_at = now() + interval '9 days'"
        " WHERE id = :first",
        of_fact("fact-unreported"),
    ),
    "an end taken away": (
        "UPDATE evidence_evidence SET ends = NULL, end_received_at = NULL, end_batch_id = NULL,"
        " end_line = NULL, end_salt = NULL WHERE id = :ended",
        of_report("fact-missing", 1, 2),
    ),
    "a fact deleted": (
        "DELETE FROM evidence_evidence WHERE id = :first",
        of_report("fact-missing", 0, 2),
    ),
    "a fact twice": (copy_of(":first"), lambda: ("fact-edited", newest_fact().pk, 0)),
    "a fact without a report": (
        copy_of(":first", received_at="now() + '9 days'", batch_id="NULL", line="1", salt="NULL"),
        lambda: ("fact-unreported", newest_fact().pk, 0),
    ),
    "a fact of a report that is not there": (
        copy_of(":first", batch_id="999"),
        lambda: ("fact-unreported", newest_fact().pk, 0),
    ),
    "a fact of a line that was refused": (
        copy_of(":first", line="1"),
        lambda: ("fact-edited", newest_fact().pk, 0),
    ),
    "a withdrawal that no act made": (
        "UPDATE evidence_evidence SET withdrawn_by_id = (SELECT min(id) FROM accounts_act)"
        " WHERE id = :first",
        of_fact("withdrawal-edited"),
    ),
    "what a held line says": (
        "UPDATE evidence_heldline SET traits = '{suspected}' WHERE id = :waiting",
        of_held(1),
    ),
    "a held line rejected without an act": (
        "UPDATE evidence_heldline SET rejected_by_id = (SELECT max(id) FROM accounts_act)"
        " WHERE id = :waiting",
        of_held(1),
    ),
    "a rejection taken back": (
        "UPDATE evidence_heldline SET rejected_by_id = NULL WHERE id = :rejected",
        of_held(0),
    ),
    "a held line deleted": (
        "DELETE FROM evidence_heldline WHERE id = :waiting",
        of_report("fact-missing", 2, 4),
    ),
    "a held line that became a fact by itself": (
        "INSERT INTO evidence_evidence (:copied, batch_id, line, salt, received_at, detail)"
        " SELECT :copied, batch_id, line, salt, now(), '{}' FROM evidence_heldline"
        " WHERE id = :waiting; DELETE FROM evidence_heldline WHERE id = :waiting",
        lambda: ("fact-unconfirmed", newest_fact().pk, 0),
    ),
    **{
        f"a report's {change.split()[0]}": (
            "UPDATE evidence_sourcebatch SET :change"
            " WHERE id = (SELECT min(id) FROM evidence_sourcebatch)".replace(":change", change),
            of_report("report-edited", 0),
        )
        for change in (
            "root = sha256('x')",
            "digests = sha256('x') || sha256('y')",
            "recorded = 9",
            "known = 9",
            "held = 9",
            "refused = 9",
            "at = at + interval '1 second'",
            "source_id = (SELECT min(id) FROM accounts_account WHERE id <> source_id)",
            r"lines = '\x06'",
            r"waiting = '\x04'",
            "salt = NULL",
        )
    },
    "a report deleted": (
        "DELETE FROM evidence_heldline;"
        " DELETE FROM evidence_sourcebatch WHERE id = (SELECT max(id) FROM evidence_sourcebatch)",
        lambda: ("report-missing", newest_report().pk + 1, 0),
    ),
    "a report added": (
        "INSERT INTO evidence_sourcebatch (source_id, kind, at, recorded, known, held, refused,"
        " root, digests) SELECT source_id, kind, at, 0, 0, 0, 0, sha256(''), ''"
        " FROM evidence_sourcebatch LIMIT 1",
        lambda: ("report-not-logged", newest_report().pk, 0),
    ),
}


def edit(statement: str) -> None:
    """Run a statement as the owner, without the triggers of evidence."""
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in ("evidence_evidence", "evidence_heldline"):
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for name, row in ROWS.items():
            statement = statement.replace(name, row)
        cursor.execute(statement)
        for table in ("evidence_evidence", "evidence_heldline"):
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


@pytest.mark.parametrize("what", EDITED)
def test_the_audit_says_which_row_the_owner_edited(history: History, what: str) -> None:
    assert findings() == set()
    statement, expected = EDITED[what]
    edit(statement)
    assert expected() in findings()


def withdrawn(history: History) -> None:
    """Withdraw the oldest fact that counts, as one officer alone may by this policy."""
    fact = Evidence.objects.filter(withdrawn_by=None).order_by("pk").first()
    if fact:
        withdraw_evidence(
            account=history.officer, evidence_id=fact.pk, ground=GROUND, at=history.later()
        )


def withdrawn_together(history: History) -> None:
    """Withdraw all that counts of the oldest report of which something counts."""
    fact = Evidence.objects.filter(withdrawn_by=None, batch__isnull=False).order_by("pk").first()
    if fact and fact.batch_id:
        withdraw_recorded(
            account=history.officer,
            recorder=Recorder.REPORT,
            number=fact.batch_id,
            ground=GROUND,
            at=history.later(),
        )


def retained(history: History) -> None:
    """Let retention delete what has ended or was withdrawn, and all held lines."""
    old = Evidence.objects.exclude(ends=None, withdrawn_by=None)
    forget(ids=list(old.values_list("pk", flat=True)), cause=ForgottenCause.RETENTION)
    forget_held(history.later() + LATER)


EVENTS: Final[dict[str, Callable[[History, list[int]], object]]] = {
    "report": lambda told, people: told.cases(people),
    "report again, with ends": lambda told, people: told.cases(people, recovered=True),
    "report something else": lambda told, people: told.cases(people, status="suspected"),
    "confirm": lambda told, _: told.decide(confirm=True),
    "reject": lambda told, _: told.decide(confirm=False),
    "withdraw": lambda told, _: withdrawn(told),
    "withdraw a report": lambda told, _: withdrawn_together(told),
    "erase": lambda told, people: erased(told, told.people[people[0]]),
    "retain": lambda told, _: retained(told),
    "note": lambda _told, _people: append_notes(),
}
HISTORIES = st.lists(
    st.tuples(st.sampled_from(sorted(EVENTS)), st.lists(st.integers(0, 5), min_size=1, max_size=4)),
    max_size=10,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_of_an_honest_history_nothing_is_found(told: list[tuple[str, list[int]]]) -> None:
    with transaction.atomic():
        let_days_pass()
        history = History()
        for event, people in told:
            EVENTS[event](history, people)
        assert findings() == set()
        transaction.set_rollback(True)


def test_the_end_of_the_service_is_noted_line_by_line(history: History) -> None:
    held = HeldLine.objects.count()
    with owner.as_owner(), connection.cursor() as cursor:
        note = note_sunset(at=history.later())
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("TRUNCATE evidence_evidence, evidence_heldline CASCADE")
    assert (note.facts, note.concerned) == (3 + held, 5)
    assert findings() == set()
    assert LogLeaf.objects.filter(kind="facts-forgotten", number=note.pk).exists()


def forgotten_by_rule(history: History) -> Forgotten:
    """Return the note of an erasure that is in the log."""
    erased(history, history.people[0])
    assert append_notes() == 1
    return Forgotten.objects.get()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE evidence_forgotten SET facts = 7",
        "UPDATE evidence_forgotten SET concerned = 7",
        "UPDATE evidence_forgotten SET cause = 'sunset'",
        "UPDATE evidence_forgotten SET at = at - interval '1 hour'",
        "UPDATE evidence_forgotten SET salt = sha256('x')",
        r"UPDATE evidence_forgottenlines SET lines = '\x0c'",
        "UPDATE evidence_forgottenlines SET batch_id = batch_id + 1",
        "DELETE FROM evidence_forgottenlines",
    ],
)
def test_an_edited_note_is_found(history: History, change: str) -> None:
    note = forgotten_by_rule(history)
    assert findings() == set()
    edit(change)
    assert ("note-edited", note.pk, 0) in findings()


def test_a_deleted_note_is_found_and_its_lines_are_missing(history: History) -> None:
    note = forgotten_by_rule(history)
    edit("DELETE FROM evidence_forgottenlines; DELETE FROM evidence_forgotten")
    first = SourceBatch.objects.earliest("pk").pk
    assert findings() == {("note-missing", note.pk, 0), ("fact-missing", first, 2)}


def test_whoever_hides_a_deletion_leaves_a_leaf_of_that_day(history: History) -> None:
    """The owner can write a note, but everybody sees that facts were deleted, and when."""
    fact = Evidence.objects.earliest("pk")
    edit("DELETE FROM evidence_evidence WHERE id = :first")
    with owner.as_owner():
        note = Forgotten.objects.create(
            cause=ForgottenCause.ERASURE,
            facts=1,
            day=history.at.date(),
            at=history.at,
            salt=b"0" * 16,
        )
        ForgottenLines.objects.create(
            forgotten=note, batch_id=fact.batch_id, lines=bits_of([fact.line or 0])
        )
    assert findings() == set()
    leaf = LogLeaf.objects.get(kind="facts-forgotten", number=note.pk)
    edit("DELETE FROM evidence_forgottenlines")
    assert ("note-edited", leaf.number, 0) in findings()


def test_a_fact_that_came_back_after_it_was_forgotten_is_found(history: History) -> None:
    fact = Evidence.objects.earliest("pk")
    erased(history, history.people[0])
    fact.save(force_insert=True)
    assert findings() == {("fact-twice", fact.pk, 0)}


@pytest.mark.parametrize("withdraw", [withdrawn, withdrawn_together])
def test_a_withdrawal_taken_back_is_found(
    history: History, withdraw: Callable[[History], None]
) -> None:
    withdraw(history)
    assert findings() == set()
    facts = list(Evidence.objects.exclude(withdrawn_by=None).values_list("pk", flat=True))
    assert facts
    edit("UPDATE evidence_evidence SET withdrawn_by_id = NULL")
    assert findings() == {("withdrawal-edited", fact, 0) for fact in facts}


def test_a_fact_that_its_act_of_many_does_not_name_is_found(history: History) -> None:
    withdrawn_together(history)
    history.cases([4])
    fact = Evidence.objects.latest("pk")
    edit(
        "UPDATE evidence_evidence SET withdrawn_by_id ="
        " (SELECT max(withdrawn_by_id) FROM evidence_evidence)"
    )
    assert ("withdrawal-edited", fact.pk, 0) in findings()


def test_retention_has_one_note_a_day_which_waits_for_the_day_to_end(history: History) -> None:
    let_days_pass()
    history.cases([2], recovered=True)
    retained(history)
    assert forget_held(history.at + LATER) == 0
    note = Forgotten.objects.get()
    assert (note.facts, note.concerned) == (4, 4)
    assert append_notes() == 0
    assert findings() == set()
    edit("UPDATE evidence_forgotten SET day = day - 2")
    assert append_notes() == 1
    assert append_notes() == 0
    assert findings() == set()


def test_the_audit_goes_through_reports_part_by_part(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compared, "REPORTS_AT_ONCE", 1)
    monkeypatch.setattr(compared, "FACTS_AT_ONCE", 1)
    edit("DELETE FROM evidence_evidence WHERE id = :first")
    audit = begin_audit(at=timezone.now())
    while audit.reports_done_at is None:
        go_on(audit, at=timezone.now())
        # Whoever died meanwhile is followed by another one, which reads where the audit is.
        audit = type(audit).objects.get(pk=audit.pk)
    assert audit.reports == newest_report().pk
    assert audit.lines == 2 + 1 + 3
    while audit.finished_at is None:
        go_on(audit, at=timezone.now())
    assert audit.findings.get(kind="fact-missing").line == 2
