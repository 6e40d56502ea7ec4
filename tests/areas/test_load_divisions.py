"""Loading the divisions can be repeated, and never deletes one."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from healthcode.areas.models import Area

pytestmark = pytest.mark.django_db


def load() -> str:
    said = StringIO()
    call_command("load_divisions", stdout=said)
    return said.getvalue().strip()


def test_loading_is_one_statement_and_harmless_to_repeat() -> None:
    with CaptureQueriesContext(connection) as queries:
        first = load()
    assert len(queries) == 1
    count = Area.objects.count()
    assert first == f"{count} divisions loaded, {count} of them new or changed."
    assert load() == f"{count} divisions loaded, 0 of them new or changed."


def test_what_changed_is_put_right_and_what_is_unknown_stays() -> None:
    load()
    Area.objects.filter(code="330102").update(name="?")
    Area.objects.filter(code="330103").update(ends=None)
    Area.objects.create(code="999999", name="of an older list")
    assert load().endswith(" 2 of them new or changed.")
    assert Area.objects.get(code="330102").name == "上城区"
    assert Area.objects.get(code="330103").ends is not None
    assert Area.objects.filter(code="999999").exists()
