"""Somebody else's verifier, written from docs/log.md alone, agrees with the log."""

import ast
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from healthcode.acts.log import entries, keys, tree
from healthcode.acts.log_models import LogCheckpoint
from healthcode.acts.models import (
    Act,
    LogLeaf,
)
from tests.acts import act_of
from tests.acts.log import DIGEST, as_owner, extend
from tests.acts.log import independent_log_verifier as theirs
from tests.colours import world
from tests.colours.world import shanghai

pytestmark = pytest.mark.django_db

NOON = shanghai(2, 20, 12)
LEAVES = 10_000


@pytest.fixture
def act() -> Act:
    """An act in a log of 10,000 leaves."""
    keys.make_keys(at=NOON)
    LogLeaf.objects.bulk_create(leaf_row(number) for number in range(1, LEAVES))
    act = act_of(world.officer("33"), at=NOON)
    assert extend(at=NOON) == LEAVES
    return act


def leaf_row(number: int) -> LogLeaf:
    count = number % 150
    leaf = entries.leaf_of(
        kind="batch", number=number, area="330106", count=count, digest=DIGEST, at=NOON
    )
    return LogLeaf(kind=leaf.kind, number=number, minute=NOON, entry=leaf.encode())


def fetcher(client: Client) -> theirs.Fetch:
    def fetch(path: str) -> bytes:
        answer = client.get(f"/.well-known/health-code/log/{path}")
        assert answer.status_code == 200, path
        return bytes(answer.content)

    return fetch


def test_it_agrees_on_ten_thousand_leaves(client: Client, act: Act) -> None:
    (name, size, root), leaves = theirs.read_log(fetcher(client), NOON)
    assert (name, size) == (keys.default_origin(), LEAVES)
    assert root == bytes(LogCheckpoint.objects.latest("id").root)
    assert json.loads(leaves[-1])["number"] == act.pk


def test_it_opens_the_proof_of_an_act(client: Client, act: Act) -> None:
    policy = fetcher(client)("policy")
    public = client.get(f"/api/v1/log/proof?act={act.pk}").content
    assert theirs.check_proof(public, policy, NOON)["number"] == act.pk
    proof = tree.proof_of(Act.objects.get(pk=act.pk), with_record=True)
    leaf = theirs.check_proof(proof.encode(), policy, NOON)
    assert leaf["record"]["ground"] == act.ground
    assert leaf["record"]["at"] == "2020-02-20T04:00:00.000000+00:00"
    other = proof.encode().replace(b"index 9999", b"index 9998")
    with pytest.raises(theirs.Disproven):
        theirs.check_proof(other, policy, NOON)


@pytest.mark.usefixtures("act")
def test_it_sees_a_changed_leaf(client: Client) -> None:
    changed = "UPDATE acts_logleaf SET entry = replace(encode(entry, 'escape'), '1-9', '0')::bytea"
    as_owner("acts_logleaf", f"{changed} WHERE position = 4")
    with pytest.raises(theirs.Disproven, match="the leaves have another root"):
        theirs.read_log(fetcher(client), NOON)


@pytest.mark.usefixtures("act")
def test_it_sees_a_leaf_of_a_minute_to_come(client: Client) -> None:
    with pytest.raises(theirs.Disproven, match="a minute to come"):
        theirs.read_log(fetcher(client), NOON - timedelta(minutes=1))


def test_it_shares_no_code_with_the_service_and_is_small() -> None:
    text = Path(theirs.__file__).read_text("utf-8")
    imported = {
        name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [*(each.name for each in node.names), getattr(node, "module", None) or ""]
    }
    assert not any(name.split(".")[0] in {"healthcode", "tests"} for name in imported)
    assert len(text.splitlines()) < 160
