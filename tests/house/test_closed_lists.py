"""Everything outside Python and TypeScript that depends on a closed list has all its members.

CONTRIBUTING.md says what else a new member needs.
"""

import inspect
import re
from pathlib import Path
from typing import Final, get_args

import pytest
from django.conf import settings
from django.db.models import IntegerChoices, TextChoices
from django.db.models.enums import Choices
from django.utils import translation
from django.utils.functional import Promise

from accounts import resealing
from accounts.models import IdType
from accounts.vault import Field
from healthcode.acts.kinds import ActKind
from healthcode.areas.maps import LineFault
from healthcode.areas.models import Level
from healthcode.asgi import CALLERS
from healthcode.core import Colour, Outcome, Reason
from healthcode.core.cose import SIGNATURE_BYTES
from healthcode.core.dcc import CertificateReason
from healthcode.evidence import errors
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.traits import Symptom
from healthcode.tracing.kinds import PlaceKind, Strength
from healthcode.web import calls
from healthcode.web.calls import CallKind
from healthcode.web.keeping import Cadence, Goes, records
from tests.core.test_vectors import VECTORS
from verifier.doors.pages import PHRASES
from verifier.models import Doubt, Scan

ROOT: Final = Path(__file__).resolve().parents[2]
LINE: Final = re.compile(r"^\| \d+ \| [^|]* \| (\w+) \| ([^|]*) \|$", re.MULTILINE)
LOOKS: Final = re.compile(r"^type Look = Outcome((?: \| \"[\w-]+\")+);$", re.MULTILINE)
DOUBT_KINDS: Final = re.compile(r"^const DOUBT_KINDS = \[(.*)\] as const;$", re.MULTILINE)
MAP_CSS: Final = "healthcode/areas/static/areas/map.css"
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
    """Return each outcome with each of its reasons, from the table of the verdict."""
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


def test_beat_looks_at_every_cadence() -> None:
    beat = settings.CELERY_BEAT_SCHEDULE.values()
    named = [entry["kwargs"]["cadence"] for entry in beat if entry["task"] == "web.forget"]
    assert sorted(named) == sorted(Cadence)


def test_every_way_for_rows_to_go_is_one_that_somebody_goes() -> None:
    """An erasure and the end of the service each know one."""
    erased = {record.erase for record in records() if isinstance(record.erase, Goes)}
    ended = {record.sunset for record in records() if isinstance(record.sunset, Goes)}
    assert (erased, ended) == ({Goes.WITH_THE_PERSON}, {Goes.AT_ONCE})
    assert erased | ended == set(Goes)


def test_every_kind_that_a_call_can_have_has_places() -> None:
    code = inspect.getsource(calls.kind_of)
    kinds = {CallKind[name] for name in re.findall(r"CallKind\.(\w+)", code)}
    assert {*CALLERS, CallKind.OPERATORS} == kinds - {CallKind.WORK, CallKind.MIGRATION} == kinds
    assert kinds | {CallKind.WORK, CallKind.MIGRATION} == set(CallKind)


def test_a_rotation_seals_every_field_anew() -> None:
    """But what waits in a session for its first code, and lives for minutes."""
    sealed = [field for *_, fields in resealing.TABLES for field in fields.values()]
    assert sorted(field.name for field in sealed) == sorted(
        field.name for field in Field if field not in {Field.SESSION_PHONE, Field.NEW_APP_SECRET}
    )


def test_a_policy_can_speak_of_every_strength_of_a_contact() -> None:
    assert set(KINDS[EvidenceKind.CONTACT].traits) == set(Strength)


def test_the_page_on_tracing_has_every_kind_of_place() -> None:
    rows = re.findall(r"^\| (`[^|]*) \|", text("docs/reference/tracing.md"), re.MULTILINE)
    named = {kind for row in rows for kind in re.findall("`(\\w+)`", row)}
    assert set(PlaceKind.values) <= named


def test_the_page_on_maps_has_every_fault_of_a_line() -> None:
    page = text("docs/howto/publish-a-map.md")
    assert [fault for fault in LineFault if f"`{fault}`" not in page] == []


def test_the_page_on_the_format_has_every_algorithm_of_codes() -> None:
    [numbers] = re.findall(r"^alg = (.*)$", text("docs/format.md"), re.MULTILINE)
    assert numbers == " / ".join(str(int(used)) for used in SIGNATURE_BYTES)


@pytest.mark.parametrize("level", Level.labels)
def test_the_pages_show_every_level(level: str) -> None:
    css = text(SITE_CSS)
    assert f"  --level-{level}: #" in css
    assert f".level-{level} {{ --swatch: var(--level-{level}); }}" in css
    assert f"#fill-{level} rect {{ fill: var(--level-{level}); }}" in text(MAP_CSS)


SHOWN: Final = [
    choices
    for choices in (*TextChoices.__subclasses__(), *IntegerChoices.__subclasses__())
    if choices.__module__.startswith(("accounts", "healthcode", "verifier"))
    and any(isinstance(label, Promise) for label in choices.labels)
]


def test_enumerations_that_people_read_are_found() -> None:
    assert {ActKind, IdType, Symptom, PlaceKind} <= set(SHOWN)


@pytest.mark.parametrize("choices", SHOWN)
def test_people_read_every_member_in_both_languages(choices: type[Choices]) -> None:
    """A label that Django makes from the member's name is English in every language."""
    for member in choices:
        with translation.override("en"):
            english = str(member.label)
        with translation.override("zh-hans"):
            assert str(member.label) != english, member


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
