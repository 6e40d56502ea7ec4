"""The rules of a door, as its venue writes them."""

import pytest

from healthcode.core import ADMITTED, Colour, Kind, MalformedRules, Outcome, Rules, parse_rules


def test_what_is_not_said_is_as_usual() -> None:
    assert parse_rules(b"{}") == Rules() == Rules(ADMITTED, frozenset(Kind), 86_400, 7_200, 60)


def test_everything_can_be_said() -> None:
    rules = parse_rules(
        b'{"admits": {"green": "pass", "red": "caution"}, "kinds": ["paper"],'
        b' "trust_grace_seconds": 1, "status_grace_seconds": 2, "leeway_seconds": 0}'
    )

    admits = {Colour.GREEN: Outcome.PASS, Colour.RED: Outcome.CAUTION}
    assert rules == Rules(admits, frozenset({Kind.PAPER}), 1, 2, 0)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'{"admit": {}}',
        b'{"admits": []}',
        b'{"admits": {"blue": "pass"}}',
        b'{"admits": {"green": "perhaps"}}',
        b'{"admits": {"green": ["pass"]}}',
        b'{"kinds": "live"}',
        b'{"kinds": ["plastic"]}',
        b'{"kinds": [1]}',
        b'{"leeway_seconds": -1}',
        b'{"leeway_seconds": 1.5}',
        b'{"leeway_seconds": true}',
        b'{"leeway_seconds": 1, "leeway_seconds": 2}',
        b'{"leeway_seconds": NaN}',
    ],
)
def test_what_is_meant_otherwise_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedRules):
        parse_rules(data)
