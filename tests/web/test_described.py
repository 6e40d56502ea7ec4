"""Many clients ask a fresh process for the description of the interface at the same time."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.test import Client

ROOT = Path(__file__).resolve().parents[2]


def main() -> None:
    """Ask eight times at once; print the statuses."""
    with ThreadPoolExecutor(8) as pool:
        asked = [
            pool.submit(lambda: Client(raise_request_exception=False).get("/api/v1/schema"))
            for _ in range(8)
        ]
        print([one.result().status_code for one in asked])


@pytest.mark.servers
def test_all_who_ask_at_once_are_answered() -> None:
    program = "import django; django.setup(); from tests.web.test_described import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == str([200] * 8), done.stderr[-2000:]


def test_it_has_the_form_that_is_asked_for(client: Client) -> None:
    asked = "application/vnd.oai.openapi+json"
    answer = client.get("/api/v1/schema", headers={"Accept": asked})
    assert answer.json()["openapi"].startswith("3.")
    assert ".json" in answer.headers["Content-Disposition"]
    assert client.get("/api/v1/schema").content.startswith(b"openapi: 3.")
