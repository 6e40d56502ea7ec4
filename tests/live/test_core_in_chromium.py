"""The scanner page's verifier in a real browser, with its WebCrypto and decompression."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.core.test_typescript import GENERATED, expect_agreement, generated_vectors
from tests.core.test_vectors import LOADED_AT, VECTORS
from tests.live.browsers import phone

ROOT = Path(__file__).resolve().parents[2]
JUDGE = "tests/core/judge_in_browser.ts"
# WebCrypto exists only on pages that came over https.
DOOR = "https://door.example/"


@pytest.fixture
def page(playwright: Playwright) -> Iterator[Page]:
    """A page that can judge test vectors."""
    esbuild = [sys.executable, "-m", "healthcode.tools.run.node", "esbuild", JUDGE, "--bundle"]
    bundled = subprocess.run(esbuild, cwd=ROOT, capture_output=True, check=True, text=True)
    with phone(playwright) as page:
        page.route(DOOR, lambda route: route.fulfill(content_type="text/html", body="<p>"))
        page.goto(DOOR)
        page.add_script_tag(content=bundled.stdout)
        yield page


@pytest.mark.parametrize("generated", [False, True], ids=["shared", "generated"])
def test_verdicts_are_those_of_the_core(page: Page, generated: bool) -> None:
    vectors = generated_vectors(GENERATED) if generated else VECTORS
    document = json.dumps({**vectors, "loaded_at": LOADED_AT})
    answers = page.evaluate(
        "async text => JSON.stringify(await answers(JSON.parse(text)))", document
    )
    expect_agreement(vectors, json.loads(answers))
