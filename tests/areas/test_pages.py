"""The public pages: the map as picture and table, and choosing an area with or without script."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.template import engines
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from healthcode.areas.issued import COUNTY_DIGITS
from healthcode.areas.models import Level
from healthcode.areas.picture import shapes
from healthcode.areas.register import register
from healthcode.areas.selectors import full_names
from healthcode.areas.services import publish_levels
from tests.areas.conftest import levels_of, shanghai

pytestmark = pytest.mark.clock


@pytest.fixture
def published_maps(act_on: Callable[[datetime], Any]) -> None:
    """Publish both maps of February 2020, in force from their days on."""
    for day in ("2020-02-09", "2020-02-24"):
        publish_levels(
            act=act_on(shanghai(day)),
            effective_from=shanghai(day),
            whole_of="33",
            levels=levels_of(day),
        )


def test_the_map_shows_every_county_with_its_level(published_maps: None, client: Client) -> None:
    page = client.get("/map", {"on": "2020-02-28"})
    assert page.status_code == 200
    text = page.content.decode()
    drawn = {word: text.count(f'<path class="fill-{word}"') for word in ("green", "blue", "yellow")}
    assert drawn == {"green": 82, "blue": 6, "yellow": 2}
    assert "<title>上城区 · 低风险（绿）</title>" in text
    assert "等级下调：78个" in text
    assert text.count('<th scope="row">') == 90
    assert "2020年2月24日的等级变化" in text


def test_the_table_is_sorted_as_asked(published_maps: None, client: Client) -> None:
    def rows(sort: str) -> list[str]:
        context = client.get("/map", {"on": "2020-02-10", "sort": sort}).context
        return [row.code for row in context["rows"]]

    assert rows("code") == sorted(rows("code"))
    assert rows("")[0] == rows("level")[0] == "330382"
    assert set(rows("since")) == set(rows("code"))


def test_english_is_complete(published_maps: None, client: Client) -> None:
    client.cookies["language"] = "en"
    page = client.get("/map", {"on": "2020-02-28"}).content.decode()
    assert "Level lowered: 78 areas" in page
    assert "Medium risk (yellow)" in page


def test_before_any_map_the_page_says_that_all_is_green(zhejiang: None, client: Client) -> None:
    page = client.get("/map").content.decode()
    assert "各地都按低风险（绿）计算" in page
    assert page.count('<path class="fill-none"') == 90


@pytest.mark.parametrize(
    "on",
    ["soon", "2020-13-01", "2020-02-24T00:00", "9999-99-99", "9999-12-31T23:00:00-08:00"],
)
def test_a_day_that_is_none_leads_to_today(zhejiang: None, client: Client, on: str) -> None:
    answer = client.get("/map", {"on": on})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/map")


def test_the_first_and_the_last_year_of_the_calendar_have_no_map(
    zhejiang: None, client: Client
) -> None:
    """Dates around them are outside Python's calendar; the neighbouring years have a map."""
    for day in ("9999-12-31", "9999-01-01", "0001-12-31", "0001-01-01"):
        answer = client.get("/map", {"on": day})
        assert (answer.status_code, answer.headers["Location"]) == (302, "/map")
    for day in ("9998-12-31", "0002-01-01"):
        assert client.get("/map", {"on": day}).status_code == 200


def test_a_level_of_a_city_colours_its_counties(
    act_on: Callable[[datetime], Any], client: Client
) -> None:
    publish_levels(
        act=act_on(shanghai("2020-02-09")),
        effective_from=shanghai("2020-02-09"),
        whole_of=None,
        levels={"3301": Level.ORANGE, "330102": Level.RED, "330106": Level.BLUE},
    )
    page = client.get("/map")
    levels = {county.code: county.level for county in page.context["counties"]}
    assert (levels["330102"], levels["330106"], levels["330110"]) == ("red", "orange", "orange")
    assert levels["330203"] == "none"


def test_the_page_asks_the_database_a_fixed_number_of_times(
    published_maps: None, client: Client
) -> None:
    with CaptureQueriesContext(connection) as queries:
        client.get("/map")
    assert len(queries) == 6


def test_every_county_of_the_picture_is_a_division(zhejiang: None, client: Client) -> None:
    named = {county.code: county.name for county in client.get("/map").context["counties"]}
    assert named.keys() == shapes().counties.keys()
    assert all(name != code for code, name in named.items())


@pytest.mark.parametrize(
    ("parent", "first", "number"),
    [("", "11", 34), ("33", "3301", 11), ("3301", "330102", 13), ("330102", "330102001", 14)],
)
def test_options_are_the_divisions_that_exist(
    zhejiang: None, client: Client, parent: str, first: str, number: int
) -> None:
    answer = client.get("/areas/options", {"parent": parent})
    assert answer.headers["Cache-Control"] == "public, max-age=86400"
    codes = [division["code"] for division in json.loads(answer.content)]
    assert (codes[0], len(codes)) == (first, number)
    assert "330103" not in codes


@pytest.mark.parametrize(
    ("parent", "status", "body"),
    [("330102001", 200, []), ("99", 200, []), ("3x", 422, None), ("' OR 1=1", 422, None)],
)
def test_there_are_no_options_below_what_is_no_division(
    zhejiang: None, client: Client, parent: str, status: int, body: object
) -> None:
    answer = client.get("/areas/options", {"parent": parent})
    assert answer.status_code == status
    assert body is None or answer.json() == body


@pytest.mark.parametrize(
    ("province", "some", "group"),
    [
        ("11", {"110101": "东城区", "110118": "密云区"}, "1101"),
        ("42", {"4201": "武汉市", "429004": "仙桃市"}, "4290"),
        ("46", {"4604": "儋州市", "469001": "五指山市"}, "4690"),
        ("50", {"500101": "万州区", "500229": "城口县"}, "5002"),
        ("65", {"6501": "乌鲁木齐市", "659001": "石河子市"}, "6590"),
    ],
)
def test_what_lies_in_no_city_is_offered_among_the_cities(
    country: None, client: Client, province: str, some: dict[str, str], group: str
) -> None:
    answer = client.get("/areas/options", {"parent": province})
    offered = {division["code"]: division["name"] for division in json.loads(answer.content)}
    assert offered.items() >= some.items()
    assert group not in offered
    assert list(offered) == sorted(offered)
    page = client.get("/areas/choose", {"name": "a", "next": "/x", "parent": province})
    assert all(f"parent={code}" in page.content.decode() for code in some)


def test_villages_that_lie_in_no_township_are_no_choice(country: None, client: Client) -> None:
    assert json.loads(client.get("/areas/options", {"parent": "330383"}).content) == []


def test_the_name_of_every_division_with_its_path_says_each_name_once(country: None) -> None:
    named = full_names(list(register()))
    assert len(named) == len(register())
    stand_in = re.compile("直辖|市辖|辖县|辖市|行政区划")
    assert [name for name in named.values() if stand_in.search(name)] == []
    again = [
        name
        for code, name in named.items()
        if len(code) <= COUNTY_DIGITS and name.count(register()[code[:2]].name) > 1
    ]
    assert again == []
    assert named["330383198"] == "浙江省温州市龙港市"
    assert named["429004"] == "湖北省仙桃市"
    assert named["500229"] == "重庆市城口县"
    assert named["659001"] == "新疆维吾尔自治区石河子市"
    assert named["110101"] == "北京市东城区"
    assert named["4290"] == "湖北省"


def test_an_area_is_chosen_by_links_alone(zhejiang: None, client: Client) -> None:
    query = {"name": "area-1", "next": "/me/add?a=b"}
    page = client.get("/areas/choose", query).content.decode()
    assert "parent=33" in page
    assert "境外" not in page
    page = client.get("/areas/choose", {**query, "parent": "3301"}).content.decode()
    assert "浙江省杭州市" in page
    assert "parent=330102" in page
    done = client.get("/areas/choose", {**query, "parent": "330102"})
    assert done.headers["Location"] == "/me/add?a=b&area-1=330102"
    abroad = {**query, "abroad": "1"}
    assert "parent=00" in client.get("/areas/choose", abroad).content.decode()
    done = client.get("/areas/choose", {**abroad, "parent": "00"})
    assert done.headers["Location"].endswith("area-1=00")


@pytest.mark.parametrize(
    "query",
    [
        {"next": "https://example.org/"},
        {"next": "//example.org/"},
        {"next": "/\\example.org"},
        {"next": "javascript:alert(1)"},
        {},
        {"next": "/me/add", "parent": "3x"},
    ],
)
def test_choosing_leads_nowhere_else(zhejiang: None, client: Client, query: dict[str, str]) -> None:
    assert client.get("/areas/choose", query).status_code == 404


@pytest.mark.parametrize(
    ("value", "query", "code", "name"),
    [
        ("330106", "", "330106", "浙江省杭州市西湖区"),
        ("", "?home=330106", "330106", "浙江省杭州市西湖区"),
        ("330102", "?home=330106", "330102", "浙江省杭州市上城区"),
        ("", "?home=339999", "", ""),
        ("<script>", "", "", ""),
        (None, "", "", ""),
    ],
)
def test_the_picker_holds_what_was_chosen(
    zhejiang: None, value: str | None, query: str, code: str, name: str
) -> None:
    template = engines["django"].from_string(
        '{% include "areas/_picker.html" with name="home" label="Home" %}'
    )
    html = template.render({"value": value}, RequestFactory().get(f"/me/add{query}"))
    assert f'<input type="hidden" name="home" value="{code}">' in html
    assert (name in html) if name else ("<strong>" not in html)
    assert "<script>" not in html.replace('<script type="module"', "")
