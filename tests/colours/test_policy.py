"""Policy files: what a good file means, and which mistakes a bad file is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from healthcode.areas.models import Level
from healthcode.colours.policy import CheckIns, NegativeTests, PolicyFault, parse
from healthcode.core import Colour
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from tests.colours import world

HEAD = 'version = 7\nname = "p"\ntitle = { zh = "规则", en = "Rules" }\n'
GOOD = """
[[rule]]
name = "red-area"
evidence = "stay"
levels = ["red", "orange"]
areas = ["33"]
colour = "red"
hold_days = 14
release = { check_ins = 14 }
reason.zh = "您曾在{area}停留，风险等级{level}，{first_day}至{last_day}"
reason.en = "You stayed in {area}, level {level}, {first_day} to {last_day}"
"""


def test_a_rule_is_read_as_written() -> None:
    policy = parse(HEAD + GOOD)

    (rule,) = policy.rules
    assert (policy.version, policy.name, policy.title["en"]) == (7, "p", "Rules")
    assert (rule.evidence, rule.colour) == (EvidenceKind.STAY, Colour.RED)
    assert rule.levels == {Level.RED, Level.ORANGE}
    assert rule.areas == ("33",)
    assert (rule.hold, rule.release) == (timedelta(days=14), CheckIns(14))


def test_version_1_of_the_shipped_policy_is_still_read() -> None:
    """Codes and colours name it. It differs in one rule, stays in yellow areas, and in wording."""
    version_1 = parse(world.VERSION_1.read_text(encoding="utf-8"))

    assert (version_1.version, world.DEFAULT.version) == (1, 2)
    *others, space = version_1.rules
    *others_now, space_now = world.DEFAULT.rules
    assert [replace(rule, reason={}) for rule in others] == [
        replace(rule, reason={}) for rule in others_now
    ]
    assert (space.name, space.levels) == ("orange-or-yellow-area", {Level.ORANGE, Level.YELLOW})
    assert (space_now.name, space_now.levels) == ("orange-area", {Level.ORANGE})


def test_the_shipped_default_covers_people_health_and_space() -> None:
    by_kind: dict[EvidenceKind, set[str]] = {kind: set() for kind in EvidenceKind}
    for rule in world.DEFAULT.rules:
        by_kind[rule.evidence] |= rule.traits | {level.label for level in rule.levels}

    assert by_kind[EvidenceKind.CASE] == set(KINDS[EvidenceKind.CASE].traits)
    assert by_kind[EvidenceKind.CONTACT] == {"close", "secondary", "casual"}
    assert by_kind[EvidenceKind.DECLARATION] == set(KINDS[EvidenceKind.DECLARATION].traits)
    assert by_kind[EvidenceKind.CHECK_IN] == {"symptoms", "fever"}
    assert by_kind[EvidenceKind.STAY] == {"red", "orange"}
    # No shipped rule asks for these two, but a policy may (docs/howto/eu-certificates.md).
    assert [kind for kind in EvidenceKind if not by_kind[kind]] == [
        EvidenceKind.RECOVERY,
        EvidenceKind.VACCINATION,
    ]
    coloured = {rule.colour: rule.levels for rule in world.DEFAULT.rules if rule.levels}
    assert coloured == {Colour.RED: {Level.RED}, Colour.YELLOW: {Level.ORANGE}}
    weight = {Colour.RED: (14, CheckIns(14)), Colour.YELLOW: (7, CheckIns(7))}
    for rule in world.DEFAULT.rules:
        if rule.name != "positive-test":
            assert (rule.hold.days, rule.release) == weight[rule.colour]


@pytest.mark.parametrize("colour", ["yellow", "red"])
@pytest.mark.parametrize(
    "traits", ["", 'traits = ["doubtful"]\n', 'traits = ["close", "doubtful"]\n']
)
def test_one_weak_sign_gives_nobody_a_colour(traits: str, colour: str) -> None:
    contact = HEAD + GOOD.replace('evidence = "stay"', 'evidence = "contact"')
    contact = contact.replace('areas = ["33"]\n', "").replace('"red"\n', f'"{colour}"\n')
    levels = 'levels = ["red", "orange"]\n'

    with pytest.raises(PolicyFault) as refused:
        parse(contact.replace(levels, traits))

    (mistake,) = refused.value.mistakes
    assert mistake.field == "traits"
    assert "a weak sign gives no colour" in mistake.message
    assert parse(contact.replace(levels, 'traits = ["close", "casual"]\n')).rules


@pytest.mark.parametrize(
    ("written", "instead", "field", "said"),
    [
        ('colour = "red"', 'colour = "green"', "colour", "must be yellow or red"),
        ('colour = "red"', 'colour = "rot"', "colour", "must be yellow or red"),
        ('evidence = "stay"', 'evidence = "rumour"', "evidence", "must be one of declaration, "),
        ('evidence = "stay"', 'evidence = ["stay"]', "evidence", "must be one of declaration, "),
        ('evidence = "stay"', 'evidence = "case"', "levels", "only stays have an area"),
        ("hold_days = 14", "hold_days = -1", "hold_days", "from 0 to 365"),
        ("hold_days = 14", "hold_days = 1.5", "hold_days", "must be a whole number"),
        ("hold_days = 14", "hold_days = true", "hold_days", "must be a whole number"),
        ("hold_days = 14", "", "hold_days", "must be a whole number"),
        ("hold_days = 14", "hold_dayz = 14", "hold_dayz", "is not a field here; known are areas"),
        ('"red", "orange"', '"red", "violet"', "levels", "'violet' is not known here"),
        ('"red", "orange"', '"green"', "levels", "'green' is not known here"),
        ('"red", "orange"', "", "levels", "must be a list that is not empty"),
        ('"red", "orange"', "[1]", "levels", "[1] is not known here"),
        ('areas = ["33"]', "areas = [33]", "areas", "must be a list of area codes as texts"),
        ('areas = ["33"]', 'areas = ["330"]', "areas", "must be a list of area codes as texts"),
        ('areas = ["33"]', 'traits = ["close"]', "traits", "'close' is not known here"),
        ("check_ins = 14 }", "check_ins = 0 }", "release.check_ins", "from 1 to 60"),
        ("check_ins = 14 }", "days = 3 }", "release", "must say check_ins, or negative_tests"),
        ("{ check_ins = 14 }", "14", "release", "must be a table"),
        (
            "check_ins = 14 }",
            "negative_tests = 2 }",
            "release.hours_apart",
            "must be a whole number",
        ),
        (
            "check_ins = 14 }",
            "check_ins = 1, negative_tests = 2 }",
            "release.negative_tests",
            "is not a field here",
        ),
        ("{first_day} to", "{first_name} to", "reason.en", "{first_name} is not a placeholder"),
        ("{first_day} to", "{area.code} to", "reason.en", "{area.code} is not a placeholder"),
        ("{first_day} to", "{area!r} to", "reason.en", "{area} is not a placeholder"),
        ("{first_day} to", "{first_day to", "reason.en", "has an unmatched brace"),
        ("reason.zh", "reason.de", "reason.zh", "must be a text that is not empty"),
    ],
)
def test_a_mistake_is_told_with_file_rule_and_field(
    written: str, instead: str, field: str, said: str
) -> None:
    with pytest.raises(PolicyFault) as caught:
        parse(HEAD + GOOD.replace(written, instead), "zhejiang.toml")

    told = {fault.field: fault for fault in caught.value.mistakes}
    assert said in told[field].message
    assert str(told[field]).startswith(f"zhejiang.toml rule 'red-area' {field}: ")


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        (GOOD, "version", "must be a whole number"),
        (HEAD, "rule", "write one [[rule]] table for each rule"),
        (HEAD + GOOD + GOOD, "rule", "two rules are named 'red-area'"),
        (HEAD + 'owner = "me"\n' + GOOD, "owner", "is not a field here"),
        (HEAD.replace("规则", "{area}") + GOOD, "title.zh", "{area} is not a placeholder here"),
        ("version = ", "", "is not TOML"),
    ],
)
def test_a_mistake_of_the_whole_is_told_with_its_field(text: str, field: str, said: str) -> None:
    with pytest.raises(PolicyFault) as caught:
        parse(text, "p.toml")

    assert any(
        (fault.file, fault.rule, fault.field) == ("p.toml", "", field) and said in fault.message
        for fault in caught.value.mistakes
    )


def test_all_mistakes_are_told_at_once() -> None:
    wrong = GOOD.replace("14", "x").replace("colour", "color").replace("x }", '"x" }')

    with pytest.raises(PolicyFault) as caught:
        parse(HEAD + wrong.replace("hold_days = x", 'hold_days = "x"'))

    assert {fault.field for fault in caught.value.mistakes} == {
        "color",
        "colour",
        "hold_days",
        "release.check_ins",
    }


def test_tests_release_by_number_and_distance() -> None:
    text = GOOD.replace("check_ins = 14", "negative_tests = 2, hours_apart = 24")

    assert parse(HEAD + text).rules[0].release == NegativeTests(2, 24)
