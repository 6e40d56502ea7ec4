"""The pages are sufficient: a verifier written from them agrees with the core on all vectors."""

import base64
import inspect
import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from tests.core import independent_verifier as other
from tests.core.test_typescript import generated_vectors
from tests.core.test_vectors import LOADED_AT, VECTORS, named

ALLIANCE = [*other.read_keys(VECTORS["alliance_keys"]["keys"])]


@cache
def trust_of(name: str) -> Any:
    return other.read_trust(VECTORS["trust"][name], ALLIANCE, LOADED_AT)


@cache
def list_of(name: str) -> Any:
    token = base64.b64decode(VECTORS["status"][name])
    return other.read_status(token, trust_of("current"), LOADED_AT)


@pytest.mark.parametrize("vector", named("cases"))
def test_verdict(vector: Mapping[str, Any]) -> None:
    expect_agreement(vector)


def test_a_thousand_generated_codes_good_and_damaged() -> None:
    for vector in generated_vectors(1_000)["cases"]:
        expect_agreement(vector)


def expect_agreement(vector: Mapping[str, Any]) -> None:
    lists: dict[Any, Any] = {}
    for name, found in map(list_of, vector["status"]):
        lists[name] = max(found, lists.get(name, found), key=lambda one: one["as_of"])
    rules = VECTORS["rules"][vector["rules"]]

    verdict = other.verify(vector["text"], trust_of(vector["trust"]), lists, rules, vector["at"])

    ages = ("age_seconds", "trust_age_seconds", "status_age_seconds")
    assert verdict == tuple(vector[name] for name in ("outcome", "reason", "code", *ages))


def result_of(read: Any, *given: Any) -> str:
    try:
        read(*given)
    except other.Refused as why:
        return str(why)
    except other.UNREADABLE:
        return "malformed"
    return "accepted"


@pytest.mark.parametrize("vector", named("trust_lists"))
def test_trust_list(vector: Mapping[str, Any]) -> None:
    given = (vector["token"], ALLIANCE, vector["at"], trust_of("current"))

    assert result_of(other.read_trust, *given) == vector["result"]


@pytest.mark.parametrize("vector", named("status_lists"))
def test_status_list(vector: Mapping[str, Any]) -> None:
    token = base64.b64decode(vector["token"])
    given = (token, trust_of("current"), vector["at"], vector["uri"])

    assert result_of(other.read_status, *given) == vector["result"]


def read_rules(text: str) -> None:
    rules = json.loads(text, object_pairs_hook=other.unique)
    other.need(other.CDDL.validate(rules, "rules"))


@pytest.mark.parametrize("vector", named("rules_texts"))
def test_rules(vector: Mapping[str, Any]) -> None:
    assert result_of(read_rules, vector["text"]) == vector["result"]


def test_it_is_short_and_shares_no_code_with_the_core() -> None:
    source = inspect.getsource(other)

    assert "healthcode" not in source
    assert len(source.splitlines()) < 150
