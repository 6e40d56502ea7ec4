"""Choosing an area whose code has ended is refused, with a sentence that names the successors."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.translation import override
from rest_framework.test import APIClient

from accounts.admission import NewPerson, admit
from accounts.errors import EndedArea, UnknownArea
from accounts.models import Account, Grant, IdType, Person, Role
from accounts.services import add_staff, register_person, resident_account
from healthcode.acts.models import Act
from healthcode.areas.lives import Use, lives, require_valid
from healthcode.areas.models import AreaLevel
from healthcode.colours.errors import InvalidPolicy
from healthcode.colours.models import Policy
from healthcode.colours.services import publish_policy
from healthcode.web.days import day_of, start_of_day
from tests.acts import GROUND, SENT_GROUND
from tests.administration import BY_ADMINISTRATOR, administer, administrator
from tests.areas.conftest import client_of, published, staff
from tests.colours.world import DEFAULT_TEXT
from verifier.models import TrustedIssuer, Venue
from verifier.venues.services import create_venue

NOW = datetime.now(UTC)
ENDED = start_of_day(date(2021, 4, 9))
BEFORE = ENDED - timedelta(microseconds=1)
ENGLISH = (
    "The area code 浙江省杭州市下城区 (330103) has not been in use since 9 April 2021. "
    "Use 浙江省杭州市拱墅区 (330105) instead."
)
CHINESE = (
    "浙江省杭州市下城区（330103）从2021年4月9日起不再用这个代码。"
    "请改用浙江省杭州市拱墅区（330105）。"
)


def sentence_of(code: str) -> str:
    return lives([code])[code].sentence


def test_the_sentence_names_the_successors_in_both_languages(country: None) -> None:
    with override("en"):
        assert sentence_of("330103") == ENGLISH
        assert "浙江省杭州市上城区 (330102), 浙江省杭州市钱塘区 (330114)" in sentence_of("330104")
        assert sentence_of("130124").endswith("within 河北省石家庄市 (1301).")
        assert sentence_of("110228").endswith("within 北京市 (11).")
        assert sentence_of("340302100").endswith("within 安徽省蚌埠市龙子湖区 (340302).")
    with override("zh-hans"):
        assert sentence_of("330103") == CHINESE
        assert "浙江省杭州市上城区（330102）、浙江省杭州市钱塘区（330114）" in sentence_of("330104")


@pytest.mark.parametrize("code", ["330103", "330104", "310230", "110228", "340302100"])
def test_what_begins_once_the_code_has_ended_is_refused(country: None, code: str) -> None:
    ends = lives([code])[code].ends
    assert ends
    require_valid([Use(code, start_of_day(ends) - timedelta(microseconds=1), "/area")])
    with pytest.raises(EndedArea) as refused:
        require_valid([Use("330102", NOW, "/a"), Use(code, start_of_day(ends), "/stays/1/area")])
    assert refused.value.members["codes"] == [code]
    [error] = refused.value.members["errors"]  # type: ignore[misc]
    assert error["pointer"] == "/stays/1/area"


def test_a_code_that_never_was_is_unknown_and_not_ended(country: None) -> None:
    with pytest.raises(UnknownArea) as refused:
        require_valid([Use("339999", NOW, "/area"), Use("330103", NOW, "/b")])
    assert refused.value.members["codes"] == ["339999"]


def register(home: str) -> Person:
    return register_person(
        account=resident_account(phone="+8613800000007"),
        relation=None,
        name="王小明",
        id_type=IdType.PASSPORT,
        id_number="E10000009",
        phone=None,
        home_area=home,
        at=NOW,
    )


def test_nobody_moves_into_an_area_that_has_ended(zhejiang: None) -> None:
    with pytest.raises(EndedArea) as refused:
        register("330103")
    assert [error["pointer"] for error in refused.value.members["errors"]] == ["/home_area"]  # type: ignore[attr-defined]
    with pytest.raises(EndedArea):
        admit([NewPerson("王小明", IdType.PASSPORT, "E10000009", "330103")], at=NOW)
    assert not Person.objects.exists()
    with pytest.raises(UnknownArea):
        register("339999")
    assert register("330105").home_area == "330105"


def test_no_venue_opens_in_an_area_that_has_ended(zhejiang: None) -> None:
    manager = staff("manager", Role.VENUE_MANAGER, "33")
    with pytest.raises(EndedArea):
        create_venue(manager=manager, name="West gate", area="330103", at=NOW)
    assert create_venue(manager=manager, name="Then", area="330103", at=BEFORE).area == "330103"


def test_nobody_is_put_in_charge_of_an_area_that_has_ended(zhejiang: None) -> None:
    for area, refusal in (("330103", EndedArea), ("339999", UnknownArea)):
        with pytest.raises(refusal):
            add_staff(username="li", password=None, role=Role.OFFICER, area=area, at=NOW)
        with pytest.raises(CommandError):
            administer("add_staff", "li", "--role=source", f"--area={area}")
    of_li = Grant.objects.filter(account__username="li")
    assert not of_li.exists()
    administer("add_staff", "li", "--role=source", "--area=330105")
    assert of_li.get().area == "330105"


@pytest.mark.parametrize(("holds_from", "is_refused"), [(NOW, True), (BEFORE, False)])
def test_no_policy_speaks_of_an_area_that_has_ended_when_it_begins_to_hold(
    officer: Account, holds_from: datetime, *, is_refused: bool
) -> None:
    text = DEFAULT_TEXT.replace('areas = ["00"]', 'areas = ["00", "330103"]')
    assert text != DEFAULT_TEXT

    def publish() -> object:
        return publish_policy(
            account=officer, text=text, holds_from=holds_from, ground=GROUND, at=NOW
        )

    if not is_refused:
        publish()
        return
    with pytest.raises(InvalidPolicy) as refused:
        publish()
    [error] = refused.value.members["errors"]  # type: ignore[misc]
    assert error["field"] == "areas"
    assert "330105" in error["detail"]


@pytest.mark.parametrize(
    "command",
    [
        ("add_venue", "West gate", "330103", "wang", *BY_ADMINISTRATOR),
        ("add_venue", "West gate", "330103000000", "wang", *BY_ADMINISTRATOR),
        ("add_staff", "li", "--role=officer", "--area=330103", *BY_ADMINISTRATOR),
        ("trust_issuer", "CN-330103", "https://code.example.org", "--later", *BY_ADMINISTRATOR),
        (
            "publish_policy",
            "policy.toml",
            "--officer=wang",
            "--ground-kind=operations",
            f"--ground={GROUND.text}",
        ),
    ],
    ids=lambda command: f"{command[0]} {command[2][:12]}",
)
def test_commands_name_the_successors(
    officer: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    Grant.objects.create(account=officer, role=Role.VENUE_MANAGER, area="33")
    administrator()
    policy = DEFAULT_TEXT.replace('areas = ["00"]', 'areas = ["00", "330103"]')
    (tmp_path / "policy.toml").write_text(policy, "utf-8")
    monkeypatch.chdir(tmp_path)
    with override("en"), pytest.raises(CommandError) as refused:
        call_command(*command)
    assert ENGLISH in str(refused.value)
    assert Grant.objects.count() == 3
    for model in (Venue, TrustedIssuer, Policy, Act):
        assert not model.objects.exists()


def put(client: APIClient, **body: object) -> Any:
    given = {"effective_from": "2020-02-09", **SENT_GROUND, **body}
    return client.put("/api/v1/areas/levels", json.dumps(given), content_type="application/json")


def test_a_map_of_today_names_no_area_that_has_ended(officer: Account) -> None:
    client = client_of(officer)
    today = NOW.isoformat()
    levels = [{"code": "330103", "level": "red"}, {"code": "330105", "level": "red"}]
    answer = put(client, effective_from=today, levels=levels)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-map"
    [error] = answer.json()["errors"]
    assert (error["fault"], error["line"], error["detail"]) == ("ended-area", 1, ENGLISH)
    whole = put(client, effective_from=today, whole_of="330103", levels=[])
    assert (whole.status_code, whole.json()["type"]) == (422, "/problems/ended-area")
    csv = "code,level\n330103,red\n"
    refused = client.put(
        f"/api/v1/areas/levels?effective_from={day_of(NOW)}&{urlencode(SENT_GROUND)}",
        csv,
        content_type="text/csv",
    )
    assert refused.json()["errors"][0]["fault"] == "ended-area"
    assert not AreaLevel.objects.exists()


def test_a_map_of_the_time_names_the_codes_of_the_time(officer: Account) -> None:
    client = client_of(officer)
    answer = client.put(
        f"/api/v1/areas/levels?effective_from=2020-02-09&whole_of=33&{urlencode(SENT_GROUND)}",
        published("2020-02-09"),
        content_type="text/csv",
    )
    assert answer.status_code == 200, answer.content
    assert AreaLevel.objects.filter(area="330103").exists()


def test_a_level_that_outlived_its_code_can_be_lifted_and_not_raised(officer: Account) -> None:
    client, today = client_of(officer), NOW.isoformat()
    green = [{"code": "330103", "level": "green"}]
    assert put(client, effective_from=today, levels=green).status_code == 422
    assert put(client, levels=[{"code": "330103", "level": "red"}]).status_code == 200
    raised = [{"code": "330103", "level": "orange"}]
    assert put(client, effective_from=today, levels=raised).status_code == 422
    assert put(client, effective_from=today, levels=green).status_code == 200


def test_the_page_for_a_map_names_the_successors(officer: Account, client: Client) -> None:
    client.force_login(officer)
    form = {"day": str(day_of(NOW)), "hour": "00:00", **SENT_GROUND, "step": "preview"}
    page = client.post("/officer/map", {**form, "text": "code,level\n330103,red\n"})
    assert page.status_code == 422
    assert "浙江省杭州市拱墅区（330105）" in page.content.decode()
