"""Policy files as C2SP defines them: who is believed, and what is not a policy."""

import itertools

import pytest

from healthcode.core.errors import CoreError
from healthcode.core.log.notes import SignatureType
from healthcode.core.log.policies import LogPolicy, Quorum, parse_policy
from tests.core.log.trees import ORIGIN, ed25519, ml_dsa

LOG = ml_dsa(ORIGIN).key
NAMES = "x1", "x2", "x3", "y1"
KEYS = {name: ed25519(f"{name}.example", SignatureType.COSIGNATURE_ED25519).key for name in NAMES}
LINES = [
    "# whom Hangzhou believes",
    "",
    f"log {LOG} https://zhejiang.example/log",
    *(f"  witness\t{name}  {key}" for name, key in KEYS.items()),
    "group x 2 x1 x2 x3",
    "group both all x y1",
    "quorum both",
    "",
]


def test_the_groups_of_a_policy_are_evaluated_from_within() -> None:
    policy = parse_policy("\n".join(LINES).encode())

    assert policy == LogPolicy(
        (LOG,), KEYS, Quorum(1, (Quorum(2, (Quorum(2, ("x1", "x2", "x3")), "y1")),))
    )
    for count in range(5):
        for seen in itertools.combinations(NAMES, count):
            expected = "y1" in seen and len(seen) >= 3
            assert policy.quorum.is_met(seen) is expected


def test_a_policy_may_need_no_witness() -> None:
    policy = parse_policy(f"log {LOG}\nquorum none".encode())

    assert policy.quorum.is_met(())
    assert policy.keys_of(ORIGIN) == (LOG,)
    assert policy.keys_of("another.example") == ()


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("quorum none", "once"),
        ("group z 2 y1", "as many as"),
        ("group z 0 x1", "as many as"),
        ("group z ² x1", "as many as"),
        ("group z any", "as many as"),
        ("group z any nobody", "no witness and no group"),
        ("group z any x1", "member twice"),
        ("group x any y1", "taken"),
        ("group none any y1", "taken"),
        (f"log {LOG}", "twice"),
        (f"witness again {KEYS['x1']}", "twice"),
        (f"witness plain {ed25519('plain.example').key}", "cosignatures"),
        ("log", "line 11 .* none of"),
        (f"log {LOG} a b", "line 11 .* none of"),
        ("believe everybody", "none of"),
        ("log zhejiang.example+00000000+AAAA", "line 11"),
    ],
    # Each process that runs tests makes other keys, which a test's name must not contain.
    ids=map(str, range(16)),
)
def test_a_line_that_no_policy_has_is_named(line: str, sentence: str) -> None:
    with pytest.raises(CoreError, match=sentence):
        parse_policy("\n".join([*LINES[:-1], line]).encode())


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"quorum nobody", b"#" * (1 << 18) + b"\nquorum none"]
)
def test_no_policy(data: bytes) -> None:
    with pytest.raises(CoreError):
        parse_policy(data)


def test_a_witness_may_have_an_address() -> None:
    one, other = (f"witness {name} {KEYS[name]}" for name in ("x1", "x2"))
    policy = parse_policy(f"{one} https://x1.example/witness\n{other}\nquorum none\n".encode())
    assert policy.urls == {"x1": "https://x1.example/witness"}
