"""The last steps of docs/how-zhengzhou-would-go.md: two officers agree, and one act undoes it."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.conf import LazySettings
from django.test import Client

from healthcode.acts.alarm_models import Alarm
from healthcode.acts.kinds import ActKind
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log import tree
from healthcode.acts.log.audit import findings
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log_models import KeyUse
from healthcode.acts.models import (
    Act,
    LogLeaf,
    Proposal,
)
from healthcode.acts.witnessing.asking import ask_witnesses
from healthcode.core.log.leaves import decode_leaf
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.witness import AddCheckpoint, encode_request
from healthcode.evidence.selectors import evidence_export
from healthcode.tracing.models import Inquiry
from tests.acts import SENT_GROUND, act_of
from tests.acts.log import as_owner, extend
from tests.acts.witnessing import ask, watch
from tests.acts.witnessing.server import MemoryWitness
from tests.core.log.trees import MemoryLog
from tests.zhengzhou.conftest import City, recolour, red
from tests.zhengzhou.page import Said, plain

pytestmark = [pytest.mark.clock, pytest.mark.django_db]

VISITORS, FORWARDED = 446, 871
VICTIMS: Final = VISITORS + FORWARDED
LOG: Final = "/.well-known/health-code/log"
MINUTE: Final = timedelta(minutes=1)
"""Leaves have a position when their minute has begun."""


@dataclass
class Proposed:
    """What one officer has proposed: to make all of them red."""

    city: City
    people: list[int]
    inquiry: str
    shown: dict[str, Any]

    @property
    def proposal(self) -> Proposal:
        return Proposal.objects.get()

    def confirm(self) -> Act:
        """Let the second corrupt officer confirm it, and do what the act asks for."""
        proposal = self.proposal
        sent = {**SENT_GROUND, "fingerprint": proposal.fingerprint}
        url = f"/api/v1/proposals/{proposal.pk}/confirmation"
        answer = self.city.client(self.city.second).post(url, sent, format="json")
        assert answer.status_code == 200, answer.content
        recolour()
        return Act.objects.get(kind=ActKind.CONTACTS_CONFIRMED)


@pytest.fixture
def proposed(city: City) -> Proposed:
    """One officer opens an inquiry on a real case, and proposes 1,317 contacts."""
    people = city.depositors(VICTIMS)
    url, shown = city.inquire(city.first, people, "郑州站")
    answer = city.confirm(city.first, url, shown)
    assert answer.status_code == 202, answer.content
    assert answer.json()["preview"]["worse"] == VICTIMS
    return Proposed(city, people, url, shown)


@pytest.fixture
def witness(settings: LazySettings, tmp_path: Path, city: City) -> Iterator[MemoryWitness]:
    """A witness of another province, which must cosign what the log publishes."""
    log_keys.make_keys(at=city.now)
    watched = LogPolicy(tuple(log_keys.published_keys()))
    one = MemoryWitness("shaanxi", watched, int((city.now + MINUTE).timestamp()))
    settings.LOG_POLICY = str(tmp_path / "own-policy")
    (tmp_path / "own-policy").write_text(f"{one.line}\nquorum shaanxi\n")
    yield one
    one.stop()


def publish_log(city: City) -> None:
    """Number the leaves, sign a checkpoint, and ask the witness, as the worker does."""
    extend(at=city.now + MINUTE)
    ask_witnesses(at=city.now + MINUTE)


def test_8_one_officer_and_1317_people(proposed: Proposed) -> None:
    city, people = proposed.city, proposed.people
    recolour()
    assert red(people) == 0
    with Said(8) as said:
        sent = {**SENT_GROUND, "fingerprint": proposed.proposal.fingerprint}
        url = f"/api/v1/proposals/{proposed.proposal.pk}/confirmation"
        said.problem(city.client(city.first).post(url, sent, format="json"), 403)
        said.problem(city.client(city.elsewhere).post(url, sent, format="json"), 403)
        said.shown(city.desk(city.honest), "Proposals · 1 proposal waits")
        page = f"/officer/proposals/{proposed.proposal.pk}"
        seen = city.browser(city.second).get(page).content.decode()
        said.shown(seen, "Unusually many", "1317 people would get")
        told = [city.told(minutes) for minutes in (0, 30, 60)]
        assert [sorted(some) for some in told] == [
            ["officer-jinshui"],
            ["officer-2"],
            ["officer-henan"],
        ]
        said.sentences.add(plain(told[0]["officer-jinshui"]))
        said.shown(city.desk(city.honest), "1317 people would turn red")
        said.shown(city.why(), "Nothing on record")
    alarm = Alarm.objects.get()
    assert (alarm.by, alarm.people) == ("officer", VICTIMS)
    (leaf,) = LogLeaf.objects.filter(kind="alarm-raised")
    assert decode_leaf(bytes(leaf.entry)).people == VICTIMS


def test_9_two_corrupt_officers_leave_proof(
    proposed: Proposed, witness: MemoryWitness, tmp_path: Path
) -> None:
    city = proposed.city
    act = proposed.confirm()
    assert red(proposed.people) == VICTIMS
    assert (act.account, act.confirmed_by, act.worse) == (city.first, city.second, VICTIMS)
    publish_log(city)
    leaf = decode_leaf(bytes(LogLeaf.objects.get(kind=act.kind).entry))
    assert (leaf.people, leaf.area) == (VICTIMS, "4101")
    with Said(9) as said:
        said.shown(city.desk(city.honest), "1317 people got")
        said.shown(city.why(), "You", "The health authority recorded", "Public notice no.")
        proven = prove(client_proof(act), tmp_path, city)
        assert (proven["leaf"]["people"], proven["leaf"]["number"]) == (VICTIMS, act.pk)
        assert proven["witnessed"].keys() == {"shaanxi"}
        said.sentences.add(plain(f'"people": {proven["leaf"]["people"]}'))
        kept = tree.proof_of(act, with_record=True)
        assert kept is not None
        record = prove(kept.encode(), tmp_path, city)["record"]
        assert (record["account"], record["confirmed_by"]) == (city.first.pk, city.second.pk)


def client_proof(act: Act) -> bytes:
    """Return the file that the victim's page offers."""
    answer = Client().get(f"/api/v1/log/proof?act={act.pk}")
    assert answer.status_code == 200, answer.content
    return answer.content


def prove(proof: bytes, folder: Path, city: City) -> dict[str, Any]:
    """Check a proof with the command of the page, which needs no server."""
    (folder / "act.tlog-proof").write_bytes(proof)
    (folder / "log-policy").write_bytes(Client().get(f"{LOG}/policy").content)
    at = ["--at", str(int((city.now + MINUTE).timestamp()))]
    files = [str(folder / "act.tlog-proof"), "--policy", str(folder / "log-policy")]
    command = [sys.executable, "-m", "healthcode.core", "prove", *files, *at]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    proven: dict[str, Any] = json.loads(done.stdout)
    assert proven["proven"] is True
    return proven


def histories(act: Act) -> tuple[MemoryLog, MemoryLog]:
    """Return the log as it is, and a history without the act, made with the keys of the log."""
    signers = tuple(log_keys.signers())
    rows = LogLeaf.objects.exclude(position=None).order_by("position")
    entries = [bytes(row.entry) for row in rows]
    hidden = rows.get(kind=act.kind).position
    assert hidden is not None
    real, forged = (MemoryLog(signers, signers[0].key.name) for _ in range(2))
    real.append(*entries)
    forged.append(*entries[:hidden], b"{}", *entries[hidden + 1 :])
    return real, forged


def test_10_nobody_can_hide_it(
    proposed: Proposed, witness: MemoryWitness, settings: LazySettings, tmp_path: Path
) -> None:
    city, at = proposed.city, proposed.city.now + MINUTE
    act = proposed.confirm()
    publish_log(city)
    assert list(findings(at=at)) == []
    with Said(10) as said:
        # A neighbour's service witnesses the log; here the same service plays it.
        log_keys.make_keys(at=city.now, use=KeyUse.WITNESS)
        settings.WITNESSED_LOGS = str(tmp_path / "watched")
        real, forged = histories(act)
        watch(tmp_path / "watched", real)
        assert ask(encode_request(AddCheckpoint(0, (), real.note()))).status == 200
        size = len(real.entries)
        refused = ask(encode_request(AddCheckpoint(size, (), forged.note())))
        assert (refused.status, refused.slug) == (422, "split-view")
        said.sentences.add(plain(json.loads(refused.text)["detail"]))
        act_of(city.honest, at=at)
        as_owner(
            "accounts_act", "UPDATE accounts_act SET confirmed_by_id = NULL WHERE id = %s", act.pk
        )
        assert [(one.kind, one.number) for one in findings(at=at)] == [("act-edited", act.pk)]
        as_owner("acts_logleaf", "UPDATE acts_logleaf SET entry = '{}' WHERE act_id = %s", act.pk)
        with pytest.raises(LogFault) as fault:
            extend(at=at)
        said.sentences.add(plain(str(fault.value)))


def test_11_one_act_undoes_it(proposed: Proposed) -> None:
    city = proposed.city
    act = proposed.confirm()
    began = time.monotonic()
    with Said(11) as said:
        browser = city.browser(city.honest)
        address = f"/officer/withdrawal?of=act&number={act.pk}"
        said.shown(browser.get(address).content.decode(), "This affects 1317 people.")
        sent = {"of": "act", "number": str(act.pk), **SENT_GROUND}
        assert browser.post("/officer/withdrawal", sent).status_code == 302
        recolour()
        print(f"{VICTIMS} people were green again after {time.monotonic() - began:.1f} seconds")
        assert red(proposed.people) == 0
        said.shown(city.why(), "Nothing on record")
        said.shown(city.desk(city.honest), "Evidence of a report or an act withdrawn")
        said.problem(city.confirm(city.first, proposed.inquiry, proposed.shown), 409)
    # Whoever asks again about the same case makes nobody red.
    sent = {"case": act.detail["case"], **SENT_GROUND}
    client = city.client(city.first)
    again = client.post("/api/v1/inquiries", sent, format="json").json()["id"]
    Inquiry.objects.filter(pk=again).update(placed_at=city.now)
    assert client.get(f"/api/v1/inquiries/{again}").json()["people"]["then"]["red"] == 0
    undone = Act.objects.get(kind=ActKind.FACTS_WITHDRAWN)
    leaf = decode_leaf(bytes(LogLeaf.objects.get(kind=undone.kind).entry))
    assert (leaf.people, undone.account, undone.confirmed_by) == (VICTIMS, city.honest, None)
    told = evidence_export(city.victim.pk)
    assert [fact["withdrawn_by_act"] for fact in told] == [undone.pk]
