"""An outsider lists who may report or ask what, and compares it with the public log."""

import json
from base64 import b64decode
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, Grant, Role
from healthcode.acts.grounds import Ground
from healthcode.acts.log import keys
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import ChangedAccount, StaffGrant
from healthcode.administration.purposes import Purpose
from healthcode.administration.services import PartnerTerms, add_partner
from healthcode.administration.staff import add_staff
from healthcode.core.log.tiles import bundles_of
from healthcode.evidence.models import ReportKind, SourceGrant
from healthcode.sources.granting import grant_reporting
from tests.acts import GROUND
from tests.acts.log import extend, newest
from tests.acts.log import independent_log_verifier as theirs
from tests.administration import administrator
from tests.core.test_cli import run
from tests.verifier.authority import Authority

pytestmark = pytest.mark.django_db
WELL_KNOWN = "/.well-known/health-code"


@pytest.fixture
def granted(areas: None) -> Account:
    """A log with a hospital that may report cases in Hangzhou, and a partner that verifies."""
    at = timezone.now()
    keys.make_keys(at=at)
    by = administrator()
    hospital = StaffGrant("hospital", Role.SOURCE, "3301", name="杭州一院", name_en="Hospital 1")
    made = add_staff(by=by, grant=hospital, at=at)
    assert isinstance(made, ChangedAccount)
    grant(by, at=at)
    terms = PartnerTerms("rail", Authority().keys(), ["verify"], 600)
    add_partner(by=by, terms=terms, at=at)
    extend(at=at)
    return made.account


def grant(by: Administrator, *, lines: int = 50, at: Any = None, ground: Ground = GROUND) -> None:
    grant_reporting(
        account=by.account,
        source="hospital",
        area="3301",
        kinds={ReportKind.CASES},
        reddening_lines_a_day=lines,
        ground=ground,
        at=at or timezone.now(),
    )


def fetched(path: str) -> bytes:
    answer = Client().get(f"{WELL_KNOWN}/{path}")
    assert answer.status_code == 200, path
    return bytes(answer.content)


def downloaded(folder: Path) -> Path:
    """Save the log and the grants as an outsider does."""
    size = newest(at=timezone.now()).checkpoint.size
    for path in ("checkpoint", "policy", *(bundle.path for bundle in bundles_of(size))):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(fetched(f"log/{path}"))
    (folder / "grants.json").write_bytes(fetched("grants.json"))
    return folder


def listed(folder: Path) -> tuple[int, list[dict[str, Any]]]:
    status, out, said = run("grants", "grants.json", "--log", ".", "--policy", "policy", at=folder)
    assert said == ""
    return status, [json.loads(line) for line in out.splitlines()]


@pytest.mark.usefixtures("granted")
def test_somebody_with_the_page_alone_finds_the_leaf_of_each_grant() -> None:
    """As docs/log.md, section 8, says; shares no code with the service."""
    _checkpoint, leaves = theirs.read_log(lambda path: fetched(f"log/{path}"), timezone.now())
    document = json.loads(fetched("grants.json"))
    digests = {json.loads(leaf)["digest"]: json.loads(leaf) for leaf in leaves}
    for part, kind in (("sources", "source-granted"), ("partners", "partner-changed")):
        for entry in document[part]:
            act = entry["act"]
            salted = b64decode(act["salt"]) + act["record"].encode()
            leaf = digests[theirs.sha256(salted).hex()]
            assert (leaf["kind"], leaf["number"]) == (kind, act["number"])
            assert set(entry["purposes"]) <= document["purposes"].keys()
    (source,) = document["sources"]
    assert source["name"] == {"zh": "杭州一院", "en": "Hospital 1"}
    assert (source["area"], source["kinds"], source["purposes"]) == (
        "3301",
        ["cases"],
        ["report-cases"],
    )
    assert json.loads(source["act"]["record"])["ground"] == GROUND.text


def test_the_document_names_no_people_and_counts_staff(granted: Account) -> None:
    text = fetched("grants.json").decode()
    document = json.loads(text)
    assert {
        "role": "administrator",
        "area": "",
        "accounts": 1,
        "purpose": "administer",
    } in document["staff"]
    for account in Account.objects.exclude(pk=granted.pk).exclude(partner__isnull=False):
        assert account.username not in text
    assert document["purposes"].keys() == set(Purpose.values)
    for texts in document["purposes"].values():
        assert texts["zh"] != texts["en"]


@pytest.mark.usefixtures("granted")
def test_the_index_names_log_and_grants() -> None:
    index = json.loads(Client().get(f"{WELL_KNOWN}/").content)
    assert index["log_uri"].endswith(f"{WELL_KNOWN}/log")
    assert index["grants_uri"].endswith(f"{WELL_KNOWN}/grants.json")


@pytest.mark.usefixtures("granted")
def test_the_tool_lists_what_is_proven(tmp_path: Path) -> None:
    status, told = listed(downloaded(tmp_path))
    assert status == 0
    assert [(one["what"], one["proven"]) for one in told if "proven" in one] == [
        ("sources", True),
        ("partners", True),
        ("staff", None),
    ]


def test_the_tool_finds_what_the_log_does_not_say(tmp_path: Path, granted: Account) -> None:
    SourceGrant.objects.update(reddening_lines_a_day=5000)
    status, told = listed(downloaded(tmp_path))
    assert (status, told[0]["proven"]) == (1, False)
    assert told[0]["why"] == "the act says something else about reddening_lines_a_day"
    SourceGrant.objects.update(granted_by=None)
    status, told = listed(downloaded(tmp_path))
    assert told[0]["why"] == "the grant names no act: it is older than the log"
    assert "not listed" in {one["what"] for one in told}


@pytest.mark.usefixtures("granted")
def test_a_grant_that_was_replaced_is_told(tmp_path: Path) -> None:
    by = Administrator(Account.objects.get(grants__role=Role.ADMINISTRATOR), GROUND)
    grant(by, lines=7)
    extend(at=timezone.now() + timedelta(seconds=1))
    status, told = listed(downloaded(tmp_path))
    assert status == 0
    assert told[-1]["what"] == "not listed"
    assert told[-1]["act"] < told[0]["act"]


@pytest.mark.usefixtures("granted")
@pytest.mark.parametrize("path", ["tile/entries/000", "checkpoint"])
def test_a_log_that_was_changed_proves_nothing(tmp_path: Path, path: str) -> None:
    folder = downloaded(tmp_path)
    (changed,) = folder.glob(f"{path}*/*") if "tile" in path else [folder / path]
    changed.write_bytes(changed.read_bytes().replace(b"3301", b"3302").replace(b"\n\n", b"\n"))
    status, out, said = run("grants", "grants.json", "--log", ".", "--policy", "policy", at=folder)
    assert (status, out) == (2, "")
    assert said


@pytest.mark.parametrize("document", ["[]", "{}", '{"sources": 1}', "no JSON"])
@pytest.mark.usefixtures("granted")
def test_another_document_is_refused(tmp_path: Path, document: str) -> None:
    folder = downloaded(tmp_path)
    (folder / "grants.json").write_text(document)
    assert run("grants", "grants.json", "--log", ".", "--policy", "policy", at=folder)[0] == 2


@pytest.mark.parametrize(("days", "shown"), [(2, True), (-2, False)])
def test_a_role_with_an_end_says_so_and_is_not_listed_afterwards(
    granted: Account, days: int, *, shown: bool
) -> None:
    ends = timezone.now() + timedelta(days=days)
    Grant.objects.exclude(role=Role.ADMINISTRATOR).update(ends_at=ends)
    document = json.loads(fetched("grants.json"))
    told = [entry["until"] for part in ("sources", "partners") for entry in document[part]]
    assert told == [ends.astimezone(UTC).isoformat(timespec="seconds")] * (2 if shown else 0)
    assert {row["role"] for row in document["staff"]} == {"administrator"}
