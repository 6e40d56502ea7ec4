"""Reports at the limits of the interface and beyond: every line gets an answer, or none."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from accounts.models import Account, Person
from healthcode.acts.alarm_models import Alarm
from healthcode.colours.safeguards import SHIPPED
from healthcode.evidence.models import Evidence, HeldLine, SourceBatch, SourceGrant
from healthcode.sources.parsers import MOST_LINES
from healthcode.tracing.models import Place
from healthcode.web.bodies import BULK_BODY_LIMIT
from tests.evidence.conftest import HOME, World, reporting
from tests.sources.test_grants import NOON, days_ago

pytestmark = [pytest.mark.clock, pytest.mark.django_db]
LINES = "application/x-ndjson"
POSITIVE = {"result": "positive", "sampled_at": days_ago(1)}


def nothing_done() -> bool:
    """Return whether no table of reports has a row, and no budget was used."""
    rows = [model.objects.exists() for model in (Evidence, HeldLine, SourceBatch, Alarm)]
    return not any(rows) and not SourceGrant.objects.filter(spent__gt=0).exists()


def test_a_million_short_lines_are_refused_as_a_whole(
    world: World, source_client: APIClient
) -> None:
    line = json.dumps({"person": world.person.pk, **POSITIVE}, separators=(",", ":"))
    body = "\n".join([line, *["{}"] * 999_999])
    assert len(body) < BULK_BODY_LIMIT
    answer = source_client.post("/api/v1/evidence/tests", body, content_type=LINES)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-many-lines")
    assert nothing_done()


def test_a_million_whole_lines_are_too_large(world: World, source_client: APIClient) -> None:
    line = json.dumps({"person": world.person.pk, **POSITIVE}, separators=(",", ":"))
    body = "\n".join([line] * 1_000_000)
    answer = source_client.post("/api/v1/evidence/tests", body, content_type=LINES)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert nothing_done()


def test_each_of_the_most_lines_has_an_answer(world: World, source_client: APIClient) -> None:
    people = Person.objects.bulk_create(Person(home_area=HOME) for _ in range(MOST_LINES))
    lines = [json.dumps({"person": who.pk, "reference": f"{who.pk}", **POSITIVE}) for who in people]
    lines[1000] = "not JSON"
    answer = source_client.post("/api/v1/evidence/tests", "\n".join(lines), content_type=LINES)
    assert answer.status_code == 200
    results = answer.json()["results"]
    assert [result["line"] for result in results] == list(range(1, MOST_LINES + 1))
    counts = Counter(result.get("state", "refused") for result in results)
    recorded = SHIPPED.alarm.people
    assert counts == {"recorded": recorded, "held": MOST_LINES - recorded - 1, "refused": 1}
    batch = SourceBatch.objects.get()
    assert (batch.recorded, batch.held, batch.refused) == (recorded, counts["held"], 1)
    assert Evidence.objects.count() == recorded
    assert HeldLine.objects.count() == counts["held"]
    assert Alarm.objects.get().people == recorded + counts["held"]


@pytest.mark.parametrize(
    ("kinds", "granted", "area"),
    [(["cases"], "", HOME), (["presences"], "3302", HOME)],
    ids=["not the kind", "not the area"],
)
def test_presences_outside_the_grant_are_refused(
    client_of: Callable[[Account], APIClient],
    world: World,
    kinds: list[str],
    granted: str,
    area: str,
) -> None:
    client = client_of(reporting("railway", granted, kinds=kinds))
    starts = NOON - timedelta(hours=3)
    line = {"person": world.person.pk, "kind": "restaurant", "place": "A", "area": area}
    period = {"from": starts.isoformat(), "to": NOON.isoformat()}
    answer = client.post("/api/v1/presences", {"presences": [line | period]}, format="json")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/outside-your-grant")
    assert not Place.objects.exists()
