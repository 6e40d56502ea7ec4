"""`manage.py grant_source` says what a source may report, as an administrator's act."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from accounts.models import Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.evidence.models import SourceGrant
from tests.acts import GROUND
from tests.evidence.conftest import World, staff

GIVEN: dict[str, Any] = {"ground_kind": GROUND.kind.value, "ground": GROUND.text}


def grant(*kinds: str, **options: Any) -> str:
    """Run the command and return its output."""
    out = StringIO()
    given = {**GIVEN, "by": "administrator", "stdout": out, **options}
    call_command("grant_source", "hospital", kinds=kinds or ["cases"], **given)
    return out.getvalue()


@pytest.fixture(autouse=True)
def administrator(world: World) -> None:
    """Make an administrator of the whole country, and one of Ningbo."""
    staff("administrator", Role.ADMINISTRATOR, "")
    staff("elsewhere", Role.ADMINISTRATOR, "3302")


def test_a_grant_is_an_act_and_replaces_the_one_before(world: World) -> None:
    assert grant("tests", "cases", reddening_lines_a_day=200) == (
        "hospital: cases, tests of the whole country\n"
    )
    granted = SourceGrant.objects.get(grant__account=world.source)
    assert (granted.kinds, granted.reddening_lines_a_day) == (["cases", "tests"], 200)
    act = Act.objects.get(kind=ActKind.SOURCE_GRANTED)
    assert granted.granted_by == act
    assert (act.account.username, act.role, act.ground) == (
        "administrator",
        Role.ADMINISTRATOR,
        GROUND.text,
    )
    assert act.detail == {
        "source": world.source.pk,
        "kinds": ["cases", "tests"],
        "reddening_lines_a_day": 200,
    }
    grant("stays")
    granted.refresh_from_db()
    assert (granted.kinds, granted.reddening_lines_a_day) == (["stays"], None)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"by": "nobody"}, "no administrator named nobody"),
        ({"by": "officer"}, "不能办这件事"),
        ({"by": "elsewhere"}, "不归您管辖"),
        ({"area": "33"}, "不是这个地区的报送单位"),
        ({"area": "x"}, "行政区划代码"),
        ({"reddening_lines_a_day": -1}, "0到1000000"),
    ],
    ids=["nobody", "officer", "elsewhere", "another area", "no area", "no budget"],
)
def test_what_is_wrong_is_said(world: World, options: dict[str, Any], sentence: str) -> None:
    before = SourceGrant.objects.values().get()
    with pytest.raises(CommandError, match=sentence):
        grant(**options)
    assert SourceGrant.objects.values().get() == before
    assert not Act.objects.filter(kind=ActKind.SOURCE_GRANTED).exists()


def test_the_database_refuses_a_grant_to_an_officer_and_an_unknown_kind(world: World) -> None:
    with pytest.raises(IntegrityError, match="only sources report"), transaction.atomic():
        SourceGrant.objects.create(grant=world.officer.grants.get(), kinds=["cases"])
    for kinds in (["guesses"], []):
        with pytest.raises(IntegrityError, match="kinds_known"), transaction.atomic():
            SourceGrant.objects.update(kinds=kinds)
