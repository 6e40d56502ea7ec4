"""An officer who publishes maps that touch nearly everybody, and the recomputations of these."""

import json
import subprocess
import sys
from typing import Any

from tests.live.service import ROOT, LiveService, ServiceAnswer

# All levels are reversed, which touches everybody who stayed anywhere in the province.
OPPOSITE = {"red": "green", "orange": "green", "yellow": "green", "blue": "red", "green": "red"}


def publish_the_opposite(live: LiveService, base_url: str = "") -> ServiceAnswer:
    """Publish a map that changes every level, which touches nearly everybody.

    `base_url` names another server than the service's own.
    """
    levels = live.call("GET", f"{base_url}/api/v1/areas/levels?within=33").body["levels"]
    turned = [{"code": row["code"], "level": OPPOSITE[row["level"]]} for row in levels]
    answer = live.call(
        "PUT",
        f"{base_url}/api/v1/areas/levels",
        token=live.demo["officer"]["token"],
        json_body={
            "effective_from": "2020-02-24",
            "ground_kind": "operations",
            "ground": "a test of the service",
            "levels": turned,
        },
    )
    answer = confirmed(live, answer, base_url)
    assert answer.status == 200, answer.body
    return answer


def confirmed(live: LiveService, answer: ServiceAnswer, base_url: str = "") -> ServiceAnswer:
    """Return the answer of an act; if it waits, the second officer confirms it first."""
    if answer.status != 202:
        return answer
    proposal = answer.body["proposal"]
    return live.call(
        "POST",
        f"{base_url}/api/v1/proposals/{proposal['id']}/confirmation",
        token=live.demo["officer2"]["token"],
        json_body={
            "ground_kind": "operations",
            "ground": "a test of the service",
            "fingerprint": proposal["fingerprint"],
        },
    )


def progress(live: LiveService, number: int) -> dict[str, Any]:
    """Return the progress of a recomputation."""
    token = live.demo["officer"]["token"]
    answer = live.call("GET", f"/api/v1/recomputations/{number}", token=token)
    assert answer.status == 200, answer.body
    body: dict[str, Any] = answer.body
    return body


def halfway(progress: dict[str, Any]) -> dict[str, Any] | None:
    """Return the progress once some of the people are done."""
    return progress if 0 < progress["people_done"] < progress["people_found"] else None


def done(progress: dict[str, Any]) -> dict[str, Any] | None:
    """Return the progress once everybody is done."""
    return progress if progress["state"] == "done" else None


def assert_colours_are_right(live: LiveService) -> None:
    """Assert that everybody has the colour that the reference computes."""
    result = subprocess.run(
        [sys.executable, "-m", "tests.live.inside"],
        env=live.environment(),
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    found = json.loads(result.stdout)
    assert found["people"] >= 3000
    assert found["differing"] == []
