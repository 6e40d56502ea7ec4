"""The pages on which residents and officers hand in EU certificates."""

from datetime import datetime

import pytest
from django.test import Client

from accounts.models import Account, Person
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence
from tests.acts import SENT_GROUND
from tests.evidence.conftest import World
from tests.evidence.handing_in import DAY, HOUR
from tests.evidence.ministry import GERMANY

ZHANG = {"fnt": "ZHANG", "gnt": "SAN"}


def browser_of(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def browser(world: World) -> Client:
    """Zhang San's browser, logged in, in English."""
    return browser_of(world.zhang)


@pytest.fixture
def desk(world: World) -> Client:
    """The officer's."""
    return browser_of(world.officer)


def test_a_resident_pastes_one_and_sees_what_came_of_it(
    germany: None, erika: Person, browser: Client, now: datetime
) -> None:
    url = f"/people/{erika.pk}/certificates"
    assert "Handed in so far" not in browser.get(url).content.decode()
    sent = {"certificate": GERMANY.test(now - DAY, is_positive=True)}
    answer = browser.post(url, sent, follow=True)
    fact = Evidence.objects.get()
    assert answer.redirect_chain == [(f"/people/{erika.pk}/colour", 302)]
    assert f"Entered as evidence {fact.pk}: Test, positive" in answer.content.decode()
    assert "This is based on an EU certificate from DE." in answer.content.decode()
    page = browser.get(url).content.decode()
    assert f"Evidence number {fact.pk}, from a certificate issued by DE" in page
    why = browser.get(f"/people/{erika.pk}/why").content.decode()
    assert f'href="{url}"' in why


def test_what_is_refused_says_what_to_do_and_need_not_be_pasted_again(
    germany: None, erika: Person, browser: Client, now: datetime
) -> None:
    url = f"/people/{erika.pk}/certificates"
    text = GERMANY.test(now - HOUR, name=ZHANG)
    answer = browser.post(url, {"certificate": text})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "not that of the person registered here" in page
    assert text[:40] in page
    empty = browser.post(url, {"certificate": ""})
    assert empty.status_code == 422
    assert "paste its whole text" in empty.content.decode()
    assert not Evidence.objects.exists()


def test_the_page_of_somebody_elses_is_not_there(
    germany: None, erika: Person, world: World, browser: Client
) -> None:
    assert browser.get(f"/people/{world.stranger.pk}/certificates").status_code == 404
    assert browser_of(world.officer).get(f"/people/{erika.pk}/certificates").status_code == 403
    assert browser.get("/officer/certificate").status_code == 403


def test_too_many_tries_say_when_to_come_back(erika: Person, browser: Client) -> None:
    url = f"/people/{erika.pk}/certificates"
    answers = [browser.post(url, {"certificate": "HC1:"}) for _ in range(31)]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_an_officer_is_asked_to_look_and_confirms(
    germany: None, world: World, desk: Client, now: datetime
) -> None:
    assert "Enter an EU certificate" in desk.get("/officer").content.decode()
    url = "/officer/certificate"
    assert desk.get(url).status_code == 200
    text = GERMANY.test(now - HOUR, name=ZHANG)
    sent = {"id_type": "20", "id_number": "E10000001", "certificate": text, **SENT_GROUND}
    asked = desk.post(url, sent)
    assert asked.status_code == 422
    page = asked.content.decode()
    assert "confirm that you have seen the document" in page
    assert "E10000001" in page
    done = desk.post(url, {**sent, "document_seen": "1"}, follow=True)
    fact = Evidence.objects.get()
    assert f"Entered as evidence {fact.pk}: Test, negative" in done.content.decode()
    assert text[:40] not in done.content.decode()
    assert Act.objects.get(kind="certificate-entered").ground == SENT_GROUND["ground"]
    assert "EU certificate entered" in desk.get("/officer").content.decode()
    asked = {"number": fact.pk, "look": "1", **SENT_GROUND}
    shown = desk.post("/officer/evidence", asked).content.decode()
    assert f"EU certificate of DE, key {GERMANY.kid.hex()}" in shown
    desk.post(
        "/officer/evidence",
        {"number": fact.pk, **SENT_GROUND},
    )
    listed = browser_of(world.zhang).get(f"/people/{world.person.pk}/certificates")
    assert "withdrawn, no longer counts" in listed.content.decode()


@pytest.mark.parametrize(
    ("changes", "status", "sentence"),
    [
        ({"id_number": ""}, 422, "Give the type and number of the identity document."),
        ({"id_type": "77"}, 422, "Give the type and number of the identity document."),
        ({"id_number": "E99999999"}, 404, "Nobody who lives in your area"),
        ({"certificate": ""}, 422, "paste its whole text"),
        ({"ground_kind": "investigation", "ground": "  "}, 422, "Give the ground for this"),
        (
            {"ground_kind": "investigation", "ground": "x" * 1001},
            422,
            "Give the ground for this",
        ),
        ({"certificate": "HC1:ABC"}, 422, "This is not an EU certificate"),
    ],
)
def test_an_officers_slip_is_named(
    germany: None,
    erika: Person,
    desk: Client,
    now: datetime,
    changes: dict[str, str],
    status: int,
    sentence: str,
) -> None:
    sent = {
        "id_type": "20",
        "id_number": "C01X00T47",
        "certificate": GERMANY.test(now - HOUR),
        **SENT_GROUND,
        **changes,
    }
    answer = desk.post("/officer/certificate", sent)
    assert answer.status_code == status
    assert sentence in answer.content.decode()
    assert not Evidence.objects.exists()
