"""Trust lists as an alliance makes them. The vectors have those that readers refuse."""

import json
from dataclasses import replace

import pytest

from healthcode.core import (
    Algorithm,
    Colour,
    Issuer,
    MalformedTrustList,
    Outcome,
    parse_trust_list,
    sign_trust_list,
)
from healthcode.core.trust_list import describe, differences, read
from tests.core.forge import ALLIANCE, NOON, SHANGHAI, ZHEJIANG, NamedKey
from tests.core.worlds import HOUR, listed, trust

ALLIANCE_KEYS = [ALLIANCE.key()]


def test_what_was_signed_is_read() -> None:
    content = trust()

    assert parse_trust_list(listed(content), ALLIANCE_KEYS, NOON) == content


def test_a_document_may_be_edited_by_hand_between() -> None:
    text = json.dumps(describe(trust()), ensure_ascii=False, indent=2)

    assert read(json.loads(text)) == trust()


@pytest.mark.parametrize("changes", [{"expires_at": None}, {"expires_at": NOON - 2 * HOUR}])
def test_a_list_its_readers_would_refuse_is_not_signed(changes: dict[str, int | None]) -> None:
    with pytest.raises(MalformedTrustList):
        listed(trust(**changes))


def test_an_issuer_whose_name_no_code_can_carry_is_not_signed() -> None:
    wrong = {"浙江": Issuer("浙江", (ZHEJIANG.key(),))}

    with pytest.raises(MalformedTrustList):
        listed(trust(issuers=wrong))


def test_a_key_of_the_alliance_that_ended_signs_no_more() -> None:
    ended = [ALLIANCE.key(0, NOON)]
    token = listed(trust())

    assert parse_trust_list(token, ended, NOON - 1).sequence == 7
    with pytest.raises(Exception, match="no key of the alliance that is in force has signed"):
        parse_trust_list(token, ended, NOON)


def test_an_alliance_may_sign_with_ed25519() -> None:
    signer = NamedKey("alliance ed25519", Algorithm.EDDSA)
    key = signer.key()
    token = sign_trust_list(trust(), kid=key.kid, algorithm=key.algorithm, signer=signer)

    assert parse_trust_list(token, [key], NOON) == trust()


def test_no_difference_is_none() -> None:
    assert list(differences(trust(), trust(sequence=8))) == []


def test_the_difference_says_what_whoever_signs_must_know() -> None:
    held = trust()
    zhejiang = held.issuers["CN-33"]
    proposed = replace(
        held,
        issuers={
            "CN-33": replace(
                zhejiang, keys=zhejiang.keys[:1], honours={Colour.YELLOW: Outcome.REFUSE}
            ),
            "CN-34": Issuer("CN-34", (SHANGHAI.key(5, 9),), title="安徽省"),
        },
    )

    lines = list(differences(held, proposed))

    assert "- CN-31" in lines
    assert "+ CN-34" in lines
    assert any("CN-34 keys" in line and "(5..9)" in line for line in lines)
    assert '  CN-33 honours: {} -> {"yellow": "refuse"}' in lines
    (keys,) = (line for line in lines if line.startswith("  CN-33 keys"))
    before, after = keys.split(" -> ")
    assert (before.count("("), after.count("(")) == (3, 1)
    assert not any("CN-31" in line and line != "- CN-31" for line in lines)
