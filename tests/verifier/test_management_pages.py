"""The pages on which a venue gets another name, deputies and another manager, and is closed."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import Account
from healthcode.acts.models import Act
from tests.acts import SENT_GROUND
from tests.verifier.hands import CLOSING, as_manager, colleague
from tests.verifier.test_pages import text_of
from verifier.models import Deputy, Device, HandOver, Venue
from verifier.venues import lifecycle
from verifier.venues.services import add_device

LANGUAGES = ("en", "zh-hans")


def browser(account: Account, language: str = "en") -> Client:
    client = Client()
    client.cookies["language"] = language
    client.force_login(account)
    return client


def send(client: Client, venue: Venue, step: str, **more: str) -> str:
    """Send a form of the page and return what the page then says."""
    url = f"/venues/{venue.pk}/management"
    answer = client.post(url, {**SENT_GROUND, "step": step, **more}, follow=True)
    return text_of(answer)


@pytest.mark.parametrize("language", LANGUAGES)
def test_manager_and_deputy_see_what_they_may_do(
    venue: Venue, manager: Account, now: datetime, language: str
) -> None:
    wang = colleague("wang")
    Deputy.objects.create(venue=venue, account=wang)
    holder, deputy = browser(manager, language), browser(wang, language)
    page = f"/venues/{venue.pk}/management"
    assert page in holder.get(f"/venues/{venue.pk}").content.decode()
    shown = deputy.get(f"/venues/{venue.pk}").content.decode()
    assert page not in shown
    assert "li.na" in shown
    assert "li.na" in deputy.get("/venues").content.decode()
    assert holder.get(page).status_code == 200
    for answer in (deputy.get(page), deputy.post(page, CLOSING)):
        assert answer.status_code == 403
    assert not Act.objects.exists()


def test_a_deputy_does_the_daily_work(venue: Venue, manager: Account) -> None:
    deputy = browser(colleague("wang"))
    assert deputy.get(f"/venues/{venue.pk}").status_code == 404
    assert "now do the daily work" in send(browser(manager), venue, "name-deputy", username="wang")
    assert deputy.post(f"/venues/{venue.pk}/devices", {"label": "Gate"}).status_code == 200
    device = Device.objects.get()
    assert deputy.post(f"/devices/{device.pk}/revocation").status_code == 302
    assert deputy.post(f"/venues/{venue.pk}/yellow", {"yellow": "refuse"}).status_code == 302
    account = str(Deputy.objects.get().account_id)
    assert "no longer a deputy" in send(browser(manager), venue, "remove-deputy", account=account)
    assert deputy.get(f"/venues/{venue.pk}").status_code == 404


def test_a_venue_is_handed_over(venue: Venue, manager: Account) -> None:
    holder, heir = browser(manager), browser(colleague("wang"))
    send(holder, venue, "hand-over", username="wang")
    assert "Offered to wang" in text_of(holder.get(f"/venues/{venue.pk}/management"))
    offer = f"/venues/{venue.pk}/offer"
    holder.post(offer, {"step": "take-back"})
    refused = heir.post(offer, {"step": "accept"})
    assert (refused.status_code, "not offered any more" in text_of(refused)) == (404, True)
    send(holder, venue, "hand-over", username="wang")
    assert "Offered to you: 湖滨地铁站" in text_of(heir.get("/venues"))
    accepted = heir.post(offer, {"step": "accept"})
    assert accepted["Location"] == f"/venues/{venue.pk}"
    assert "湖滨地铁站" not in text_of(holder.get("/venues"))
    assert holder.get(f"/venues/{venue.pk}").status_code == 404
    send(heir, venue, "hand-over", username="li.na")
    holder.post(offer, {"step": "decline"})
    assert not HandOver.objects.exists()
    assert holder.post(offer, {"step": "?"}).status_code == 404


def test_renaming_and_closing(venue: Venue, manager: Account, now: datetime) -> None:
    holder = browser(manager)
    assert "within a minute" in send(holder, venue, "rename", name="湖滨站")
    assert "湖滨站" in text_of(holder.get("/venues"))
    add_device(venue=venue, label="North gate", at=now)
    assert "can no longer scan" in send(holder, venue, "close")
    shown = text_of(holder.get(f"/venues/{venue.pk}"))
    assert "Closed since" in shown
    assert "Make an enrolment code" not in shown
    assert "closed" in text_of(holder.get("/venues"))
    refused = holder.post(f"/venues/{venue.pk}/devices", {"label": "Gate"})
    assert (refused.status_code, "venue is closed" in text_of(refused)) == (409, True)
    assert holder.post(f"/venues/{venue.pk}/yellow", {}).status_code == 409
    assert "open again" in send(holder, venue, "reopen")


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"step": "rename", "name": ""}, 422, "Enter a name of 1 to 128"),
        ({"step": "rename", "name": "湖滨地铁站"}, 422, "has this name already"),
        ({"step": "hand-over", "username": "nobody"}, 422, "Nobody with this user name"),
        ({"step": "name-deputy", "username": "li.na"}, 409, "already the manager"),
        ({"step": "remove-deputy", "account": "x"}, 404, "no longer a deputy"),
        ({"step": "block", "device": "9" * 30}, 404, "no such device"),
        ({"step": "reopen"}, 409, "open already"),
        ({"step": "promote"}, 422, "Please choose what to do."),
        ({"step": "close", "ground": "short"}, 422, "10"),
        ({}, 422, "Please choose what to do."),
    ],
)
def test_what_cannot_be_done_is_a_sentence(
    venue: Venue, manager: Account, form: dict[str, str], status: int, says: str
) -> None:
    url = f"/venues/{venue.pk}/management"
    answer = browser(manager).post(url, {**SENT_GROUND, **form})
    assert answer.status_code == status
    assert 'role="alert"' in answer.content.decode()
    assert says in text_of(answer)
    assert not Act.objects.exists()


def test_a_stranger_finds_nothing(venue: Venue, manager: Account, now: datetime) -> None:
    stranger = browser(colleague("wang"))
    assert stranger.get(f"/venues/{venue.pk}/management").status_code == 404
    assert stranger.post(f"/venues/{venue.pk}/management", CLOSING).status_code == 404
    lifecycle.close(by=as_manager(manager), venue_id=venue.pk, at=now)
    assert stranger.get(f"/venues/{venue.pk}").status_code == 404
