"""Going back to the map before: the levels as they were, by an act of its own."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Role
from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel, Level
from healthcode.officers.maps.services import publish_map
from healthcode.officers.maps.undo import map_before
from healthcode.web.errors import NotFound
from tests.acts import GROUND, SENT_GROUND, act_of
from tests.areas.conftest import shanghai, staff

FIRST: Final = shanghai("2020-02-09")
SECOND: Final = shanghai("2020-02-12")
LATER: Final = shanghai("2020-02-15")


def publish(
    officer: Account, starts: datetime, levels: Mapping[str, Level], *, whole_of: str | None = None
) -> int:
    published = publish_map(
        account=officer,
        effective_from=starts,
        ground=GROUND,
        whole_of=whole_of,
        levels=levels,
        at=timezone.now(),
    )
    return published.act.pk


def history() -> list[tuple[str, int, Any]]:
    """Return each level and since when it holds, without greens at the beginning."""
    rows = AreaLevel.objects.order_by("area", "during").values_list("area", "level", "during")
    told: list[tuple[str, int, Any]] = []
    for area, level, during in rows:
        if during.isempty or (told and told[-1][:2] == (area, level)):
            continue
        if level or (told and told[-1][0] == area):
            told.append((area, level, during.lower))
    return told


def test_the_levels_are_again_as_they_were(officer: Account) -> None:
    publish(officer, FIRST, {"330102": Level.ORANGE, "330103": Level.BLUE})
    as_before = history()
    wrong = publish(officer, SECOND, {"330102": Level.GREEN, "330104": Level.RED}, whole_of="33")
    assert history() != as_before

    before = map_before(act_id=wrong)

    assert before.levels == {
        "330102": Level.ORANGE,
        "330103": Level.BLUE,
        "330104": Level.GREEN,
    }
    assert (before.effective_from, before.overtaken, before.several) == (SECOND, (), ())
    undone = publish(officer, before.effective_from, before.levels)
    assert history() == as_before
    # And an undo can be undone.
    assert map_before(act_id=undone).levels == {
        "330102": Level.GREEN,
        "330103": Level.GREEN,
        "330104": Level.RED,
    }


def test_what_a_later_map_replaced_stays(officer: Account) -> None:
    wrong = publish(officer, SECOND, {"330102": Level.RED, "330104": Level.RED})
    publish(officer, LATER, {"330104": Level.YELLOW})
    before = map_before(act_id=wrong)
    assert (before.levels, before.overtaken) == ({"330102": Level.GREEN}, ("330104",))

    publish(officer, FIRST, {"330102": Level.BLUE})
    with pytest.raises(NotFound):
        map_before(act_id=wrong)


def test_an_area_with_several_levels_in_a_row_stays(officer: Account) -> None:
    """A map has one level an area. Confirming the same level again does not count as another."""
    red, blue = Level.RED, Level.BLUE
    publish(officer, FIRST, {"330102": Level.ORANGE, "330103": red, "330104": red})
    publish(officer, SECOND, {"330102": blue, "330103": red, "330104": blue})
    levels = {"330102": red, "330103": blue, "330104": red}
    wrong = publish(officer, FIRST + timedelta(days=1), levels)
    before = map_before(act_id=wrong)
    assert (before.levels, before.several) == ({"330103": red}, ("330102", "330104"))

    publish(officer, LATER, {"330103": Level.YELLOW})
    with pytest.raises(NotFound):
        map_before(act_id=wrong)


def test_an_act_that_is_no_map_has_none_before(officer: Account) -> None:
    for number in (0, act_of(officer, at=timezone.now()).pk):
        with pytest.raises(NotFound):
            map_before(act_id=number)


@pytest.fixture
def desk(officer: Account, policy: None, client: Client) -> Client:
    client.force_login(officer)
    client.cookies["language"] = "en"
    return client


def test_the_desk_leads_to_the_preview_of_the_map_before(desk: Client, officer: Account) -> None:
    publish(officer, FIRST, {"330102": Level.ORANGE, "330104": Level.BLUE})
    wrong = publish(officer, SECOND, {"330102": Level.RED, "330104": Level.RED})
    publish(officer, LATER, {"330104": Level.YELLOW})
    link = f"/officer/map?undo={wrong}"
    assert link in desk.get("/officer").content.decode()

    page = desk.get(link)

    assert "before act" in page.content.decode()
    assert "330104" in page.content.decode()
    form = page.context["form"]
    assert (form.day, form.hour, form.text) == ("2020-02-12", "00:00", "code,level\n330102,orange")
    sent = {"day": form.day, "hour": form.hour, "text": form.text, "whole_of": "", **SENT_GROUND}
    preview = desk.post("/officer/map", {**sent, "step": "preview"})
    hidden = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', preview.content.decode()
    )
    done = desk.post("/officer/map", {**dict(hidden), "step": "publish", "confirmed": "1"})
    assert done.status_code == 302
    assert link.replace(str(wrong), str(Act.objects.latest("pk").pk)) in (
        desk.get(done["Location"]).content.decode()
    )
    assert ("330102", Level.ORANGE, FIRST) in history()


@pytest.mark.parametrize("number", ["0", "x", "99999999999999999999"])
def test_a_number_of_nothing_is_a_page_not_found(desk: Client, number: str) -> None:
    assert desk.get("/officer/map", {"undo": number}).status_code == 404


def test_another_officer_may_look_but_not_publish(
    desk: Client, officer: Account, client: Client
) -> None:
    wrong = publish(officer, SECOND, {"330102": Level.RED})
    client.force_login(staff("li", Role.OFFICER, "3302"))
    form = client.get("/officer/map", {"undo": wrong}).context["form"]
    sent = {"day": form.day, "hour": form.hour, "text": form.text, "whole_of": "", **SENT_GROUND}
    assert client.post("/officer/map", {**sent, "step": "preview"}).status_code == 403
