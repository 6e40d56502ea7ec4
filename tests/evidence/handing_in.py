"""Functions with which tests hand in EU certificates."""

from datetime import datetime, timedelta
from typing import Any

from rest_framework.test import APIClient

from accounts.models import Account, Person, Relation
from accounts.services import register_person
from healthcode.colours.selectors import colour_of
from healthcode.evidence.models import Evidence
from healthcode.web.days import SHANGHAI
from tests.acts import SENT_GROUND
from tests.evidence.conftest import HOME

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def registered(account: Account, name: str, id_type: str, number: str) -> Person:
    """Create a person who lives in `HOME` and whom `account` looks after."""
    return register_person(
        account=account,
        relation=Relation.OTHER,
        name=name,
        id_type=id_type,
        id_number=number,
        phone=None,
        home_area=HOME,
        at=datetime.now(SHANGHAI),
    )


def hand_in(client: APIClient, person: Person, text: object) -> Any:
    """Hand in a certificate as the resident who looks after the person."""
    path = f"/api/v1/people/{person.pk}/certificates"
    return client.post(path, {"certificate": text}, format="json")


def enter(client: APIClient, text: str, **about: Any) -> Any:
    """Enter a certificate as an officer."""
    given = {"certificate": text, **SENT_GROUND, **about}
    return client.post("/api/v1/certificates", given, format="json")


def refusal(answer: Any) -> str:
    """Return the slug of a refusal, after checking that no evidence was stored."""
    assert not Evidence.objects.exists()
    return str(answer.json()["type"]).removeprefix("/problems/")


def colour_name(person: Person) -> str:
    """Return the stored colour of a person."""
    stored = colour_of(person.pk)
    assert stored is not None
    return str(stored.get_colour_display())
