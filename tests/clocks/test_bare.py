"""The bare views of the bench count days as the service does, while UTC has another day."""

import pytest
import time_machine
from django.test import RequestFactory

from tests.bench import bare
from verifier.models import Scan

pytestmark = [pytest.mark.clock, pytest.mark.django_db]


@pytest.mark.parametrize("hour", ["00:30", "07:30", "23:58"])
def test_the_bare_insert_stores_a_scan_at_every_hour(hour: str) -> None:
    with time_machine.travel(f"2027-12-31T{hour}:00+08:00", tick=False):
        answer = bare.insert(RequestFactory().post("/api/v1/bare/insert"))

    assert answer.status_code == 200
    assert f"{Scan.objects.get().day}" == "2027-12-31"
