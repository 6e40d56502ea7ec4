"""Write tests/core/vectors.json: `python -m tests.core.make_vectors`.

People wrote the outcome and the reason of each case into cases.py. What the code says and how old
things are is arithmetic, which comes from the core once the two agree.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from healthcode.core import HealthCode, Statuses, Verdict, explain, parse_rules, verify
from tests.core import cases, lists, worlds
from tests.core.cases import VectorCase

PATH = Path(__file__).with_name("vectors.json")


def judged(case: VectorCase) -> Verdict:
    """Return the core's verdict on a case, with data built as a door builds it."""
    trust = worlds.TRUST[case.trust]
    rules = parse_rules(json.dumps(worlds.RULES[case.rules]).encode())
    return verify(case.text, trust=trust, status=loaded(case.status), rules=rules, at=case.at)


@cache
def loaded(names: tuple[str, ...]) -> Statuses:
    """Load these lists at a time when their keys were in force, even if they no longer are."""
    tokens = [worlds.STATUS[name]() for name in names]
    return Statuses.load(tokens, trust=worlds.TRUST["current"], at=worlds.NOON)


def described(code: HealthCode | None) -> Mapping[str, Any] | None:
    return None if code is None else explain.code(code)


def checked(case: VectorCase) -> Mapping[str, Any]:
    vector = vector_of(case)
    if (vector["outcome"], vector["reason"]) != (case.outcome, case.reason):
        raise SystemExit(f"{case.name}: {vector}, but {case.outcome}/{case.reason} was expected")
    return vector


def vector_of(case: VectorCase) -> Mapping[str, Any]:
    """Return the case with the core's verdict."""
    verdict = judged(case)
    return {
        "name": case.name,
        "text": case.text,
        "at": case.at,
        "trust": case.trust,
        "status": list(case.status),
        "rules": case.rules,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "code": described(verdict.code),
        "age_seconds": verdict.age_seconds,
        "trust_age_seconds": verdict.trust_age_seconds,
        "status_age_seconds": verdict.status_age_seconds,
    }


def document() -> Mapping[str, Any]:
    return {
        "about": "Test vectors of health codes; docs/format.md says how to read them.",
        "alliance_keys": worlds.ALLIANCE_KEYS,
        "trust": {name: worlds.listed(trust) for name, trust in worlds.TRUST.items()},
        "status": {name: worlds.encoded_status(name) for name in worlds.STATUS},
        "rules": worlds.RULES,
        "cases": [checked(case) for case in cases.all_cases()],
        "trust_lists": lists.trust_list_vectors(),
        "status_lists": lists.status_list_vectors(),
        "rules_texts": lists.rules_vectors(),
    }


def text() -> str:
    return json.dumps(document(), ensure_ascii=True, indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(text(), encoding="utf-8")
