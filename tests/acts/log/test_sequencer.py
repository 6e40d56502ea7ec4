"""The sequencer gives each leaf one position, signs what it numbered, and never goes backwards."""

import threading
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.models import Account, Role
from healthcode.acts.effects import Effect
from healthcode.acts.kinds import ActKind
from healthcode.acts.log import entries, keys, sequencer, tree
from healthcode.acts.log.entries import append_leaf
from healthcode.acts.log.errors import FaultLog, LogFault
from healthcode.acts.log_models import (
    LogCheckpoint,
    LogKey,
    LogTile,
)
from healthcode.acts.models import (
    Act,
    ActArea,
    LogLeaf,
)
from healthcode.acts.services import record_act
from healthcode.core.log import merkle
from healthcode.core.log.leaves import check_record, decode_leaf
from tests import owner
from tests.acts import GROUND, act_of
from tests.acts.log import (
    DIGEST,
    append_batches,
    as_owner,
    extend,
    newest,
    record_acts,
)
from tests.colours import world
from tests.colours.world import shanghai
from tests.core.log.trees import tree_hash

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)
SIGNED = "INSERT INTO acts_logcheckpoint (size, root, note, made_at) VALUES"


@pytest.fixture
def log_keys() -> list[LogKey]:
    return keys.make_keys(at=NOON)


def published() -> list[bytes]:
    rows = LogLeaf.objects.exclude(position=None).order_by("position")
    return [bytes(row.entry) for row in rows]


@pytest.mark.usefixtures("log_keys")
class TestExtending:
    @pytest.mark.parametrize("steps", [(1,), (1, 1, 1), (255, 1, 1), (256,), (300, 400, 1)])
    def test_the_root_is_that_of_rfc_6962(self, steps: tuple[int, ...]) -> None:
        for count in steps:
            append_batches(count, at=NOON)
            assert extend(at=NOON) == count
            seen = newest(at=NOON)
            assert seen.checkpoint.size == len(published())
            assert seen.checkpoint.root == tree_hash(published())
        assert len(published()) == sum(steps)

    def test_a_large_log_has_full_tiles_of_two_levels(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sequencer, "AT_ONCE", 30_000)
        size = 256 * 256 + 300
        batches = (
            entries._row(
                entries.leaf_of(
                    kind="batch", number=each, area="", count=0, digest=DIGEST, at=NOON
                ),
                NOON,
            )
            for each in range(1, size + 1)
        )
        LogLeaf.objects.bulk_create(batches, batch_size=10_000)
        assert extend(at=NOON) == size
        assert LogTile.objects.filter(level=0).count() == 257
        assert LogTile.objects.get(level=1).index == 0
        checkpoint = newest(at=NOON).checkpoint
        assert checkpoint.root == tree_hash(published())
        for index in (0, 255, 256, 65_535, 65_536, size - 1):
            merkle.check_inclusion(
                leaf=merkle.leaf_hash(published()[index]),
                index=index,
                size=size,
                proof=merkle.inclusion_proof(index, size, tree.read_tree(size)),
                expected=checkpoint.root,
            )

    def test_leaves_come_in_the_order_in_which_they_were_appended(self) -> None:
        append_batches(10, at=NOON)
        extend(at=NOON)
        assert [decode_leaf(entry).number for entry in published()] == list(range(1, 11))

    def test_without_leaves_nothing_is_signed_for_an_hour(self) -> None:
        extend(at=NOON)
        assert newest(at=NOON).checkpoint.size == 0
        extend(at=NOON + sequencer.SIGN_AGAIN_AFTER - timedelta(seconds=1))
        assert LogCheckpoint.objects.count() == 1
        extend(at=NOON + sequencer.SIGN_AGAIN_AFTER)
        assert LogCheckpoint.objects.count() == 2

    def test_a_leaf_of_a_future_minute_waits_for_it(self) -> None:
        append_batches(1, at=NOON + timedelta(minutes=2))
        append_batches(1, at=NOON)
        assert extend(at=NOON) == 1
        assert extend(at=NOON + timedelta(minutes=2)) == 1
        assert [decode_leaf(entry).number for entry in published()] == [2, 1]

    def test_both_keys_sign(self) -> None:
        append_batches(1, at=NOON)
        extend(at=NOON)
        note = bytes(LogCheckpoint.objects.latest("id").note).decode()
        assert note.count("\n— ") == 2

    def test_old_checkpoints_are_deleted_but_not_the_newest(self) -> None:
        append_batches(1, at=NOON)
        extend(at=NOON)
        append_batches(1, at=NOON)
        extend(at=NOON)
        later = NOON + sequencer.CHECKPOINTS_KEPT + timedelta(seconds=1)
        assert sequencer.forget_checkpoints(later) == 1
        assert sequencer.forget_checkpoints(later) == 0
        assert newest(at=NOON).checkpoint.size == 2


class TestActs:
    def test_the_leaf_of_an_act_says_no_more_than_it_may(self) -> None:
        act = record_act(
            account=world.officer("33"),
            role=Role.OFFICER,
            kind=ActKind.LEVELS_PUBLISHED,
            area="330106",
            ground=GROUND,
            detail={"levels": {"330106": "red"}},
            at=NOON + timedelta(seconds=30),
            effect=Effect(before=(7, 3, 0), after=(0, 0, 10), worse=10),
            touched=["330203"],
        )
        leaf = decode_leaf(bytes(act.leaf.entry))
        assert (leaf.number, leaf.kind, leaf.area) == (act.pk, "levels-published", "3301")
        assert (leaf.minute, leaf.people) == ("2020-02-20T04:00Z", "10-99")
        stored = Act.objects.get(pk=act.pk)
        areas = stored.areas.values_list("area", "people")
        record = entries.act_record(stored, areas)
        check_record(leaf, salt=bytes(act.leaf.salt), record=record)
        assert GROUND.text.encode() in record
        assert GROUND.text.encode() not in bytes(act.leaf.entry)

    def test_the_same_act_twice_has_two_digests(self) -> None:
        officer = world.officer("33")
        record_acts(officer, 2, at=NOON)
        one, two = (decode_leaf(bytes(row.entry)) for row in LogLeaf.objects.order_by("id"))
        assert one.digest != two.digest

    @pytest.mark.parametrize("detail", [{"part": 0.5}, {"list": [{"x": 1e3}]}, {"省": 1}])
    def test_a_detail_that_could_come_back_otherwise_is_refused(self, detail: dict) -> None:
        with pytest.raises(ValueError, match="in the detail of an act is not"):
            record_act(
                account=world.officer("33"),
                role=Role.OFFICER,
                kind=ActKind.SERVICE_ENDED,
                area="",
                ground=GROUND,
                detail=detail,
                at=NOON,
            )

    def test_acts_from_before_the_log_get_their_leaves(self) -> None:
        act = old_act(world.officer("33"))
        assert entries.append_older_acts() == 1
        assert entries.append_older_acts() == 0
        leaf = LogLeaf.objects.get(act=act)
        record = entries.act_record(act, [("33", 0)])
        check_record(decode_leaf(bytes(leaf.entry)), salt=bytes(leaf.salt), record=record)

    def test_no_act_without_its_leaf(self) -> None:
        """If the leaf cannot be appended, the act is not recorded either."""
        officer = world.officer("33")
        record_acts(officer, 1, at=NOON)
        following = LogLeaf.objects.latest("id").number + 1
        LogLeaf.objects.bulk_create(
            [LogLeaf(kind=ActKind.EVIDENCE_WITHDRAWN, number=following, minute=NOON, entry=b"{}")]
        )
        with pytest.raises(IntegrityError, match="one_leaf_for_each"), transaction.atomic():
            act_of(officer, at=NOON)
        assert Act.objects.count() == 1


def old_act(officer: Account) -> Act:
    act = Act.objects.create(
        account=officer, kind="levels-published", area="33", ground="Order 7", detail={}, at=NOON
    )
    ActArea.objects.create(act=act, area="33", people=0)
    return act


class TestNobodyChangesTheLog:
    @pytest.fixture(autouse=True)
    def log(self, log_keys: list[LogKey]) -> None:
        append_batches(257, at=NOON)
        extend(at=NOON)
        append_batches(1, at=NOON)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE acts_logleaf SET entry = '' WHERE position = 3",
            "UPDATE acts_logleaf SET position = NULL WHERE position = 3",
            "UPDATE acts_logleaf SET position = 1000 WHERE position = 3",
            "UPDATE acts_logleaf SET position = 258, entry = '' WHERE position IS NULL",
            "DELETE FROM acts_logleaf WHERE position IS NULL",
            "UPDATE acts_logtile SET root = root",
            "DELETE FROM acts_logtile",
            "UPDATE acts_logcheckpoint SET made_at = now()",
            "DELETE FROM acts_logcheckpoint",
            f"{SIGNED} (256, '', '', now())",
            f"{SIGNED} (257, '', '', now())",
        ],
    )
    def test_the_database_refuses(self, statement: str) -> None:
        with (
            owner.as_owner(),
            pytest.raises(DatabaseError, match="public log"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)

    def test_a_log_that_went_backwards_is_not_signed(self) -> None:
        as_owner("acts_logleaf", "DELETE FROM acts_logleaf WHERE position = 256")
        with pytest.raises(LogFault, match="has 256 numbered leaves, but its last checkpoint says"):
            sequencer.extend(at=NOON)
        assert LogLeaf.objects.get(position=None).number == 258

    def test_a_log_with_other_leaves_is_not_signed(self) -> None:
        as_owner("acts_logleaf", "UPDATE acts_logleaf SET entry = '{}' WHERE position = 256")
        with pytest.raises(LogFault, match="not those of its last checkpoint of 257 leaves"):
            sequencer.extend(at=NOON)

    def test_a_missing_tile_gives_its_name(self) -> None:
        as_owner("acts_logtile", "DELETE FROM acts_logtile")
        with pytest.raises(LogFault, match="lacks tile/0/000, which it has published"):
            sequencer.extend(at=NOON)

    def test_a_fault_is_logged_and_leaves_wait(self, caplog: pytest.LogCaptureFixture) -> None:
        as_owner("acts_logtile", "DELETE FROM acts_logtile")
        faults = FaultLog(sequencer.__name__)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sequencer, "_faults", faults)
            assert sequencer.keep_extending(at=NOON) == 0
            assert sequencer.keep_extending(at=NOON) == 0
        assert caplog.text.count("lacks tile/0/000") == 1
        assert LogLeaf.objects.filter(position=None).count() == 1


class TestKeys:
    def test_without_a_key_leaves_wait(self) -> None:
        append_batches(1, at=NOON)
        with pytest.raises(LogFault, match=r"has no key.*run manage\.py make_log_key"):
            sequencer.extend(at=NOON)
        keys.make_keys(at=NOON)
        assert extend(at=NOON) == 1

    def test_a_process_without_the_secret_says_so(self, settings: LazySettings) -> None:
        settings.LOG_KEY_SECRET = ""
        append_batches(1, at=NOON)
        with pytest.raises(LogFault, match="Set LOG_KEY_SECRET"):
            sequencer.extend(at=NOON)


@pytest.mark.django_db(transaction=True)
class TestSideBySide:
    """Several processes at once; every wait has an end."""

    @pytest.fixture(autouse=True)
    def log(self) -> None:
        keys.make_keys(at=NOON)

    def test_an_open_act_holds_up_nobody(self) -> None:
        """A writer that has not committed waits for no other, and the sequencer not for it."""
        append_batches(1, at=NOON)
        appended, go = threading.Event(), threading.Event()

        def write() -> None:
            try:
                with transaction.atomic():
                    append_leaf(kind="batch", number=77, area="", count=0, digest=DIGEST, at=NOON)
                    appended.set()
                    go.wait(20)
            finally:
                connection.close()

        writer = threading.Thread(target=write)
        writer.start()
        try:
            assert appended.wait(20)
            append_batches(1, at=NOON)
            assert extend(at=NOON) == 2
        finally:
            go.set()
            writer.join(20)
        assert extend(at=NOON) == 1
        assert [decode_leaf(entry).number for entry in published()] == [1, 2, 77]

    def test_two_sequencers_give_each_leaf_one_position(self) -> None:
        append_batches(400, at=NOON)
        added: list[int] = []

        def work() -> None:
            try:
                added.append(extend(at=NOON))
            finally:
                connection.close()

        workers = [threading.Thread(target=work) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(20)
        assert sum(added) == 400
        assert newest(at=NOON).checkpoint.root == tree_hash(published())
        assert LogCheckpoint.objects.count() == 1

    def test_while_another_extends_nothing_waits(self) -> None:
        append_batches(1, at=NOON)
        held, go = threading.Event(), threading.Event()

        def hold() -> None:
            try:
                with transaction.atomic():
                    assert sequencer._take_turn()
                    held.set()
                    go.wait(20)
            finally:
                connection.close()

        holder = threading.Thread(target=hold)
        holder.start()
        try:
            assert held.wait(20)
            assert sequencer.extend(at=NOON) == 0
        finally:
            go.set()
            holder.join(20)
        assert sequencer.extend(at=NOON) == 1
