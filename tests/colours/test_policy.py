"""Policy files: what a good file means, and which mistakes a bad file is told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from healthcode.acts.second_person import SecondPerson
from healthcode.areas.models import Level
from healthcode.colours import safeguards
from healthcode.colours.mistakes import PolicyFault
from healthcode.colours.policy import CheckIns, NegativeTests, parse
from healthcode.colours.safeguards import AlarmFigures, SourceLimits
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
    # Its file says nothing of these, so that what version 2 says holds for it too.
    assert version_1.safeguards == world.DEFAULT.safeguards == safeguards.SHIPPED
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


SECTIONS = """
[second_person]
people = 3
hours = 12
kinds = ["levels-published"]
dated_before_days = 7
[alarm]
people = 9
minutes = 30
times_median = 2
median_days = 7
told_above_after_minutes = 20
[sources]
reddening_lines_a_day = 50
"""


def test_the_sections_against_misuse_are_read_as_written() -> None:
    found = parse(HEAD + GOOD + SECTIONS).safeguards

    assert found.second_person == SecondPerson(3, 12, frozenset({"levels-published"}), 7)
    assert found.alarm == AlarmFigures(9, 30, 2, 7, 20)
    assert found.sources == SourceLimits(50)
    nothing = parse(HEAD + GOOD + SECTIONS.replace('["levels-published"]', "[]")).safeguards
    assert nothing.second_person.kinds == frozenset()


def test_what_a_section_leaves_out_is_as_in_the_shipped_policy() -> None:
    shipped = safeguards.SHIPPED

    assert parse(HEAD + GOOD).safeguards == shipped
    one_figure = parse(HEAD + GOOD + "[second_person]\npeople = 3\n").safeguards
    assert one_figure == replace(shipped, second_person=replace(shipped.second_person, people=3))
    kinds = parse(HEAD + GOOD + "[second_person]\nkinds = []\n").safeguards.second_person
    assert kinds == replace(shipped.second_person, kinds=frozenset())


@pytest.mark.parametrize(
    ("written", "instead", "field", "said"),
    [
        ("people = 3", "people = -1", "second_person.people", "from 0 to 1000000"),
        ("people = 3", 'people = "3"', "second_person.people", "must be a whole number"),
        ("hours = 12", "hours = 0", "second_person.hours", "from 1 to 168"),
        ("hours = 12", "hour = 12", "second_person.hour", "is not a field here; known are dated_"),
        (
            "before_days = 7",
            "before_days = 366",
            "second_person.dated_before_days",
            "from 0 to 365",
        ),
        ("levels-published", "levels", "second_person.kinds", "'levels' is not known here"),
        # Looking is over at once: an inquiry that is opened cannot wait.
        ("levels-", "tracing-opened", "second_person.kinds", "is not known here"),
        ('["levels-published"]', "3", "second_person.kinds", "must be a list"),
        ("minutes = 30", "minutes = 1441", "alarm.minutes", "from 1 to 1440"),
        ("times_median = 2", "times_median = 1.5", "alarm.times_median", "must be a whole number"),
        ("median_days = 7", "median_days = 29", "alarm.median_days", "from 1 to 28"),
        ("a_day = 50", "a_day = true", "sources.reddening_lines_a_day", "must be a whole number"),
        ("a_day = 50", "an_hour = 50", "sources.reddening_lines_an_hour", "is not a field here"),
    ],
)
def test_a_mistake_in_a_section_is_told_with_file_and_field(
    written: str, instead: str, field: str, said: str
) -> None:
    with pytest.raises(PolicyFault) as caught:
        parse(HEAD + GOOD + SECTIONS.replace(written, instead), "p.toml")

    (fault,) = caught.value.mistakes
    assert said in fault.message
    assert str(fault).startswith(f"p.toml {field}: ")


@pytest.mark.parametrize("section", ["second_person", "alarm", "sources"])
def test_a_section_that_is_no_table_is_told(section: str) -> None:
    with pytest.raises(PolicyFault) as caught:
        parse(f"{section} = 3\n{HEAD}{GOOD}", "p.toml")

    assert str(caught.value) == f"p.toml {section}: write it as a table, [{section}]"
