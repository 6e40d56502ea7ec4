"""Two administrators who take each other's role at the same instant leave one of them."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import Account, Grant, Role
from healthcode.administration.administrator import Administrator
from healthcode.administration.errors import LastAdministrator
from healthcode.administration.staff import take_back
from healthcode.areas.models import Area
from tests.administration import GROUND
from tests.areas.conftest import staff


@pytest.mark.django_db(transaction=True)
def test_one_of_two_stays() -> None:
    Area.objects.create(code="33", name="浙江省")
    li, chen = (staff(name, Role.ADMINISTRATOR, "33") for name in ("li", "chen"))
    together, now = Barrier(2), timezone.now()

    def take(by: Account, whose: Account) -> str:
        administrator, grant = Administrator(by, GROUND), whose.grants.get()
        administrator.require("33")
        together.wait()
        try:
            take_back(by=administrator, grant=grant, at=now)
        except LastAdministrator:
            return "refused"
        finally:
            connection.close()
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(take, li, chen), pool.submit(take, chen, li)]
        assert sorted(one.result() for one in done) == ["refused", "taken"]
    assert Grant.objects.in_force(now).filter(role=Role.ADMINISTRATOR).count() == 1
