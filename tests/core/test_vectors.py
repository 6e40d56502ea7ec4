"""The vectors for all verifiers, here tested against the core itself."""

import base64
import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from healthcode.core import (
    CoreError,
    Reason,
    Statuses,
    Trust,
    WentBackwards,
    parse_jwk_set,
    parse_rules,
    parse_status_list,
    parse_trust_list,
    verify,
)
from healthcode.core.errors import NotTrusted
from tests.core import make_vectors, worlds
from tests.core.make_vectors import PATH, described

VECTORS: Mapping[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
ALLIANCE = parse_jwk_set(VECTORS["alliance_keys"])
LOADED_AT = worlds.NOON


def named(kind: str) -> list[Any]:
    return [pytest.param(vector, id=vector["name"]) for vector in VECTORS[kind]]


def trust_of(name: str) -> Trust:
    return parse_trust_list(VECTORS["trust"][name], ALLIANCE, LOADED_AT)


def status_of(names: list[str]) -> Statuses:
    tokens = [base64.b64decode(VECTORS["status"][name]) for name in names]
    return Statuses.load(tokens, trust=trust_of("current"), at=LOADED_AT)


@pytest.mark.parametrize("vector", named("cases"))
def test_verdict(vector: Mapping[str, Any]) -> None:
    verdict = verify(
        vector["text"],
        trust=trust_of(vector["trust"]),
        status=status_of(vector["status"]),
        rules=parse_rules(json.dumps(VECTORS["rules"][vector["rules"]]).encode()),
        at=vector["at"],
    )

    assert (verdict.outcome, verdict.reason) == (vector["outcome"], vector["reason"])
    assert described(verdict.code) == vector["code"]
    assert verdict.age_seconds == vector["age_seconds"]
    assert verdict.trust_age_seconds == vector["trust_age_seconds"]
    assert verdict.status_age_seconds == vector["status_age_seconds"]


def result_of(read: Callable[[], object]) -> str:
    try:
        read()
    except WentBackwards:
        return "went_backwards"
    except NotTrusted:
        return "not_trusted"
    except CoreError:
        return "malformed"
    return "accepted"


@pytest.mark.parametrize("vector", named("trust_lists"))
def test_trust_list(vector: Mapping[str, Any]) -> None:
    held = trust_of("current")
    read = partial(parse_trust_list, vector["token"], ALLIANCE, vector["at"], held=held)

    assert result_of(read) == vector["result"]


@pytest.mark.parametrize("vector", named("status_lists"))
def test_status_list(vector: Mapping[str, Any]) -> None:
    token = base64.b64decode(vector["token"])
    trust = trust_of("current")
    loaded = partial(Statuses.load, [token], trust=trust, at=vector["at"])
    keys = trust.issuers["CN-33"].keys
    about_ours = partial(parse_status_list, token, keys, vector["at"], uri=vector["uri"])

    assert vector["result"] in (result_of(loaded), result_of(about_ours))
    if vector["result"] == "accepted":
        assert result_of(loaded) == result_of(about_ours)


@pytest.mark.parametrize("vector", named("rules_texts"))
def test_rules(vector: Mapping[str, Any]) -> None:
    assert result_of(partial(parse_rules, vector["text"].encode())) == vector["result"]


@pytest.mark.parametrize(
    "part", ["alliance_keys", "trust", "rules", "cases", "trust_lists", "rules_texts"]
)
def test_the_file_is_what_the_cases_make(part: str) -> None:
    """All but the status lists, because their bytes depend on the installed zlib."""
    assert json.loads(make_vectors.text())[part] == VECTORS[part]


def test_every_reason_has_a_vector() -> None:
    assert {vector["reason"] for vector in VECTORS["cases"]} == {str(reason) for reason in Reason}


def test_names_are_unique() -> None:
    for kind in ("cases", "trust_lists", "status_lists", "rules_texts"):
        names = [vector["name"] for vector in VECTORS[kind]]
        assert len(names) == len(set(names))
