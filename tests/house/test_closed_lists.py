"""What depends on a closed list outside Python and TypeScript has all of its members.

CONTRIBUTING.md says what else a new member needs.
"""

import re
from pathlib import Path
from typing import Final, get_args

import pytest

from healthcode.acts.kinds import ActKind
from healthcode.core import Colour, Outcome, Reason
from healthcode.core.dcc import CertificateReason
from healthcode.evidence import errors
from tests.core.test_vectors import VECTORS
from verifier.doors.pages import PHRASES
from verifier.models import Doubt, Scan

ROOT: Final = Path(__file__).resolve().parents[2]
LINE: Final = re.compile(r"^\| \d+ \| [^|]* \| (\w+) \| ([^|]*) \|$", re.MULTILINE)
LOOKS: Final = re.compile(r"^type Look = Outcome((?: \| \"[\w-]+\")+);$", re.MULTILINE)
DOUBT_KINDS: Final = re.compile(r"^const DOUBT_KINDS = \[(.*)\] as const;$", re.MULTILINE)
COLOURS: Final = [colour.name.lower() for colour in Colour]
SCANNER_CSS, SCANNER_HTML, SITE_CSS, LIVE_CSS, SHAPES = (
    "verifier/static/verifier/scanner.css",
    "verifier/templates/verifier/scanner.html",
    "healthcode/web/static/web/site.css",
    "healthcode/codes/static/codes/live.css",
    "healthcode/web/templates/web/_shape.html",
)


def text(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def documented() -> set[tuple[str, str]]:
    """Each outcome with each of its reasons, as the table of the verdict has them."""
    return {
        (outcome, reason)
        for outcome, reasons in LINE.findall(text("docs/format.md"))
        for reason in re.findall(r"`(\w+)`", reasons)
    }


def test_the_table_of_the_verdict_has_every_reason() -> None:
    assert {reason for _, reason in documented()} == set(Reason)


def test_the_table_of_the_verdict_has_every_outcome_that_a_reason_comes_with() -> None:
    seen = {(vector["outcome"], vector["reason"]) for vector in VECTORS["cases"]}
    assert seen == documented()


@pytest.mark.parametrize("column", ["reason", "given_reason"])
def test_every_reason_fits_into_its_column(column: str) -> None:
    assert max(map(len, Reason)) <= (Scan._meta.get_field(column).max_length or 0)


def test_every_doubt_about_a_certificate_has_its_sentence() -> None:
    assert set(errors._REFUSED) == set(get_args(CertificateReason))


def test_the_page_on_certificates_has_every_doubt() -> None:
    page = text("docs/howto/eu-certificates.md")
    assert [doubt for doubt in get_args(CertificateReason) if f"`{doubt}`" not in page] == []


def test_every_kind_of_act_is_recorded_somewhere() -> None:
    code = "".join(
        path.read_text("utf-8")
        for room in ("accounts", "healthcode", "verifier")
        for path in (ROOT / room).rglob("*.py")
    )
    assert [kind.name for kind in ActKind if not re.search(rf"ActKind\.{kind.name}\b", code)] == []


@pytest.mark.parametrize("outcome", Outcome)
def test_the_scanner_shows_every_outcome(outcome: Outcome) -> None:
    css = text(SCANNER_CSS)
    assert f'.verdict[data-look="{outcome}"] {{' in css
    assert f'.verdict[data-look="{outcome}"] .shape-{outcome}' in css
    assert f'class="shape shape-{outcome}"' in text(SCANNER_HTML)
    assert outcome in PHRASES


def test_the_scanner_shows_every_look_that_is_no_outcome() -> None:
    [looks] = LOOKS.findall(text("verifier/doors/frontend/scanner/verdict.ts"))
    named = re.findall(r'"([\w-]+)"', looks)
    css = text(SCANNER_CSS)
    assert [look for look in named if f'.verdict[data-look="{look}"]' not in css] == []
    assert [look for look in named if look not in PHRASES] == []


def test_the_scanner_knows_every_doubt_that_it_can_be_told() -> None:
    [kinds] = DOUBT_KINDS.findall(text("verifier/doors/frontend/scanner/bundle.ts"))
    named = re.findall(r'"([\w-]+)"', kinds)
    assert named == [kind for kind, _ in Doubt._meta.get_field("kind").choices or []]
    assert [kind for kind in named if f"doubt-{kind}" not in PHRASES] == []


@pytest.mark.parametrize("colour", COLOURS)
def test_the_pages_show_every_colour(colour: str) -> None:
    assert f".colour-{colour} {{" in text(SITE_CSS)
    assert f"body.live-{colour} {{" in text(LIVE_CSS)
    assert f'#live[data-colour="{colour}"] .of-{colour}' in text(LIVE_CSS)
    assert f'colour == "{colour}"' in text(SHAPES)
