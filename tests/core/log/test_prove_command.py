"""`python -m healthcode.core prove` needs a proof and a policy, and no server."""

import json
from pathlib import Path

import pytest

from tests.core.log.test_proofs import LEAF, LOG, RECORD, kept
from tests.core.test_cli import run

AT = "2020-02-24T12:00:30+08:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    keys = [f"log {signer.key}" for signer in LOG.signers]
    (tmp_path / "policy").write_text("\n".join([*keys, "quorum none", ""]))
    (tmp_path / "proof").write_bytes(kept().encode())
    return tmp_path


def prove(folder: Path, *options: str) -> tuple[int, str, str]:
    return run("prove", "proof", "--policy", "policy", "--at", AT, *options, at=folder)


def test_a_proof_holds(folder: Path) -> None:
    status, out, _ = prove(folder)
    said = json.loads(out)
    assert (status, said["proven"]) == (0, True)
    assert (said["log"], said["size"], said["index"]) == (LOG.origin, 402, 400)
    assert said["leaf"]["number"] == LEAF.number
    assert said["record"] == json.loads(RECORD)
    assert said["witnessed"] == {}


def test_a_proof_without_a_record_says_so(folder: Path) -> None:
    (folder / "proof").write_bytes(kept(salt=b"", record=b"").encode())
    status, out, _ = prove(folder)
    assert (status, json.loads(out)["record"]) == (0, None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"index": 401}, "the proof leads to another root"),
        ({"record": b"{}"}, "the record is not the one of this leaf"),
        ({"checkpoint": b"nothing"}, "a note is a text, an empty line and lines of signatures"),
    ],
)
def test_what_proves_nothing_gives_the_reason(
    folder: Path, changes: dict[str, object], why: str
) -> None:
    (folder / "proof").write_bytes(kept(**changes).encode())
    status, out, _ = prove(folder)
    assert (status, json.loads(out)) == (1, {"proven": False, "why": why})


def test_a_policy_that_cannot_be_read_is_a_wrong_use(folder: Path) -> None:
    (folder / "policy").write_text("log nobody\n")
    status, out, said = prove(folder)
    assert (status, out) == (2, "")
    assert said.startswith("healthcode.core: line 1 of the policy:")


def test_a_policy_is_required(folder: Path) -> None:
    assert run("prove", "proof", at=folder)[0] == 2
