"""A witness cosigns what goes on, over HTTP, and refuses the rest as C2SP tlog-witness says."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from healthcode.acts.log import keys
from healthcode.acts.log_models import (
    KeyUse,
    WitnessedCheckpoint,
)
from healthcode.core.log.checkpoints import (
    Checkpoint,
    NoteSigner,
    open_checkpoint,
    sign_checkpoint,
)
from healthcode.core.log.notes import NoteKey, parse_key, parse_signatures
from healthcode.core.log.policies import LogPolicy, Quorum
from healthcode.core.log.witness import AddCheckpoint, encode_request
from tests.acts.witnessing import (
    PREFIX,
    ask,
    by_name,
    cosigned,
    fork_of,
    log_of,
    request_for,
    split_views,
    watch,
)
from tests.core.log.trees import MemoryLog, ed25519

pytestmark = pytest.mark.django_db


@pytest.fixture
def log() -> MemoryLog:
    return log_of(300)


@pytest.fixture
def witness(log: MemoryLog, settings: LazySettings, tmp_path: Path) -> list[NoteKey]:
    """A witness of this log; return its keys."""
    settings.WITNESSED_LOGS = str(tmp_path / "witnessed")
    watch(tmp_path / "witnessed", log)
    keys.make_keys(at=timezone.now(), use=KeyUse.WITNESS)
    return keys.published_keys(KeyUse.WITNESS)


@pytest.mark.usefixtures("witness")
class TestGoingOn:
    def test_a_checkpoint_that_goes_on_gets_a_cosignature_of_each_key(
        self, log: MemoryLog, witness: list[NoteKey]
    ) -> None:
        assert ask(request_for(log, 0)).status == 200
        log.append(b"one more")
        asked = ask(request_for(log, 300))
        assert (asked.status, asked.media_type) == (200, "text/plain; charset=utf-8")
        lines = parse_signatures(asked.text)
        assert [(line.name, line.key_id) for line in lines] == [key.identity for key in witness]
        names = by_name(witness)
        policy = LogPolicy(tuple(one.key for one in log.signers), names, Quorum(2, tuple(names)))
        note = log.note() + asked.text.encode()
        assert open_checkpoint(note, policy, int(time.time())).checkpoint == log.checkpoint()

    def test_the_same_checkpoint_is_cosigned_again(self, log: MemoryLog) -> None:
        assert [ask(request_for(log, old)).status for old in (0, 300, 300)] == [200, 200, 200]

    @pytest.mark.parametrize(
        "content_type", ["", "application/octet-stream", "application/x-www-form-urlencoded"]
    )
    def test_any_media_type_is_taken(self, log: MemoryLog, content_type: str) -> None:
        assert ask(request_for(log, 0), content_type=content_type).status == 200

    def test_a_client_may_ask_for_text(self, log: MemoryLog) -> None:
        assert ask(request_for(log, 0), headers={"accept": "text/plain"}).status == 200
        refused = ask(b"", headers={"accept": "text/plain"})
        assert (refused.status, refused.slug) == (400, "not-a-checkpoint")

    def test_what_was_cosigned_is_published(self, log: MemoryLog, witness: list[NoteKey]) -> None:
        assert cosigned(log) is None
        stranger = ed25519("stranger.example")
        note = sign_checkpoint(log.checkpoint(), (*log.signers, stranger), int(time.time()))
        assert ask(encode_request(AddCheckpoint(0, (), str(note).encode()))).status == 200
        found = cosigned(log)
        assert found is not None
        assert b"stranger" not in found, "anybody can add signatures"
        names = by_name(witness)
        policy = LogPolicy(tuple(one.key for one in log.signers), names, Quorum(2, tuple(names)))
        assert open_checkpoint(found, policy, int(time.time())).checkpoint == log.checkpoint()

    def test_the_keys_of_the_witness_are_published_and_are_not_those_of_the_log(
        self, witness: list[NoteKey]
    ) -> None:
        keys.make_keys(at=timezone.now())
        lines = Client().get(f"{PREFIX}/keys").content.decode().splitlines()
        assert list(map(parse_key, lines)) == witness
        ours = {key.public_key.public_bytes_raw() for key in keys.published_keys()}
        assert ours.isdisjoint(key.public_key.public_bytes_raw() for key in witness)
        assert [signer.key for signer in keys.signers()] == keys.published_keys()


@pytest.mark.usefixtures("witness")
class TestRefusals:
    def test_going_backwards_is_a_conflict_that_names_the_size(self, log: MemoryLog) -> None:
        ask(request_for(log, 0))
        back = encode_request(AddCheckpoint(200, (), log.note(200)))
        asked = ask(back)
        assert (asked.status, asked.media_type) == (409, "text/x.tlog.size")
        assert asked.text == "300\n"
        smaller = ask(encode_request(AddCheckpoint(300, (), log.note(200))))
        assert (smaller.status, smaller.slug) == (400, "not-a-checkpoint")
        assert WitnessedCheckpoint.objects.get().size == 300

    def test_a_proof_that_fails_is_refused(self, log: MemoryLog) -> None:
        ask(request_for(log, 0))
        shorter = log_of(200)
        fork = MemoryLog(log.signers, entries=shorter.entries, files=shorter.files)
        fork.append(*(b"what was not done" for _ in range(101)))
        asked = ask(request_for(fork, 300))
        assert (asked.status, asked.slug) == (422, "log-not-continued")
        assert bytes(WitnessedCheckpoint.objects.get().root) == log.checkpoint().root

    def test_a_split_view_is_refused_kept_and_told(
        self, log: MemoryLog, caplog: pytest.LogCaptureFixture
    ) -> None:
        fork = fork_of(log)
        log.append(b"what was done")
        fork.append(b"what was not done")
        ask(request_for(log, 0))
        before = split_views()
        asked = ask(request_for(fork, 301))
        assert (asked.status, asked.slug) == (422, "split-view")
        assert split_views() == before + 1
        assert "shows two histories" in caplog.text
        row = WitnessedCheckpoint.objects.get()
        policy = LogPolicy(tuple(one.key for one in log.signers))
        shown = [
            open_checkpoint(bytes(note or b""), policy, int(time.time())).checkpoint
            for note in (row.note, row.contradiction)
        ]
        assert shown == [log.checkpoint(), fork.checkpoint()]

    def test_a_log_that_is_not_watched_is_not_found(self) -> None:
        stranger = MemoryLog(origin="stranger.example/log")
        stranger.append(b"one")
        asked = ask(request_for(stranger, 0))
        assert (asked.status, asked.slug) == (404, "log-not-witnessed")
        assert not WitnessedCheckpoint.objects.exists()

    def test_another_key_of_the_same_name_is_forbidden(self) -> None:
        posing = log_of(3)
        asked = ask(request_for(posing, 0))
        assert (asked.status, asked.slug) == (403, "checkpoint-not-signed")
        assert not WitnessedCheckpoint.objects.exists()

    def test_a_forged_signature_of_a_known_key_is_forbidden(self, log: MemoryLog) -> None:
        """C2SP tlog-witness wants 403, although such a note is malformed."""
        real = log.signers[0].key
        forged = NoteSigner(real, ed25519("x").sign)
        note = sign_checkpoint(log.checkpoint(), (forged, log.signers[1]), int(time.time()))
        asked = ask(encode_request(AddCheckpoint(0, (), str(note).encode())))
        assert (asked.status, asked.slug) == (403, "checkpoint-not-signed")

    def test_a_checkpoint_that_was_signed_in_the_future_is_forbidden(self, log: MemoryLog) -> None:
        later = int(time.time()) + 3600
        note = str(sign_checkpoint(log.checkpoint(), log.signers, later)).encode()
        asked = ask(encode_request(AddCheckpoint(0, (), note)))
        assert (asked.status, asked.slug) == (403, "checkpoint-not-signed")

    @pytest.mark.parametrize(
        "body", [b"", b"old 0\n", b"old 0\n\nnothing", b"old 0\n\n\xff", b"{}"], ids=range(5)
    )
    def test_other_bodies_are_bad_requests(self, body: bytes) -> None:
        asked = ask(body)
        assert (asked.status, asked.slug) == (400, "not-a-checkpoint")

    def test_an_empty_log_has_the_empty_root(self, log: MemoryLog) -> None:
        lie = sign_checkpoint(Checkpoint(log.origin, 0, bytes(32)), log.signers, 0)
        assert ask(encode_request(AddCheckpoint(0, (), str(lie).encode()))).status == 422
        empty = MemoryLog(log.signers)
        assert ask(request_for(empty, 0)).status == 200
        assert ask(request_for(log, 0)).status == 200

    def test_a_body_that_is_too_large_is_not_read(self) -> None:
        assert ask(bytes(65 * 1024)).status == 413


class TestWithoutKeys:
    def test_a_process_without_the_secret_does_not_witness(
        self, log: MemoryLog, witness: list[NoteKey], settings: LazySettings
    ) -> None:
        settings.LOG_KEY_SECRET = ""
        asked = ask(request_for(log, 0))
        assert (asked.status, asked.slug) == (503, "does-not-witness")
        assert not WitnessedCheckpoint.objects.exists()

    def test_a_service_without_keys_does_not_witness(
        self, log: MemoryLog, settings: LazySettings, tmp_path: Path
    ) -> None:
        settings.WITNESSED_LOGS = str(tmp_path / "witnessed")
        watch(tmp_path / "witnessed", log)
        keys.make_keys(at=timezone.now())
        assert ask(request_for(log, 0)).slug == "does-not-witness"

    def test_without_the_file_no_log_is_known(self, log: MemoryLog) -> None:
        assert ask(request_for(log, 0)).status == 404


class TestTheTable:
    @pytest.fixture(autouse=True)
    def row(self, witness: list[NoteKey], log: MemoryLog) -> None:
        assert ask(request_for(log, 0)).status == 200

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE acts_witnessedcheckpoint SET size = 299",
            "UPDATE acts_witnessedcheckpoint SET root = sha256('')",
            "UPDATE acts_witnessedcheckpoint SET origin = 'other'",
            "DELETE FROM acts_witnessedcheckpoint",
        ],
        ids=["smaller", "other root", "other log", "forgotten"],
    )
    def test_it_never_goes_backwards(self, statement: str) -> None:
        with (
            pytest.raises(DatabaseError, match="never goes backwards"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.django_db(transaction=True)
def test_of_two_forks_at_the_same_instant_one_is_cosigned(
    log: MemoryLog, witness: list[NoteKey]
) -> None:
    fork = fork_of(log)
    log.append(b"what was done")
    fork.append(b"what was not done")
    assert at_once(
        [lambda: ask(request_for(log, 0)).status, lambda: ask(request_for(fork, 0)).status]
    ) == [200, 409]


def at_once(calls: list[Callable[[], int]]) -> list[int]:
    """Make the calls on threads that begin together; return what they return, in order."""
    begin, found = threading.Barrier(len(calls)), []

    def run(call: Callable[[], int]) -> None:
        begin.wait()
        try:
            found.append(call())
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)
