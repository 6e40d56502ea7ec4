"""Publishing by page needs a preview and a tick, and publishes exactly what the preview showed."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Role
from healthcode.acts.models import Act
from healthcode.areas.models import AreaLevel
from healthcode.colours.models import Recomputation
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.services import publish_policy
from tests.acts import GROUND
from tests.areas.conftest import published, staff

pytestmark = pytest.mark.clock

FORM = {
    "day": "2020-02-09",
    "hour": "08:30",
    "ground_kind": "investigation",
    "ground": "新闻发布会（2020年2月10日）",
    "whole_of": "33",
}
LINES = "code,level\n330102,red\n330106,blue"


@pytest.fixture
def desk(officer: Account, client: Client) -> Client:
    """Return a browser in which the officer is logged in; a policy is in force."""
    publish_policy(
        account=officer,
        text=SHIPPED.read_text(encoding="utf-8"),
        holds_from=timezone.now(),
        ground=GROUND,
        at=timezone.now(),
    )
    client.force_login(officer)
    return client


def post(desk: Client, **fields: Any) -> Any:
    return desk.post("/officer/map", {**FORM, "step": "preview", **fields})


def confirmation(page: Any) -> dict[str, str]:
    """Return the hidden fields of a preview, as the browser sends them to publish."""
    fields = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.content.decode()
    )
    return {**dict(fields), "step": "publish", "confirmed": "1"}


def test_a_map_is_previewed_confirmed_and_watched(desk: Client) -> None:
    page = post(desk, text=LINES)
    assert page.status_code == 200
    assert not AreaLevel.objects.exists()
    assert "等级上调：2个" in page.content.decode()
    assert page.context["counties"][0].level == "red"

    done = desk.post("/officer/map", confirmation(page))
    recomputation = Recomputation.objects.latest("pk")
    assert done.headers["Location"] == f"/officer/recomputations/{recomputation.pk}"
    act = Act.objects.latest("pk")
    assert (act.ground, act.area) == ("新闻发布会（2020年2月10日）", "33")
    assert act.detail["effective_from"] == "2020-02-09T00:30:00+00:00"
    assert AreaLevel.objects.count() == 2

    waiting = desk.get(done.headers["Location"]).content.decode()
    assert "排队等待" in waiting
    assert 'http-equiv="refresh"' in waiting
    run(recomputation.pk)
    over = desk.get(done.headers["Location"]).content.decode()
    assert "data-finished" in over
    assert 'http-equiv="refresh"' not in over


def test_a_file_counts_before_what_was_pasted(desk: Client) -> None:
    file = SimpleUploadedFile("map.csv", published("2020-02-24"), "text/csv")
    page = post(desk, text=LINES, file=file)
    assert [count for _level, count in page.context["legend"]] == [0, 0, 2, 6, 82]


def test_nothing_is_published_without_the_tick(desk: Client) -> None:
    fields = confirmation(post(desk, text=LINES))
    del fields["confirmed"]
    answer = desk.post("/officer/map", fields)
    assert answer.status_code == 422
    assert "再勾选确认" in answer.content.decode()
    assert not AreaLevel.objects.exists()


def test_nothing_is_published_on_the_strength_of_an_outdated_preview(desk: Client) -> None:
    fields = confirmation(post(desk, text=LINES))
    first = desk.post("/officer/map", fields)
    acts = Act.objects.count()
    twice = desk.post("/officer/map", fields)
    assert (first.status_code, twice["Location"]) == (302, first["Location"])
    on_another_ground = desk.post("/officer/map", {**fields, "ground": "专家组风险评估报告第3号"})
    assert on_another_ground.status_code == 409
    assert "不用再发布" in on_another_ground.content.decode()
    other = {**fields, "text": "code,level\n330102,green"}
    changed = desk.post("/officer/map", other)
    assert changed.status_code == 409
    assert "请重新核对" in changed.content.decode()
    assert Act.objects.count() == acts


def test_the_table_publishes_only_what_was_changed(desk: Client) -> None:
    desk.post("/officer/map", confirmation(post(desk, text=LINES)))
    table = desk.get("/officer/map", {"by": "table"})
    assert [(code, level) for code, _name, level in table.context["rows"]] == [
        ("330102", "red"),
        ("330106", "blue"),
    ]
    changed = {"by": "table", "level-330102": "orange", "level-330106": "blue"}
    page = post(desk, **changed)
    assert confirmation(page)["text"] == "code,level\n330102,orange"
    assert confirmation(page)["whole_of"] == ""
    assert desk.post("/officer/map", confirmation(page)).status_code == 302
    assert Act.objects.latest("pk").detail["levels"] == {"330102": "orange"}


def test_before_any_map_the_table_has_the_counties_of_the_area(desk: Client) -> None:
    rows = desk.get("/officer/map", {"by": "table"}).context["rows"]
    assert len(rows) == 90
    assert {level for _code, _name, level in rows} == {"green"}


@pytest.mark.parametrize(("area", "counties"), [("3301", 13), ("330102", 1)])
def test_before_any_map_a_city_has_the_table_of_its_counties(
    desk: Client, area: str, counties: int
) -> None:
    desk.force_login(staff("zhou", Role.OFFICER, area))
    rows = desk.get("/officer/map", {"by": "table"}).context["rows"]
    assert len(rows) == counties
    assert ("330102", "上城区", "green") in rows


@pytest.mark.parametrize(
    ("fields", "question"),
    [
        ({"day": ""}, "day"),
        ({"day": "2999-01-01"}, "form"),
        ({"hour": "25:00"}, "day"),
        ({"ground_kind": "investigation", "ground": " "}, "ground"),
        ({"text": "code,level\n330102,purple"}, "map"),
        ({"text": ""}, "map"),
        ({"text": "code,level", "whole_of": ""}, "map"),
        ({"whole_of": "3x"}, "whole_of"),
        ({"whole_of": "31"}, "map"),
        ({"whole_of": "", "text": "code,level\n310101,red"}, "form"),
        ({"by": "table", "level-330102": "purple"}, "map"),
        ({"by": "table", "level-330102": "green"}, "map"),
        ({"file": SimpleUploadedFile("map.xlsx", b"PK\x03\x04\x00\xff")}, "map"),
    ],
)
def test_a_mistake_is_explained_and_what_was_typed_is_kept(
    desk: Client, fields: dict[str, Any], question: str
) -> None:
    page = post(desk, **{"text": LINES, **fields})
    assert page.status_code in {403, 422}
    assert set(page.context["form"].faults) == {question}
    assert page.context["form"].ground == fields.get("ground", "新闻发布会（2020年2月10日）")
    assert not AreaLevel.objects.exists()


def test_the_desk_shows_what_is_in_force_and_the_latest_acts(desk: Client) -> None:
    desk.post("/officer/map", confirmation(post(desk, text=LINES)))
    page = desk.get("/officer").content.decode()
    assert "浙江省" in page
    assert "涉及2个地区" in page
    assert page.count("新闻发布会") == 1
    assert "发布政策" in page


def test_acts_elsewhere_are_not_shown(desk: Client, zhejiang: None) -> None:
    elsewhere = staff("li", Role.OFFICER, "3302")
    desk.post("/officer/map", confirmation(post(desk, text=LINES)))
    desk.force_login(elsewhere)
    assert "新闻发布会" not in desk.get("/officer").content.decode()


@pytest.mark.parametrize("path", ["/officer", "/officer/map", "/officer/recomputations/1"])
def test_only_officers_come_in(zhejiang: None, client: Client, path: str) -> None:
    assert client.get(path).headers["Location"].startswith("/staff/login?next=")
    client.force_login(staff("x", Role.VENUE_MANAGER, "33"))
    assert client.get(path).status_code == 403


def test_a_recomputation_that_is_not_there_is_not_found(desk: Client) -> None:
    assert desk.get("/officer/recomputations/999999").status_code == 404
