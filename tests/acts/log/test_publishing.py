"""Anybody can read the whole log over HTTP, check it, and keep the proof of an act."""

import pytest
from django.test import Client
from django.utils import timezone

from healthcode.acts.kinds import ActKind
from healthcode.acts.log import keys, tree
from healthcode.acts.models import Act, LogLeaf
from healthcode.core.log import merkle
from healthcode.core.log.checkpoints import open_checkpoint
from healthcode.core.log.policies import LogPolicy, parse_policy
from healthcode.core.log.proofs import parse_proof, prove
from healthcode.core.log.tiles import (
    bundles_of,
    decode_bundle,
    leaf_hashes,
    reader,
    tiles_of,
)
from tests.acts import act_of
from tests.acts.log import append_batches, as_owner, extend
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = pytest.mark.django_db

LOG = "/.well-known/health-code/log/"
NOON = shanghai(2, 20, 12)
AT = int(NOON.timestamp())


@pytest.fixture
def act() -> Act:
    """An act in a log of 301 leaves."""
    keys.make_keys(at=NOON)
    append_batches(299, at=NOON)
    act = act_of(world.officer("33"), at=NOON)
    append_batches(1, at=NOON)
    assert extend(at=NOON) == 301
    return act


def read(client: Client, path: str) -> bytes:
    answer = client.get(LOG + path)
    assert answer.status_code == 200, path
    return answer.content


def policy(client: Client) -> LogPolicy:
    return parse_policy(read(client, "policy"))


@pytest.mark.usefixtures("act")
def test_a_stranger_reads_the_whole_log(client: Client) -> None:
    seen = open_checkpoint(read(client, "checkpoint"), policy(client), AT)
    size = seen.checkpoint.size
    entries = [
        entry
        for bundle in bundles_of(size)
        for entry in decode_bundle(read(client, bundle.path), bundle.width)
    ]
    tiles = {tile: read(client, tile.path) for tile in tiles_of(size)}
    assert [tile.path for tile in tiles] == ["tile/0/000", "tile/0/001.p/45", "tile/1/000.p/1"]
    assert b"".join(hashes for tile, hashes in tiles.items() if not tile.level) == leaf_hashes(
        entries
    )
    assert merkle.root(size, reader(size, tiles.__getitem__)) == seen.checkpoint.root


@pytest.mark.usefixtures("act")
@pytest.mark.parametrize(
    "path",
    [
        *("tile/0/002", "tile/0/001.p/46", "tile/0/001", "tile/1/000", "tile/1/000.p/2"),
        *("tile/8/000", "tile/0/0", "tile/0/x000/000", "tile/entries/001.p/46", "tile/x"),
        *("tile/0/x999/x999/x999/x999/x999/x999/999", "tile/entries/x999/x999/x999/x999/999"),
    ],
)
def test_there_is_no_more_than_the_log_has(client: Client, path: str) -> None:
    assert client.get(LOG + path).status_code == 404


@pytest.mark.usefixtures("act")
def test_an_older_reader_still_finds_its_partial_tile(client: Client) -> None:
    assert len(read(client, "tile/0/001.p/7")) == 7 * merkle.HASH_BYTES
    assert read(client, "tile/0/000.p/7") == read(client, "tile/0/000")[: 7 * merkle.HASH_BYTES]


@pytest.mark.usefixtures("act")
@pytest.mark.parametrize(
    ("path", "kept", "media_type"),
    [
        ("checkpoint", "public, max-age=5", "text/plain; charset=utf-8"),
        ("policy", "public, max-age=60", "text/plain; charset=utf-8"),
        ("tile/0/000", "public, max-age=31536000, immutable", "application/octet-stream"),
        (
            "tile/entries/001.p/45",
            "public, max-age=31536000, immutable",
            "application/octet-stream",
        ),
    ],
)
def test_caches_know_what_to_keep(client: Client, path: str, kept: str, media_type: str) -> None:
    answer = client.get(LOG + path)
    assert answer.headers["Cache-Control"] == kept
    assert answer.headers["Content-Type"] == media_type
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = client.get(LOG + path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_before_the_first_key_there_is_no_log(client: Client) -> None:
    for path in ("checkpoint", "policy", "tile/0/000"):
        assert client.get(LOG + path).status_code == 404


def test_anybody_gets_the_proof_of_an_act(client: Client, act: Act) -> None:
    answer = client.get(f"/api/v1/log/proof?act={act.pk}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert f'filename="act-{act.pk}.tlog-proof"' in answer.headers["Content-Disposition"]
    proof = parse_proof(answer.content)
    proven = prove(proof, policy(client), AT)
    assert (proven.leaf.number, proven.leaf.kind) == (act.pk, ActKind.EVIDENCE_WITHDRAWN)
    assert (proven.index, proven.seen.checkpoint.size) == (299, 301)
    assert not proof.record


def test_the_people_concerned_get_the_record_too(client: Client, act: Act) -> None:
    proof = tree.proof_of(Act.objects.get(pk=act.pk), with_record=True)
    assert proof is not None
    prove(parse_proof(proof.encode()), policy(client), AT)
    assert act.ground.encode() in proof.record


@pytest.mark.parametrize("query", ["", "?act=", "?act=x", "?act=0", "?act=-1", f"?act={1 << 70}"])
def test_a_wrong_number_is_refused(client: Client, query: str) -> None:
    assert client.get(f"/api/v1/log/proof{query}").status_code == 422


def test_an_act_that_nobody_did_has_no_proof(client: Client) -> None:
    assert client.get("/api/v1/log/proof?act=999999").status_code == 404


def test_an_act_that_waits_is_asked_for_again(client: Client) -> None:
    act = act_of(world.officer("33"), at=timezone.now())
    answer = client.get(f"/api/v1/log/proof?act={act.pk}", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json()["type"].endswith("/not-in-the-log-yet")
    assert "within seconds" in answer.json()["detail"]


def test_a_missing_tile_is_told(client: Client, act: Act, caplog: pytest.LogCaptureFixture) -> None:
    as_owner("acts_logtile", "DELETE FROM acts_logtile")
    for path in (f"{LOG}tile/0/000", f"/api/v1/log/proof?act={act.pk}"):
        caplog.clear()
        answer = client.get(path)
        assert answer.status_code == 503
        assert "lacks tile/0/000" in caplog.text
    assert LogLeaf.objects.count() == 301
