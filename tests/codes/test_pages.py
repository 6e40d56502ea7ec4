"""The page of the live code as the server renders it; test_live_page.py runs it in a browser."""

import re
from collections.abc import Iterator

import pytest
import time_machine
from celery import current_app
from django.test import Client, override_settings

from accounts.models import Account
from healthcode.codes import tasks
from healthcode.codes.models import SigningKey, StatusList
from healthcode.core import decode
from healthcode.residents.declarations.services import declare
from tests.codes.conftest import FEVERISH, NOON, Resident, register

pytestmark = pytest.mark.usefixtures("signing_key")
PATH = "/people/{}/code"


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def visitor(account: Account, language: str = "en") -> Client:
    """Return a browser in which this account is logged in."""
    client = Client()
    client.force_login(account)
    client.cookies["language"] = language
    return client


def test_the_page_carries_its_first_code(zhang: Resident) -> None:
    answer = visitor(zhang.account).get(PATH.format(zhang.person.pk))
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    (code,) = re.findall(r'"code": "(JK1:[^"]+)"', answer.content.decode())
    assert decode(code).code.holder == "张*"


def test_the_page_is_chinese_first(zhang: Resident) -> None:
    declare(account=zhang.account, person=zhang.person, declaration=FEVERISH, at=NOON)
    page = visitor(zhang.account, "zh-hans").get(PATH.format(zhang.person.pk)).content.decode()
    for words in ("黄码", "持码人", "有效期至", "打印纸质码", "14天内有效", "发烧"):
        assert words in page
    shown = re.sub(r"<script.*?</script>|<[^>]+>", " ", page, flags=re.DOTALL)
    left = set(re.findall(r"[A-Za-z]{3,}", shown))
    assert left <= {"English"}


def test_who_has_not_declared_is_brought_to_do_so(world: None) -> None:
    li = register("李四", "E11111111")
    answer = visitor(li.account).get(PATH.format(li.person.pk), follow=True)
    assert answer.redirect_chain == [(f"/people/{li.person.pk}/declare", 302)]
    assert "There is no code yet" in answer.content.decode()


def test_a_strangers_page_is_not_found(zhang: Resident) -> None:
    li = register("李四", "E11111111")
    answer = visitor(li.account).get(PATH.format(zhang.person.pk))
    assert answer.status_code == 404
    assert "张" not in answer.content.decode()


def test_an_officer_has_no_business_here(zhang: Resident, officer: Account) -> None:
    assert visitor(officer).get(PATH.format(zhang.person.pk)).status_code == 403


def test_a_page_without_a_key_says_to_try_again(zhang: Resident) -> None:
    with override_settings(SIGNING_KEY_SECRET=""):
        answer = visitor(zhang.account).get(PATH.format(zhang.person.pk))
    assert answer.status_code == 503
    assert "Please try again in a few minutes" in answer.content.decode()


@pytest.mark.parametrize(
    ("name", "content_type"),
    [("code.json", "application/json"), ("code.png", "image/png"), ("card.pdf", "application/pdf")],
)
def test_what_the_page_fetches_takes_its_session(
    zhang: Resident, name: str, content_type: str
) -> None:
    path = f"/people/{zhang.person.pk}/{name}"
    answer = visitor(zhang.account).get(path)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert Client().get(path).status_code == 401
    li = register("李四", "E11111111")
    assert visitor(li.account).get(path).status_code == 404


def test_a_token_is_no_session(zhang: Resident) -> None:
    assert zhang.client.get(f"/people/{zhang.person.pk}/code.json").status_code == 401


def test_publishing_tells_the_doors_when_there_is_news(
    zhang: Resident, signing_key: SigningKey
) -> None:
    with current_app.connection_for_write() as connection:
        queue = connection.SimpleQueue(current_app.conf.task_default_queue)
        queue.clear()
        tasks.publish()
        assert StatusList.objects.count() == 2
        told = [queue.get(timeout=5) for _ in range(2)]
        for message in told:
            message.ack()
        # Publishers that came meanwhile have left their changes to the second look.
        assert [m.headers["task"] for m in told] == ["verifier.refresh", "codes.publish"]
        tasks.publish()
        with pytest.raises(queue.Empty):
            queue.get_nowait()
        queue.close()
