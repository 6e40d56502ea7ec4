"""The log asks its witnesses over HTTP, publishes what they sign, and notices a split view."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client

from healthcode.acts.log import keys
from healthcode.acts.log.errors import LogFault
from healthcode.acts.log_models import (
    AskedWitness,
    KeyUse,
    LogCheckpoint,
    LogCosignature,
)
from healthcode.acts.models import LogLeaf
from healthcode.acts.witnessing import files, sending
from healthcode.acts.witnessing.asking import ask_witnesses
from healthcode.acts.witnessing.published import PATIENCE
from healthcode.core.errors import NotTrusted
from healthcode.core.log.checkpoints import NoteSigner, SeenCheckpoint, open_checkpoint
from healthcode.core.log.policies import LogPolicy, parse_policy
from healthcode.core.log.witness import AddCheckpoint, encode_request
from tests.acts.log import append_batches, extend
from tests.acts.witnessing import ask, split_views, watch
from tests.acts.witnessing.server import MemoryWitness
from tests.colours.world import shanghai
from tests.core.log.trees import MemoryLog, ml_dsa

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 24, 12)
SECONDS = int(NOON.timestamp())
NAMES = ("shanghai", "jiangsu", "anhui")
LOG = "/.well-known/health-code/log"


@pytest.fixture
def witnesses(settings: LazySettings, tmp_path: Path) -> Iterator[list[MemoryWitness]]:
    """Three witnesses of a log of 300 leaves; the policy wants two of them."""
    keys.make_keys(at=NOON)
    append_batches(300, at=NOON)
    extend(at=NOON)
    watched = LogPolicy(tuple(keys.published_keys()))
    made = [MemoryWitness(name, watched, SECONDS) for name in NAMES]
    settings.LOG_POLICY = str(tmp_path / "policy")
    lines = [*(one.line for one in made), f"group two 2 {' '.join(NAMES)}", "quorum two", ""]
    (tmp_path / "policy").write_text("\n".join(lines))
    yield made
    for one in made:
        one.stop()


def grow(*, at: datetime = NOON) -> None:
    append_batches(1, at=at)
    extend(at=at)


def fork() -> MemoryLog:
    """Return a log with the same keys and leaves, which gets a last leaf of its own."""
    signers = tuple(keys.signers())
    log = MemoryLog(signers, signers[0].key.name)
    rows = LogLeaf.objects.exclude(position=None).order_by("position")
    log.append(*(bytes(entry) for entry in rows.values_list("entry", flat=True)))
    return log


def shown(*, at: datetime = NOON) -> SeenCheckpoint:
    """Open the published checkpoint by the published policy, as a stranger would."""
    policy = parse_policy(Client().get(f"{LOG}/policy").content)
    note = Client().get(f"{LOG}/checkpoint").content
    return open_checkpoint(note, policy, int(at.timestamp()))


def test_the_published_checkpoint_carries_the_cosignatures(witnesses: list[MemoryWitness]) -> None:
    with pytest.raises(NotTrusted, match="too few"):
        shown()
    assert ask_witnesses(at=NOON) == 3
    seen = shown()
    assert seen.checkpoint.size == 300
    assert seen.witnessed == dict.fromkeys(NAMES, SECONDS)
    assert ask_witnesses(at=NOON) == 0, "nothing is lacking"
    grow()
    assert ask_witnesses(at=NOON) == 3
    assert shown().checkpoint.size == 301
    assert [request.old for request in witnesses[0].requests] == [0, 300]


def test_after_a_conflict_it_goes_on_from_the_size_that_the_witness_names(
    witnesses: list[MemoryWitness],
) -> None:
    witnesses[0].see(fork())
    grow()
    assert ask_witnesses(at=NOON) == 3
    assert [request.old for request in witnesses[0].requests] == [0, 0, 300]


def test_a_witness_that_does_not_answer_delays_no_other_and_is_asked_ever_later(
    witnesses: list[MemoryWitness], caplog: pytest.LogCaptureFixture
) -> None:
    witnesses[0].stop()
    assert ask_witnesses(at=NOON) == 2
    assert shown().witnessed.keys() == {"jiangsu", "anhui"}
    pauses = []
    at = NOON
    for _ in range(4):
        row = AskedWitness.objects.get(url=witnesses[0].url)
        pauses.append((row.ask_again_at - at).total_seconds())
        assert ask_witnesses(at=row.ask_again_at - timedelta(seconds=1)) == 0
        assert AskedWitness.objects.get(pk=row.pk).failures == row.failures
        at = row.ask_again_at
        ask_witnesses(at=at)
    assert pauses == [5, 10, 20, 40]
    assert "could not be reached" in caplog.text


def test_an_endless_answer_is_cut_off(
    witnesses: list[MemoryWitness], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "WHOLE_TIMEOUT_SECONDS", 0.3)
    witnesses[0].reply = lambda: (time.sleep(1), (200, "text/plain", b""))[1]  # type: ignore[func-returns-value]
    began = time.monotonic()
    assert ask_witnesses(at=NOON) == 2
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"x" * (64 * 1024 + 1), "its answer is larger than"),
        (200, b"no signature\n", "its answer cannot be used"),
        (200, b"\xff", "its answer is not text"),
        (302, b"", "it answered 302"),
        (409, b"many\n", "it answered 409"),
        (503, b"", "it answered 503"),
    ],
    ids=["too large", "no line", "no text", "redirect", "no size", "busy"],
)
def test_other_answers_are_failures(
    witnesses: list[MemoryWitness],
    caplog: pytest.LogCaptureFixture,
    status: int,
    body: bytes,
    said: str,
) -> None:
    witnesses[0].reply = lambda: (status, "text/plain", body)
    assert ask_witnesses(at=NOON) == 2
    assert said in caplog.text
    assert AskedWitness.objects.get(url=witnesses[0].url).failures == 1


class TestCosignatures:
    def test_a_forged_one_is_not_kept(
        self, witnesses: list[MemoryWitness], caplog: pytest.LogCaptureFixture
    ) -> None:
        real = witnesses[0].signer.key
        witnesses[0].signer = NoteSigner(real, ml_dsa("forger").sign)
        assert ask_witnesses(at=NOON) == 2
        assert "is not genuine" in caplog.text
        assert not LogCosignature.objects.filter(witness="shanghai").exists()
        assert shown().witnessed.keys() == {"jiangsu", "anhui"}

    def test_one_of_the_future_is_not_kept(self, witnesses: list[MemoryWitness]) -> None:
        witnesses[0].at = SECONDS + 3600
        assert ask_witnesses(at=NOON) == 2
        assert not LogCosignature.objects.filter(witness="shanghai").exists()

    def test_one_by_another_key_is_not_kept(
        self, witnesses: list[MemoryWitness], caplog: pytest.LogCaptureFixture
    ) -> None:
        witnesses[0].signer = ml_dsa("shanghai.example/witness")
        assert ask_witnesses(at=NOON) == 2
        assert "signed with no key that LOG_POLICY names" in caplog.text

    def test_they_go_with_their_checkpoint(self, witnesses: list[MemoryWitness]) -> None:
        ask_witnesses(at=NOON)
        grow()
        LogCheckpoint.objects.earliest("id").delete()
        assert not LogCosignature.objects.exists()


class TestSplitViews:
    def test_a_fork_has_no_quorum_at_two_witnesses_of_three(
        self, witnesses: list[MemoryWitness], caplog: pytest.LogCaptureFixture
    ) -> None:
        other = fork()
        other.append(b"what was done")
        for witness in witnesses[:2]:
            witness.see(other)
        grow()
        before = split_views()
        assert ask_witnesses(at=NOON) == 1
        assert split_views() == before + 2
        assert caplog.text.count("The public log shows two histories") == 2
        with pytest.raises(NotTrusted, match="too few witnesses have seen this checkpoint: anhui"):
            shown()

    def test_a_log_that_went_backwards_is_noticed(
        self, witnesses: list[MemoryWitness], caplog: pytest.LogCaptureFixture
    ) -> None:
        ahead = fork()
        ahead.append(b"one", b"two")
        witnesses[0].see(ahead)
        assert ask_witnesses(at=NOON) == 2
        assert "has cosigned a log of the same name" in caplog.text

    def test_two_witnesses_that_compare_detect_it(
        self, witnesses: list[MemoryWitness], settings: LazySettings, tmp_path: Path
    ) -> None:
        """This service witnesses the log too; it is shown what another witness has cosigned."""
        keys.make_keys(at=NOON, use=KeyUse.WITNESS)
        one, other = fork(), fork()
        settings.WITNESSED_LOGS = str(tmp_path / "watched")
        watch(tmp_path / "watched", one)
        one.append(b"what was done")
        other.append(b"what was not done")
        witnesses[0].see(one)
        assert ask(encode_request(AddCheckpoint(0, (), other.note()))).status == 200
        asked = ask(encode_request(AddCheckpoint(301, (), witnesses[0].kept)))
        assert (asked.status, asked.slug) == (422, "split-view")


class TestPublishing:
    def test_a_newer_checkpoint_waits_a_minute_for_its_witnesses(
        self, witnesses: list[MemoryWitness]
    ) -> None:
        ask_witnesses(at=NOON)
        grow(at=NOON + PATIENCE)
        assert shown().checkpoint.size == 300
        later = NOON + PATIENCE + timedelta(seconds=1)
        grow(at=later)
        with pytest.raises(NotTrusted, match="too few"):
            shown(at=later)

    def test_a_line_by_a_key_that_the_policy_names_no_more_is_left_out(
        self, witnesses: list[MemoryWitness], settings: LazySettings
    ) -> None:
        ask_witnesses(at=NOON)
        witnesses[0].signer = ml_dsa("shanghai.example/witness")
        lines = [witnesses[0].line, "quorum none", ""]
        Path(settings.LOG_POLICY).write_text("\n".join(lines))
        assert Client().get(f"{LOG}/checkpoint").content.count(b"\xe2\x80\x94 ") == 2

    def test_without_the_file_the_policy_wants_no_witness(
        self, witnesses: list[MemoryWitness], settings: LazySettings
    ) -> None:
        settings.LOG_POLICY = ""
        assert shown().witnessed == {}
        assert ask_witnesses(at=NOON) == 0

    def test_a_file_that_is_damaged_later_is_said_and_keeps_nothing_back(
        self,
        witnesses: list[MemoryWitness],
        settings: LazySettings,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        Path(settings.LOG_POLICY).write_text("damaged")
        assert ask_witnesses(at=NOON) == 0
        assert Client().get(f"{LOG}/checkpoint").status_code == 200
        assert Client().get(f"{LOG}/policy").status_code == 503
        assert "LOG_POLICY names a file that is not a policy of a log: line 1" in caplog.text


@pytest.mark.parametrize(
    ("address", "private", "sentence"),
    [
        ("", False, "witness shanghai has no address"),
        ("http://x", False, "begins with https://"),
        ("ftp://x", True, "begins with https://"),
    ],
)
def test_every_witness_needs_an_address(
    settings: LazySettings, tmp_path: Path, address: str, private: bool, sentence: str
) -> None:
    settings.FETCH_PRIVATE = private
    settings.LOG_POLICY = str(tmp_path / "policy")
    key = ml_dsa("shanghai.example/witness").key
    (tmp_path / "policy").write_text(f"witness shanghai {key} {address}\nquorum shanghai\n")
    with pytest.raises(LogFault, match=sentence):
        files.own_policy()


def test_the_file_of_witnesses_names_no_log(settings: LazySettings, tmp_path: Path) -> None:
    settings.LOG_POLICY = str(tmp_path / "policy")
    (tmp_path / "policy").write_text(f"log {ml_dsa('x.example').key}\nquorum none\n")
    with pytest.raises(LogFault, match=r"a line log x\.example: remove the line"):
        files.own_policy()
