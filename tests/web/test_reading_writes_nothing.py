"""Reading public pages writes no row, however often it happens."""

from collections.abc import Mapping

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from tests.test_invariants import PUBLIC, PUBLIC_TO_READ, ROUTES, address


def rows() -> Mapping[str, int]:
    """Count the rows of each table."""
    tables = sorted({model._meta.db_table for model in apps.get_models(include_auto_created=True)})
    counted = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM {table}" for table in tables)  # noqa: S608 - names of ours
    with connection.cursor() as cursor:
        cursor.execute(counted)
        return dict(cursor.fetchall())


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(ROUTES))
def test_who_only_reads_as_a_stranger_writes_nothing(name: str) -> None:
    """First and later visits, in both languages, with and without `next`."""
    before = rows()
    for language in ("zh-hans", "en"):
        browser = Client()
        browser.cookies["language"] = language
        for query in ({}, {"next": "/me"}, {"by": "table", "sort": "name", "q": "1"}):
            assert browser.get(address(ROUTES[name]), query).status_code < 500
    assert rows() == before


@pytest.mark.django_db
def test_a_language_is_chosen_without_a_row() -> None:
    before = rows()
    browser = Client()
    for language in ("en", "zh-hans", "xx"):
        browser.post("/language", {"language": language, "next": "/login"})
    assert browser.cookies["language"].value == "zh-hans"
    assert rows() == before


@pytest.mark.django_db
def test_rows_are_seen() -> None:
    """Without this, the test above might count the wrong tables and never fail."""
    before = rows()
    Client().post("/login", {"phone": "13800138000"})
    assert rows()["django_session"] == before["django_session"] + 1
    assert {*PUBLIC, *PUBLIC_TO_READ} <= set(ROUTES)
