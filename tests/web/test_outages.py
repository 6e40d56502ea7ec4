"""When the database is gone or busy, callers learn when to try again, and never get 500."""

import contextlib
import threading
from collections.abc import Iterator

import psycopg2
import pytest
from django.core.management import call_command
from django.core.management.commands import migrate
from django.db import OperationalError, connection, transaction
from django.db.utils import DatabaseError, InterfaceError, ProgrammingError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from healthcode.tools.run.postgres import SERVICE
from healthcode.urls import handler404, handler500
from healthcode.urls import urlpatterns as all_patterns
from healthcode.web import calls, outages
from healthcode.web.calls import LIMITS, AtWork, CallKind
from healthcode.web.outages import RETRY_AFTER_SECONDS, refusal_of
from healthcode.web.pulse import Watch
from tests.owner import as_owner

__all__ = ["handler404", "handler500"]
FAILURES = [
    OperationalError("server closed the connection unexpectedly"),
    InterfaceError("connection already closed"),
    DatabaseError("error with status PGRES_TUPLES_OK and no message from the libpq"),
]
failing: list[Exception] = []


class Failing(APIView):
    """A call whose database fails."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """Fail."""
        raise failing[0]


def failing_page(request: HttpRequest) -> HttpResponse:
    """Answer with a page whose database fails."""
    raise failing[0]


def failing_late(request: HttpRequest) -> HttpResponse:
    """Answer with a page after which the session cannot be stored."""
    request.session["one"] = 1
    return HttpResponse()


urlpatterns = [
    path("api/v1/failing", Failing.as_view()),
    path("failing", failing_page),
    path("failing-late", failing_late),
    *all_patterns,
]


@pytest.fixture(params=FAILURES, ids=lambda failure: type(failure).__name__)
def failure(request: pytest.FixtureRequest) -> Iterator[Exception]:
    failing[:] = [request.param]
    yield request.param
    failing.clear()


@override_settings(ROOT_URLCONF=__name__)
def test_a_call_gets_a_problem_document(failure: Exception, client: Client) -> None:
    answer = client.get("/api/v1/failing", headers={"Accept-Language": "en"})
    assert answer.status_code == 503
    assert answer.json()["type"] == "/problems/unavailable"
    assert int(answer.headers["Retry-After"]) in RETRY_AFTER_SECONDS


@override_settings(ROOT_URLCONF=__name__)
def test_a_reader_gets_a_page_in_both_languages(failure: Exception, client: Client) -> None:
    """The page does not use the database, and neither may this test."""
    answer = client.get("/failing")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) in RETRY_AFTER_SECONDS
    page = answer.content.decode()
    assert page.index("现在办不了") < page.index("Not available at the moment")


@override_settings(ROOT_URLCONF=__name__)
def test_so_does_one_whose_page_failed_outside_its_view(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: object, **_options: object) -> None:
        raise FAILURES[0]

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.save", fail)
    client.raise_request_exception = False
    answer = client.get("/failing-late")
    assert answer.status_code == 503
    assert "Not available at the moment" in answer.content.decode()


@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_ours_stays_one(client: Client) -> None:
    failing[:] = [ProgrammingError("no such column")]
    client.raise_request_exception = False
    assert client.get("/api/v1/failing").status_code == 500
    assert refusal_of(ValueError()) is None


@contextlib.contextmanager
def locked(table: str) -> Iterator[None]:
    """Lock a table by another connection."""
    with contextlib.closing(psycopg2.connect(**connection.get_connection_params())) as other:
        other.cursor().execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield
        other.rollback()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("inside_a_transaction", [False, True])
def test_nobody_waits_for_a_lock_longer_than_their_kind_may(inside_a_transaction: bool) -> None:
    block = transaction.atomic() if inside_a_transaction else contextlib.nullcontext()

    def look() -> None:
        with calls.at(AtWork(CallKind.DOORS)), block, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.execute("SELECT 1 FROM colours_personcolour")

    with (
        locked("colours_personcolour"),
        pytest.raises(OperationalError, match="lock timeout") as raised,
    ):
        look()
    assert refusal_of(raised.value) is not None


@pytest.mark.django_db(transaction=True)
def test_no_statement_takes_longer_than_its_kind_may() -> None:
    with (
        calls.at(AtWork(CallKind.DOORS)),
        connection.cursor() as cursor,
        pytest.raises(OperationalError, match="statement timeout"),
    ):
        cursor.execute("SELECT pg_sleep(10)")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", CallKind)
def test_limits_end_with_the_transaction(kind: CallKind) -> None:
    """The connection has no limits for its next user, even behind PgBouncer."""
    ask = """
        SELECT array_agg(setting::int ORDER BY name) FROM pg_settings
        WHERE name IN ('lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout')
    """
    with connection.cursor() as cursor:
        cursor.execute(ask)
        before = cursor.fetchone()
        with calls.at(AtWork(kind)):
            limits = LIMITS[kind]
            expected = [int(1000 * one) for one in (limits.idle, limits.lock, limits.statement)]
            cursor.execute(ask)
            # A statement of a migration outside transactions is alone in its message.
            is_alone = kind is CallKind.MIGRATION
            assert cursor.fetchone() == (before if is_alone else (expected,))
            with transaction.atomic():
                cursor.execute("SELECT 1")
                cursor.execute(ask)
                assert cursor.fetchone()[0] == expected
        cursor.execute(ask)
        assert cursor.fetchone() == before


@pytest.mark.django_db(transaction=True)
def test_what_nobody_waits_for_any_more_is_not_done() -> None:
    work = AtWork(CallKind.PHONES)

    def half_do() -> None:
        with calls.at(work), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("INSERT INTO tried VALUES (1)")
            work.abandoned = True

    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE tried (one int); GRANT ALL ON tried TO {SERVICE}")
    try:
        with pytest.raises(OperationalError, match="come again"):
            half_do()
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM tried")
            assert cursor.fetchone() == (0,)
    finally:
        with as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE tried")


@pytest.mark.django_db(transaction=True)
def test_a_silent_database_is_asked_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outages.DATABASE, "is_silent", lambda: True)
    with (
        calls.at(AtWork(CallKind.DOORS)),
        connection.cursor() as cursor,
        pytest.raises(OperationalError, match="silent"),
    ):
        cursor.execute("SELECT 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def test_a_watch_tells_what_it_saw_last_and_never_waits() -> None:
    answers, hang = iter([1]), threading.Event()
    asked_again = threading.Event()

    def look() -> int:
        found = next(answers, None)
        if found is None:
            asked_again.set()
            hang.wait(30)
        return found or 2

    watch = Watch("test", look, every=0)
    watch.start()
    try:
        assert asked_again.wait(10)
        seen = watch.known(patience=5)
        assert seen is not None
        assert seen.value == 1
    finally:
        watch.stop()
        hang.set()


def test_one_line_in_the_log_stands_for_many(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outages, "_log", outages._Log())
    for _ in range(100):
        refusal_of(FAILURES[0])
    assert len([one for one in caplog.records if "answered 503" in one.message]) == 1


def test_every_call_of_doors_and_phones_is_known_for_theirs() -> None:
    """The test checks each address of these rooms, so that no new address counts as "rest"."""
    import healthcode.codes.urls as codes
    import healthcode.residents.urls as residents
    import verifier.urls as doors

    for route in doors.api:
        assert calls.kind_of(f"/api/v1/{route.pattern}") is CallKind.DOORS, route
    for route in (*codes.api, *residents.api):
        assert calls.kind_of(f"/api/v1/{route.pattern}") is CallKind.PHONES, route
    for route in residents.pages:
        assert calls.kind_of(f"/{route.pattern}") is CallKind.PHONES, route


@pytest.mark.django_db(transaction=True)
def test_a_migration_does_not_wait_for_a_table_that_others_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[object] = []

    def look(_self: object, *_arguments: object, **_options: object) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT setting FROM pg_settings WHERE name = 'lock_timeout'")
            found.append(cursor.fetchone())

    monkeypatch.setattr(migrate.Command, "handle", look)
    with as_owner():
        call_command("migrate", verbosity=0)
    assert found == [("5000",)]
