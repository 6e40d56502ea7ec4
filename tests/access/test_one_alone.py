"""One source, one partner and one venue alone redden nobody beyond the figures of the policy.

Every write that `table.csv` lets them do is tried with the worst that it takes: about many people
at once, and about one after the other. A new write without an entry here fails. What one officer
alone can do is in `tests/confirmation/test_every_write.py`.
"""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from accounts.models import IdType
from healthcode.codes.services import issue_code
from healthcode.colours.decide_many import recompute_people
from healthcode.colours.models import PersonColour
from healthcode.colours.safeguards import SHIPPED
from healthcode.core import Colour
from healthcode.core.claims import Kind
from healthcode.evidence.models import Evidence, EvidenceKind, HeldLine
from healthcode.residents.declarations.services import declare
from healthcode.scan_tracing.inquiries import place_waiting
from tests.access.requests import address, ask, routes
from tests.access.scene import Scene
from tests.access.test_access import REFUSED, table
from tests.acts import SENT_GROUND
from tests.codes.conftest import HEALTHY
from tests.colours import world as colours
from tests.confirmation.conftest import recolour
from tests.evidence.handing_in import registered

MANY: Final = 25
LINES: Final = "application/x-ndjson"

EVERYBODYS: Final = {
    *("api-otp", "api-token", "login", "logout", "language", "enrol", "partner-token"),
    *("api-step-up", "api-not-me"),
    *("first-factor", "own-factors", "second-factor"),
    *("add-checkpoint", "staff-token", "invitation", "own-devices", "api-own-devices"),
}
"""They change who is logged in or with what, or what this service witnesses."""


def evidence(scene: Scene, people: list[int]) -> None:
    """Report of all of them each fact that makes red, in one report and in one for each line."""
    ago = (scene.now - timedelta(hours=2)).isoformat()
    facts: dict[str, dict[str, Any]] = {
        "cases": {"status": "confirmed", "confirmed_at": ago},
        "tests": {"result": "positive", "sampled_at": ago},
        "contacts": {"strength": "close", "from": ago},
        "stays": {"area": "00", "from": (scene.now - timedelta(days=2)).isoformat(), "to": ago},
    }
    client = scene.clients["source"]
    for kind, fact in facts.items():
        url = f"/api/v1/evidence/{kind}"
        lines = [json.dumps({"person": who, **fact}) for who in people]
        assert client.post(url, "\n".join(lines), content_type=LINES).status_code == 200
        for n, line in enumerate(lines):
            one = json.dumps({**json.loads(line), "reference": f"{kind}-{n}"})
            assert client.post(url, one, content_type="application/json").status_code in (201, 202)


def presences(scene: Scene, people: list[int]) -> None:
    """Report that all were at one table with somebody who has the virus, and each by themselves."""
    starts = scene.now - timedelta(days=1)
    period = {"from": starts.isoformat(), "to": (starts + timedelta(hours=2)).isoformat()}
    line = {"kind": "restaurant", "place": "A", "area": "330106", "sure": True, **period}
    lines = [{"person": who, **line} for who in (scene.world.person.pk, *people)]
    for sent in (lines, *([line] for line in lines)):
        answer = scene.clients["source"].post(
            "/api/v1/presences", json.dumps({"presences": sent}), content_type="application/json"
        )
        assert answer.status_code == 201


def scans(scene: Scene, codes: list[str], *, batch: bool) -> None:
    """Scan everybody within a minute at one door."""
    scanned_at = (scene.now - timedelta(minutes=1)).isoformat()
    sent = [
        {"id": str(uuid.uuid4()), "code": code, "scanned_at": scanned_at if batch else None}
        for code in codes
    ]
    client = scene.clients["device"]
    if batch:
        body = json.dumps({"scans": sent})
        answer = client.post("/api/v1/scans/batch", body, content_type="application/json")
        assert answer.status_code == 200
        return
    for one in sent:
        answer = client.post("/api/v1/scans", json.dumps(one), content_type="application/json")
        assert answer.status_code == 200


def verifications(scene: Scene, codes: list[str]) -> None:
    """Have everybody's code judged, all together and each by itself."""
    sent: list[Any] = [[{"code": code} for code in codes], *({"code": code} for code in codes)]
    for one in sent:
        for name in ("verifications", "sandbox/verifications"):
            answer = scene.clients["partner"].post(
                f"/api/v1/{name}", json.dumps(one), content_type="application/json"
            )
            assert answer.status_code == 200, answer.content


Attempt = Callable[[Scene, list[int], list[str]], None]


def ask_often(name: str, who: str) -> Attempt:
    """Return an attempt that sends what `requests.py` knows as a good request, again and again."""

    def attempt(scene: Scene, _people: list[int], _codes: list[str]) -> None:
        for _ in range(MANY):
            ask(routes()[name], "POST", who, scene)

    return attempt


def open_venues(scene: Scene, _people: list[int], _codes: list[str]) -> None:
    """Open many venues, each with the strictest rule."""
    form = {"name": "湖滨站", "area": "330106", "yellow": "refuse", "kind": "restaurant"}
    for _ in range(MANY):
        scene.clients["manager"].post("/venues", form)


def set_yellow(scene: Scene, _people: list[int], _codes: list[str]) -> None:
    """Refuse everybody who is yellow."""
    url = address(routes()["venue-yellow"], scene)
    assert scene.clients["manager"].post(url, {"yellow": "refuse"}).status_code == 302


def leave(scene: Scene, _people: list[int], _codes: list[str]) -> None:
    """Leave the venue."""
    assert scene.clients["device"].delete("/api/v1/devices/token").status_code == 204


def manage(scene: Scene, _people: list[int], _codes: list[str]) -> None:
    """Rename the venue, name a deputy, offer the venue, close it and open it again."""
    url = address(routes()["venue-management"], scene)
    for step in ("rename", "name-deputy", "hand-over", "close", "reopen"):
        form = {**SENT_GROUND, "step": step, "name": "湖滨", "username": "manager-2"}
        assert scene.clients["manager"].post(url, form).status_code == 302


ATTEMPTS: Final[dict[str, dict[str, Attempt]]] = {
    "source": {
        "evidence": lambda scene, people, _codes: evidence(scene, people),
        "presences": lambda scene, people, _codes: presences(scene, people),
    },
    "partner": {
        "verifications": lambda scene, _people, codes: verifications(scene, codes),
        "sandbox-verifications": lambda scene, _people, codes: verifications(scene, codes),
    },
    "device": {
        "scans": lambda scene, _people, codes: scans(scene, codes, batch=False),
        "scan-batch": lambda scene, _people, codes: scans(scene, codes, batch=True),
        "door-token": leave,
    },
    "manager": {
        "venues": open_venues,
        "venue-yellow": set_yellow,
        "add-device": ask_often("add-device", "manager"),
        "revoke-device": ask_often("revoke-device", "manager"),
        "venue-management": manage,
    },
}
"""What each of them can do alone, by caller and route. An officer's writes are elsewhere."""


@pytest.mark.parametrize("who", ATTEMPTS)
def test_no_write_is_left_out(who: str) -> None:
    writes = {
        name
        for (name, method), row in table().items()
        if method != "GET" and row[who] not in REFUSED
    }
    assert writes - EVERYBODYS == ATTEMPTS[who].keys()
    of_accounts = {"api-token", "staff-token", "own-devices", "api-own-devices"}
    of_people = {"first-factor", "own-factors", "second-factor"}
    assert writes >= EVERYBODYS - of_accounts - of_people


@pytest.mark.parametrize("who", ATTEMPTS)
def test_one_alone_reddens_few(scene: Scene, who: str) -> None:
    people, codes = crowd(scene)
    for attempt in ATTEMPTS[who].values():
        attempt(scene, people, codes)
    for name in EVERYBODYS - {"api-token", "logout"}:
        ask_often(name, who)(scene, people, codes)
    figures = SHIPPED.alarm.people
    assert reddened(scene, people) == (figures if who == "source" else 0)
    said = Evidence.objects.filter(person__in=people).exclude(kind=EvidenceKind.DECLARATION)
    assert said.exists() is (who == "source")


def test_without_the_alarm_one_source_reddens_its_budget(scene: Scene) -> None:
    quiet = colours.QUIET_TEXT.replace("version = 2", "version = 3")
    colours.publish(quiet, holds_from=scene.now - timedelta(hours=1))
    people, _codes = crowd(scene)
    evidence(scene, people)
    assert reddened(scene, people) == SHIPPED.sources.reddening_lines_a_day
    assert HeldLine.objects.filter(person__in=people[20:]).count() == 4 * 5 * 2


def crowd(scene: Scene) -> tuple[list[int], list[str]]:
    """Register people who are green, and return their numbers and codes."""
    made = [
        registered(scene.world.zhang, "张三", IdType.PASSPORT, f"E9{n:07}") for n in range(MANY)
    ]
    for person in made:
        declare(account=scene.world.zhang, person=person, declaration=HEALTHY, at=scene.now)
    people = [person.pk for person in made]
    codes = [
        issue_code(account=scene.world.zhang, person_id=who, kind=Kind.LIVE, at=scene.now).code
        for who in people
    ]
    return people, codes


def reddened(scene: Scene, people: list[int]) -> int:
    """Do all work that waits, and return how many are red now or will be red by themselves."""
    place_waiting(at=scene.now)
    recolour(at=scene.now)
    red: set[int] = set()
    for days in (0, 1, 3):
        recompute_people(people, at=scene.now + timedelta(days=days))
        rows = PersonColour.objects.filter(person__in=people, colour=Colour.RED)
        red.update(rows.values_list("person_id", flat=True))
    return len(red)
