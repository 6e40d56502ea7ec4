"""The person keeps a proof of what a source reported, and others can check it."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import Guardianship
from accounts.services import name_institution
from healthcode.acts.log import keys
from healthcode.acts.models import LogLeaf
from healthcode.core.cli import main
from healthcode.core.log.proofs import parse_proof
from healthcode.evidence.models import Evidence, EvidenceKind, SourceBatch, SourceGrant
from healthcode.evidence.ndjson import NumberedLine
from healthcode.evidence.services import NewFact, record
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.officers.held_lines.services import confirm_lines
from healthcode.officers.withdrawals.services import withdraw_evidence
from healthcode.sources.evidence import report_evidence
from tests.acts import GROUND
from tests.acts.log import as_owner, extend
from tests.acts.log import independent_log_verifier as theirs
from tests.evidence.conftest import HOME, World
from tests.residents.test_pages import NOTHING_WRONG

POLICY = "/.well-known/health-code/log/policy"
CASUAL = {"strength": "casual", "reference": 'a "quoted" \\ line 病'}
Report = Callable[..., list[int]]


@pytest.fixture
def browser(world: World) -> Client:
    """Zhang San's browser, in English."""
    client = Client()
    client.force_login(world.zhang)
    client.cookies["language"] = "en"
    return client


@pytest.fixture
def report(world: World, now: datetime) -> Report:
    """Return a function that reports a line about each person, and gives the facts' numbers."""
    keys.make_keys(at=now)

    def send(kind: str, *people: int, **line: Any) -> list[int]:
        lines = [
            NumberedLine(n, {"person": who, **line, "reference": f"{line['reference']}-{n}"})
            for n, who in enumerate(people, 1)
        ]
        sent = report_evidence(source=world.source, kind=kind, lines=lines, at=now)
        return [result.id for result in sent.results if result.id is not None]

    return send


def address(person: int, fact: int) -> str:
    return f"/people/{person}/evidence/{fact}.tlog-proof"


def proven(browser: Client, person: int, fact: int) -> dict[str, Any]:
    """Return leaf and record, as somebody reads them who knows docs/log.md alone."""
    answer = browser.get(address(person, fact))
    assert answer.status_code == 200
    return theirs.check_proof(answer.content, browser.get(POLICY).content, datetime.now(UTC))


def test_each_line_of_a_report_has_a_proof(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    started = now - timedelta(days=1)
    people = [world.person.pk, world.child.pk, world.person.pk, world.stranger.pk, world.child.pk]
    facts = report("contacts", *people, **CASUAL, **{"from": started.isoformat()})
    extend(at=now)
    batch = SourceBatch.objects.get()
    for person, fact in zip(people, facts, strict=True):
        if person == world.stranger.pk:
            continue
        leaf = proven(browser, person, fact)
        assert (leaf["kind"], leaf["number"]) == ("contacts-reported", batch.pk)
        row = Evidence.objects.get(pk=fact)
        assert leaf["record"] == {
            "area": None,
            "ends": None,
            "kind": "contact",
            "person": person,
            "reference": row.reference,
            "starts": started.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "starts_by": None,
            "traits": ["casual"],
        }


def test_the_proof_shows_the_end_as_it_was_first_sent(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    person = world.person.pk
    line = {**CASUAL, "from": (now - timedelta(days=2)).isoformat()}
    (fact,) = report("contacts", person, **line)
    assert report("contacts", person, **line, to=now.isoformat()) == [fact]
    assert Evidence.objects.get(pk=fact).ends == now
    extend(at=now)
    assert proven(browser, person, fact)["record"]["ends"] is None
    day = now - timedelta(days=1)
    (whole,) = report(
        "contacts",
        person,
        **{**CASUAL, "reference": "b", "from": day.isoformat(), "to": now.isoformat()},
    )
    extend(at=now)
    ends = proven(browser, person, whole)["record"]["ends"]
    assert ends == now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def test_a_line_that_an_officer_confirmed_has_the_proof_of_its_report(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    SourceGrant.objects.update(kinds=["stays"])
    line = {"result": "negative", "sampled_at": now.isoformat(), "reference": "t"}
    assert report("tests", world.person.pk, world.stranger.pk, **line) == []
    batch = SourceBatch.objects.get()
    confirm_lines(
        account=world.officer,
        batch_id=batch.pk,
        lines=None,
        fingerprint=waiting_lines(world.officer, batch.pk).fingerprint,
        ground=GROUND,
        at=now,
    )
    extend(at=now)
    fact = Evidence.objects.get(person=world.person)
    leaf = proven(browser, world.person.pk, fact.pk)
    assert (leaf["kind"], leaf["number"]) == ("tests-reported", batch.pk)


def test_prove_checks_the_file(
    browser: Client,
    world: World,
    report: Report,
    now: datetime,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stay = {"area": HOME, "from": (now - timedelta(days=1)).isoformat(), "reference": "s"}
    (_other, fact) = report("stays", world.stranger.pk, world.person.pk, **stay)
    extend(at=now)
    answer = browser.get(address(world.person.pk, fact))
    assert f'filename="evidence-{fact}.tlog-proof"' in answer.headers["Content-Disposition"]
    proof, policy = tmp_path / "proof", tmp_path / "policy"
    proof.write_bytes(answer.content)
    policy.write_bytes(browser.get(POLICY).content)
    assert main(["prove", str(proof), "--policy", str(policy)]) == 0
    assert '"stays-reported"' in capsys.readouterr().out
    kept = parse_proof(answer.content)
    forged = kept.record.replace(HOME.encode(), b"330203")
    assert forged != kept.record
    proof.write_bytes(replace(kept, record=forged).encode())
    assert main(["prove", str(proof), "--policy", str(policy)]) == 1


def test_a_proof_waits_for_the_log(browser: Client, world: World, report: Report) -> None:
    (fact,) = report("tests", world.person.pk, **positive())
    answer = browser.get(address(world.person.pk, fact))
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "ask again in a few seconds" in answer.content.decode()


def positive() -> dict[str, str]:
    sampled = datetime.now(UTC) - timedelta(days=1)
    return {"result": "positive", "sampled_at": sampled.isoformat(), "reference": "p"}


@pytest.mark.parametrize(
    ("language", "why", "data", "withdrawn"),
    [
        (
            "en",
            "Keep the proof that the report of evidence number {0} is in the public log",
            "Third Hospital reported this on",
            "withdrawn, no longer counts",
        ),
        ("zh-hans", "下载证明：记录编号{0}的报送记在公开日志里", "这是第三医院在", "已撤销"),
    ],
)
def test_both_pages_lead_to_the_proof(
    browser: Client,
    world: World,
    report: Report,
    now: datetime,
    language: str,
    why: str,
    data: str,
    withdrawn: str,
) -> None:
    name_institution(account=world.source, zh="第三医院", en="Third Hospital")
    person = world.person.pk
    old = NewFact(person, EvidenceKind.TEST, now, now, traits=("positive",), reference="old")
    (before,) = record(source=world.source, facts=[old], at=now).ids
    (fact,) = report("tests", person, **positive())
    (gone,) = report("contacts", person, **CASUAL, **{"from": now.isoformat()})
    withdraw_evidence(account=world.officer, evidence_id=gone, ground=GROUND, at=now)
    browser.post(f"/people/{person}/declare", NOTHING_WRONG)
    browser.cookies["language"] = language
    pages = [browser.get(f"/people/{person}/{name}").content.decode() for name in ("why", "data")]
    for page in pages:
        assert f'href="{address(person, fact)}"' in page
        assert why.format(fact) in page
        assert address(person, before or 0) not in page
    assert data in pages[1]
    assert f'href="{address(person, gone)}"' in pages[1]
    assert pages[1].count(withdrawn) == 1


def test_nobody_else_gets_it_and_other_facts_have_none(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    person = world.person.pk
    (own, others) = report("tests", person, world.stranger.pk, **positive())
    old = NewFact(person, EvidenceKind.TEST, now, now, traits=("positive",), reference="old")
    (before,) = record(source=world.source, facts=[old], at=now).ids
    extend(at=now)
    li = Client()
    li.force_login(world.stranger.guardianships.get().account)
    assert li.get(address(world.stranger.pk, others)).status_code == 200
    assert li.get(address(person, own)).status_code == 404
    for fact in (others, before, 10**12):
        assert browser.get(address(person, fact or 0)).status_code == 404
    assert li.get(address(world.stranger.pk, own)).status_code == 404
    Guardianship.objects.filter(person=person).update(proof=None, proven_at=None)
    assert browser.get(address(person, own)).headers["Location"] == f"/people/{person}/proof"


@pytest.mark.parametrize(
    ("table", "edit"),
    [
        ("evidence_evidence", "UPDATE evidence_evidence SET traits = '{negative}'"),
        ("evidence_evidence", "UPDATE evidence_evidence SET salt = uuid_send(gen_random_uuid())"),
        ("evidence_sourcebatch", "UPDATE evidence_sourcebatch SET held = held + 1"),
    ],
)
def test_an_edited_fact_or_report_has_no_proof(
    browser: Client, world: World, report: Report, now: datetime, table: str, edit: str
) -> None:
    (fact,) = report("tests", world.person.pk, **positive())
    extend(at=now)
    assert browser.get(address(world.person.pk, fact)).status_code == 200
    as_owner(table, edit)
    answer = browser.get(address(world.person.pk, fact))
    assert answer.status_code == 409
    assert "is not what the institution reported" in answer.content.decode()


def test_a_leaf_that_is_missing_is_said(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    (fact,) = report("tests", world.person.pk, **positive())
    extend(at=now)
    leaf = LogLeaf.objects.get(kind="tests-reported")
    as_owner("acts_logleaf", "DELETE FROM acts_logleaf WHERE id = %s", leaf.pk)
    answer = browser.get(address(world.person.pk, fact))
    assert answer.status_code == 503
    assert "Part of the public log is missing" in answer.content.decode()


def test_the_page_of_the_log_shows_each_member_of_a_line(
    browser: Client, world: World, report: Report, now: datetime
) -> None:
    """If this fails, correct the line under "Reports of sources" in docs/log.md."""
    (fact,) = report("tests", world.person.pk, **positive())
    extend(at=now)
    page = Path(__file__).resolve().parents[2] / "docs/log.md"
    section = page.read_text("utf-8").split("### Reports of sources")[1].split("\n### ")[0]
    shown = json.loads(section.split("```text\n")[1].split("\n```")[0])
    assert shown.keys() == proven(browser, world.person.pk, fact)["record"].keys()
