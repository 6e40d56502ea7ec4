"""Signed notes, checkpoints and their witnesses, as others write and forge them."""

import base64

import pytest

from healthcode.core.errors import MalformedKey, MalformedLog, NotTrusted
from healthcode.core.log.checkpoints import (
    Checkpoint,
    NoteSigner,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
    sign_text,
)
from healthcode.core.log.notes import Note, NoteKey, SignatureType, parse_key, parse_note
from healthcode.core.log.policies import LogPolicy, Quorum
from tests.core.log.trees import NOON, ORIGIN, MemoryLog, ed25519, ml_dsa

CHECKPOINT = Checkpoint(ORIGIN, 5, bytes(range(32)))
LOG = ed25519(ORIGIN), ml_dsa(ORIGIN)
SHANGHAI = ed25519("shanghai.example/witness", SignatureType.COSIGNATURE_ED25519)
SHANGHAI_ML_DSA = ml_dsa("shanghai.example/witness")
JIANGSU = ml_dsa("jiangsu.example/witness")
ANHUI = ml_dsa("anhui.example/witness")
WITNESSES = {
    "shanghai": SHANGHAI.key,
    "shanghai-ml-dsa": SHANGHAI_ML_DSA.key,
    "jiangsu": JIANGSU.key,
    "anhui": ANHUI.key,
}
TWO_OF_THREE = Quorum(2, (Quorum(1, ("shanghai", "shanghai-ml-dsa")), "jiangsu", "anhui"))


def policy(quorum: Quorum = TWO_OF_THREE, keys: tuple[NoteSigner, ...] = LOG) -> LogPolicy:
    return LogPolicy(tuple(signer.key for signer in keys), WITNESSES, quorum)


def witnessed(*witnesses: NoteSigner, at: int = NOON) -> bytes:
    note = sign_checkpoint(CHECKPOINT, LOG, NOON)
    added = tuple(sign_text(note.text, witness, at) for witness in witnesses)
    return str(Note(note.text, note.signatures + added)).encode()


def test_a_witnessed_checkpoint_is_opened_with_the_time_of_each_witness() -> None:
    seen = open_checkpoint(witnessed(SHANGHAI, JIANGSU, at=NOON + 5), policy(), NOON)

    assert seen.checkpoint == CHECKPOINT
    assert seen.witnessed == {"shanghai": NOON + 5, "jiangsu": NOON + 5}


@pytest.mark.parametrize("kept", [0, 1])
def test_one_of_the_keys_of_a_log_is_enough(kept: int) -> None:
    """Clients may know one or both keys, so a log can add and end keys without a common date."""
    opened = open_checkpoint(witnessed(), policy(Quorum(), (LOG[kept],)), NOON)

    assert opened.checkpoint == CHECKPOINT


def test_a_witness_that_signs_twice_counts_once() -> None:
    with pytest.raises(NotTrusted, match="too few"):
        open_checkpoint(witnessed(SHANGHAI, SHANGHAI_ML_DSA), policy(), NOON)


def test_an_unknown_witness_counts_for_nothing() -> None:
    stranger = ml_dsa("stranger.example/witness")
    with pytest.raises(NotTrusted, match="too few"):
        open_checkpoint(witnessed(SHANGHAI, stranger), policy(), NOON)


def test_a_witness_of_the_future_is_not_believed() -> None:
    with pytest.raises(NotTrusted, match="future"):
        open_checkpoint(witnessed(SHANGHAI, JIANGSU, at=NOON + 61), policy(), NOON)


def test_a_log_that_signs_in_the_future_is_not_believed() -> None:
    note = str(sign_checkpoint(CHECKPOINT, LOG, NOON + 61)).encode()
    own = LogPolicy(policy().logs)
    with pytest.raises(NotTrusted, match="future"):
        open_checkpoint(note, own, NOON)
    assert open_checkpoint(note, own, NOON + 1).checkpoint == CHECKPOINT


@pytest.mark.parametrize("witness", [SHANGHAI, JIANGSU], ids=["Ed25519", "ML-DSA-44"])
def test_a_forged_cosignature_is_refused(witness: NoteSigner) -> None:
    """A signature by somebody else under the witness's name and key id."""
    forger = ml_dsa("x") if witness is JIANGSU else ed25519("x", witness.key.kind)
    forged = NoteSigner(witness.key, forger.sign)
    with pytest.raises(MalformedLog, match="not genuine"):
        open_checkpoint(
            witnessed(SHANGHAI if witness is JIANGSU else JIANGSU, forged), policy(), NOON
        )


def test_a_cosignature_is_for_one_checkpoint_and_one_time() -> None:
    note = parse_note(witnessed(JIANGSU, SHANGHAI))
    other = Checkpoint(ORIGIN, 6, CHECKPOINT.root)
    moved = Note(str(other), sign_checkpoint(other, LOG, NOON).signatures + note.signatures[2:])
    with pytest.raises(MalformedLog, match="not genuine"):
        open_checkpoint(str(moved).encode(), policy(), NOON)


def test_a_checkpoint_that_the_log_did_not_sign_is_refused() -> None:
    for_log = sign_checkpoint(CHECKPOINT, [ed25519(ORIGIN)], NOON)
    with pytest.raises(NotTrusted, match="has not signed"):
        open_checkpoint(str(for_log).encode(), policy(Quorum()), NOON)


def test_another_log_is_refused() -> None:
    log = MemoryLog(LOG, origin="elsewhere.example/log")
    log.append(b"one")
    with pytest.raises(NotTrusted, match="elsewhere"):
        open_checkpoint(log.note(), policy(Quorum()), NOON)


def test_the_example_of_the_specification_is_read() -> None:
    """The example of c2sp.org/tlog-checkpoint."""
    text = (
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5"
        "/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    )
    note = parse_note(text.encode())

    assert str(note) == text
    assert parse_checkpoint(note.text).size == 20_852_163
    assert note.signatures[0].key_id.hex() == "033de0ae"
    assert len(note.signatures[0].data) == 64


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n05\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n-5\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n٥\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n{2**63 + 1}\n{base64.b64encode(bytes(32)).decode()}\n",
        f"{ORIGIN}\n5\n{base64.b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n5\n{base64.b64encode(bytes(32)).decode()} \n",
        f"\n5\n{base64.b64encode(bytes(32)).decode()}\n",
    ],
)
def test_no_checkpoint(text: str) -> None:
    with pytest.raises(MalformedLog):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\nname AAAA\n",
        "text\n\n— name AAAAAAA=".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— a+b AAAAAAA=\n".encode(),
        "text\n\n— a\u3000b AAAAAAA=\n".encode(),
        "te\txt\n\n— name AAAAAAA=\n".encode(),
        b"te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        "text\n\n— name AAAAAAA=\n".encode() * (1 << 13),
    ],
)
def test_no_note(data: bytes) -> None:
    with pytest.raises(MalformedLog):
        parse_note(data)


@pytest.mark.parametrize("signer", [*LOG, SHANGHAI], ids=["Ed25519", "ML-DSA-44", "cosignature"])
def test_keys_come_back_as_text(signer: NoteSigner) -> None:
    assert parse_key(str(signer.key)) == signer.key


def test_the_key_id_is_the_one_of_the_specification() -> None:
    """The key of Go's checksum database, which every go command contains."""
    spelt = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"

    assert parse_key(spelt).key_id.hex() == "033de0ae"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000+",
        "name+00000000+Aa==",
        str(LOG[0].key).replace(ORIGIN, "other.example"),
        str(LOG[0].key)[:-4],
        "name+00000000+" + base64.b64encode(b"\x02" + bytes(32)).decode(),
        "name+00000000+" + base64.b64encode(b"\x01" + bytes(32)).decode(),
    ],
    # Keys are made anew in each process that runs tests, so no name of a test may contain one.
    ids=map(str, range(8)),
)
def test_no_key(text: str) -> None:
    with pytest.raises(MalformedKey):
        parse_key(text)


def test_a_name_that_no_line_can_hold_is_no_key() -> None:
    for name in ("", "a b", "a+b", "a\u3000b", "x" * 256):
        with pytest.raises(MalformedKey):
            NoteKey(name, SignatureType.ED25519, LOG[0].key.public_key)
