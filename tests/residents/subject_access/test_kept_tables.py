"""Each table has one record, from which retention, export, erasure and docs/ are made."""

from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models

from accounts.models import Account, Grant, Person, Role
from healthcode.acts.models import Act
from healthcode.codes.models import SigningKey
from healthcode.evidence.models import Forgotten, ForgottenCause
from healthcode.web import keeping
from healthcode.web.keeping import OF_NOBODY, Because, Cadence, Export, Goes, TableRecord, records
from tests.accounts.test_privacy import stored
from tests.codes.conftest import NOON, Resident
from tests.owner import as_owner

pytestmark = pytest.mark.django_db

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "retention.md"
# A column with one of these words in its name identifies a person or refers to one.
TELLING = ("person", "people", "phone", "name_sealed", "number_index", "session")

TABLES = """
SELECT relname FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
"""
COLUMNS = """
SELECT DISTINCT table_name, column_name FROM information_schema.columns
WHERE table_schema = 'public'
"""


def table(record: TableRecord) -> str:
    return record.model._meta.db_table


def rows_of(query: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_every_table_has_one_record() -> None:
    recorded = Counter(map(table, records()))
    assert [name for name, count in recorded.items() if count > 1] == []
    # Django's own table of migrations has no model.
    assert {name for (name,) in rows_of(TABLES)} - {"django_migrations"} == set(recorded)


def test_a_table_that_names_somebody_is_not_recorded_as_of_nobody() -> None:
    """The columns are searched, so that the test notices a new column of an old table too."""
    of_nobody = {table(record) for record in records() if record.export is OF_NOBODY}
    telling = {
        (name, column)
        for name, column in rows_of(COLUMNS)
        if name in of_nobody and any(word in column for word in TELLING)
    }
    assert telling == set()


def goes_with_a_person(model: type[models.Model]) -> bool:
    return any(
        field.related_model is Person and field.remote_field.on_delete is models.CASCADE  # type: ignore[union-attr]
        for field in model._meta.concrete_fields
        if field.is_relation
    )


def test_what_goes_with_the_person_is_deleted_by_the_models() -> None:
    theirs = {table(record) for record in records() if record.erase is Goes.WITH_THE_PERSON}
    assert theirs
    models_of = {table(record): record.model for record in records()}
    assert {name for name in theirs if not goes_with_a_person(models_of[name])} == set()


def test_a_table_that_refers_to_a_person_is_erased_or_its_page_says_why_not() -> None:
    for record in records():
        refers = any(field.related_model is Person for field in record.model._meta.concrete_fields)
        if refers:
            assert not isinstance(record.erase, Because), table(record)
            assert isinstance(record.export, Export) or record.export is not OF_NOBODY


def test_the_members_of_the_file_have_names_of_their_own() -> None:
    members = [record.export.member for record in records() if isinstance(record.export, Export)]
    assert len(members) == len(set(members))


def test_one_table_that_cannot_be_swept_does_not_keep_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    swept: list[str] = []

    def broken(_at: object) -> int:
        raise ConnectionError

    def record(rows: object) -> TableRecord:
        return TableRecord(
            model=Person,
            holds="",
            kept="",
            forget=keeping.Forget(rows, Cadence.OFTEN),  # type: ignore[arg-type]
            export=OF_NOBODY,
            erase=OF_NOBODY,
            sunset=OF_NOBODY,
        )

    made = (record(broken), record(lambda _at: swept.append("the other")))
    monkeypatch.setattr(keeping, "records", lambda: made)
    with pytest.raises(ExceptionGroup):
        keeping.forget(Cadence.OFTEN, at=NOON)
    assert swept == ["the other"]


def test_the_page_has_the_table_that_the_records_make() -> None:
    """If this fails, put the output of `manage.py list_kept_tables` into the page."""
    out = StringIO()
    call_command("list_kept_tables", stdout=out)
    assert out.getvalue().strip() in PAGE.read_text()


def test_at_the_end_nothing_about_anybody_is_left(
    zhang: Resident, signing_key: SigningKey, officer: Account
) -> None:
    """The test searches every text and number of the database. Acts and policies stay."""
    person, acts = zhang.person.pk, Act.objects.count()
    with pytest.raises(CommandError, match="--people 1"):
        end(people=7, officer=officer)
    assert Person.objects.filter(pk=person).exists()

    # PostgreSQL cannot empty a table with pending constraint checks, so they run now, as at a
    # commit.
    connection.check_constraints()
    with as_owner():
        end(people=1, officer=officer)

    assert Act.objects.count() == acts + 1
    assert Forgotten.objects.filter(cause=ForgottenCause.SUNSET).count() == 1
    left = {name for name, value in stored() if "13800138000" in value.decode(errors="ignore")}
    assert left == set()
    emptied = [record for record in records() if record.sunset is Goes.AT_ONCE]
    assert {table(record) for record in emptied if record.model._default_manager.exists()} == set()
    assert not Account.objects.filter(phone_index__isnull=False).exists()


def test_only_who_answers_for_the_province_ends_the_service(zhang: Resident) -> None:
    of_a_city = Account.objects.create(username="officer of a city")
    Grant.objects.create(account=of_a_city, role=Role.OFFICER, area="3301")
    with pytest.raises(CommandError, match="管辖"):
        end(people=1, officer=of_a_city)
    assert Person.objects.exists()


def end(*, people: int, officer: Account) -> None:
    call_command(
        "end_service",
        *("--people", str(people), "--officer", officer.username),
        *("--ground-kind=legal-duty", "--ground=Decision of the province, 13 February 2023"),
        stdout=StringIO(),
    )
