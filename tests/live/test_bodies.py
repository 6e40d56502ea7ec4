"""Request bodies as the real web server passes them on, which the test client does not show."""

import json
import urllib.error
import urllib.request
from datetime import timedelta

from django.utils import timezone

from tests.live.service import LiveService


def post(url: str, body: bytes, token: str, media_type: str) -> tuple[int, dict[str, object]]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": media_type}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as problem:
        return problem.code, json.load(problem)


def test_every_line_of_a_report_arrives(service: LiveService) -> None:
    """One line is valid, one is not JSON, one has an unknown area: three results."""
    day = str((timezone.now() - timedelta(days=2)).date())
    lines = [
        json.dumps({"person": 1, "area": "330106", "from": day, "to": day}),
        "{not json",
        json.dumps({"person": 1, "area": "999999", "from": day, "to": day}),
    ]
    status, answer = post(
        f"{service.base_url}/api/v1/evidence/stays",
        "\n".join(lines).encode(),
        service.demo["source"]["token"],
        "application/x-ndjson",
    )
    assert status == 200
    assert (answer["accepted"], answer["rejected"]) == (1, 2)


def test_a_body_that_is_too_large_is_answered_with_a_sentence(service: LiveService) -> None:
    """Ten thousand stays: the client gets a problem document, not a broken connection."""
    stays = [{"area": "330106", "from": "2026-01-01", "to": "2026-01-02"}] * 10_000
    status, answer = post(
        f"{service.base_url}/api/v1/declarations",
        json.dumps({"person": 1, "symptoms": [], "stays": stays}).encode(),
        service.demo["resident"]["token"],
        "application/json",
    )
    assert status == 413
    assert answer["type"] == "/problems/too-large"
