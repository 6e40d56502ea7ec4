"""Read policies, the published rules from evidence to colours, from TOML, and check them.

docs/reference/policy.md specifies the file.
"""

import re
import string
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from healthcode.areas.models import Level
from healthcode.colours.errors import NoPolicy
from healthcode.colours.mistakes import Mistake, PolicyFault, TableReader
from healthcode.colours.models import Policy
from healthcode.colours.safeguards import BOUNDS, Safeguards, read_safeguards
from healthcode.core import Colour
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.traits import Trait
from healthcode.web.texts import says_nothing

# The rules of Zhejiang that this service ships. An officer publishes this file, or another.
SHIPPED: Final = Path(__file__).with_name("policies") / "CN-33-2020-02-17.toml"
# What a reason's template may mention; `healthcode.colours.reasons` fills it in.
PLACEHOLDERS: Final = frozenset({"area", "level", "first_day", "last_day", "when", "place"})
LANGUAGES: Final = ("zh", "en")
LONGEST_HOLD_DAYS: Final = 365
MOST_CHECK_INS: Final = 60
MOST_TESTS: Final = 10
LONGEST_APART_HOURS: Final = 30 * 24

RULE_FIELDS: Final = frozenset(
    {"name", "evidence", "traits", "levels", "areas", "colour", "hold_days", "release", "reason"}
)
POLICY_FIELDS: Final = frozenset({"version", "name", "title", "rule", *BOUNDS})
_CODE: Final = re.compile("[0-9]{2}|[0-9]{4}|[0-9]{6}|[0-9]{9}")


@dataclass(frozen=True, slots=True)
class CheckIns:
    """Released by `count` healthy check-ins on consecutive days (Asia/Shanghai)."""

    count: int


@dataclass(frozen=True, slots=True)
class NegativeTests:
    """Released by `count` negative tests, each at least `hours_apart` after the one before."""

    count: int
    hours_apart: int


Release = CheckIns | NegativeTests | None


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows from one kind of evidence.

    An empty condition means: the rule does not ask for it.
    """

    name: str
    evidence: EvidenceKind
    colour: Colour
    hold: timedelta
    reason: Mapping[str, str]
    traits: frozenset[str] = frozenset()
    levels: frozenset[Level] = frozenset()
    areas: tuple[str, ...] = ()
    release: Release = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A policy as it was read. `version` goes into every code (docs/format.md)."""

    version: int
    name: str
    title: Mapping[str, str]
    rules: tuple[Rule, ...]
    safeguards: Safeguards


@lru_cache(maxsize=32)
def parse(text: str, file: str = "policy") -> RuleSet:
    """Read the policy in TOML `text`. Mistakes are reported against the name `file`.

    Raises:
        PolicyFault: with every mistake found, each naming file, rule and field.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyFault([Mistake(file, "", "", f"is not TOML: {error}")]) from error
    reader = _PolicyReader(file)
    policy = reader.policy(document)
    if reader.mistakes:
        raise PolicyFault(reader.mistakes)
    return policy


def policy_at(at: datetime) -> RuleSet:
    """Return the policy in force at `at`, the one that holds from the latest time, with one query.

    Raises:
        NoPolicy: no policy holds yet.
    """
    row = (
        Policy.objects.filter(holds_from__lte=at)
        .order_by("-holds_from", "-version")
        .values_list("text", flat=True)
        .first()
    )
    if row is None:
        raise NoPolicy
    return parse(row)


def safeguards_at(at: datetime) -> Safeguards | None:
    """Return what the policy in force says against misuse. If none is in force, the first to come.

    None means that there is no policy yet. Before the first policy nobody has a colour, so one
    person can publish it alone.
    """
    published = Policy.objects.values_list("text", flat=True)
    text = (
        published.filter(holds_from__lte=at).order_by("-holds_from", "-version").first()
        or published.order_by("holds_from", "version").first()
    )
    return None if text is None else parse(text).safeguards


class _PolicyReader(TableReader):
    """Reads a parsed document."""

    def policy(self, document: dict[str, Any]) -> RuleSet:
        self.unknown(document, POLICY_FIELDS)
        rules = document.get("rule")
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            self.mistake("rule", "write one [[rule]] table for each rule")
            rules = []
        policy = RuleSet(
            version=self.whole(document, "version", 1, 2**31 - 1),
            name=self.text(document, "name"),
            title=self.both_languages(document, "title", frozenset()),
            safeguards=read_safeguards(self, document),
            rules=tuple(self.rule(n, rule) for n, rule in enumerate(rules, 1)),
        )
        self.rule_name = ""
        names = [rule.name for rule in policy.rules]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.mistake(
                "rule", f"two rules are named {name!r}; a reason must name exactly one rule"
            )
        return policy

    def rule(self, number: int, table: dict[str, Any]) -> Rule:
        self.rule_name = str(table.get("name", f"no. {number}"))
        self.unknown(table, RULE_FIELDS)
        kind = self.one_of(table, "evidence", EvidenceKind)
        rule = Rule(
            name=self.text(table, "name"),
            evidence=kind or EvidenceKind.DECLARATION,
            colour=self.colour(table),
            hold=timedelta(hours=24 * self.whole(table, "hold_days", 0, LONGEST_HOLD_DAYS)),
            reason=self.both_languages(table, "reason", PLACEHOLDERS),
            traits=self.traits(table, kind),
            levels=self.levels(table),
            areas=self.areas(table),
            release=self.release(table),
        )
        for field in ("levels", "areas"):
            if field in table and kind not in {EvidenceKind.STAY, None}:
                self.mistake(field, "leave it out: only stays have an area")
        if kind is EvidenceKind.CONTACT and _counts_doubt(rule):
            self.mistake(
                "traits", "must name traits other than 'doubtful': a weak sign gives no colour"
            )
        return rule

    def one_of(
        self, table: dict[str, Any], field: str, choices: type[EvidenceKind]
    ) -> EvidenceKind | None:
        value = table.get(field)
        if value not in choices.values:
            self.mistake(field, f"must be one of {', '.join(choices.values)}")
            return None
        return choices(value)

    def colour(self, table: dict[str, Any]) -> Colour:
        value = table.get("colour")
        if value not in ("yellow", "red"):
            self.mistake("colour", "must be yellow or red; without a signal a person is green")
            return Colour.YELLOW
        return Colour[value.upper()]

    def traits(self, table: dict[str, Any], kind: EvidenceKind | None) -> frozenset[str]:
        kinds = [kind] if kind else list(EvidenceKind)
        return self.words(
            table, "traits", frozenset(str(t) for k in kinds for t in KINDS[k].traits)
        )

    def levels(self, table: dict[str, Any]) -> frozenset[Level]:
        # An area that no map names is green but has no row to match, so no rule can ask for green.
        allowed = frozenset(level.label for level in Level if level is not Level.GREEN)
        return frozenset(Level[word.upper()] for word in self.words(table, "levels", allowed))

    def areas(self, table: dict[str, Any]) -> tuple[str, ...]:
        if "areas" not in table:
            return ()
        value = table["areas"]
        if not isinstance(value, list) or not value or not all(_is_code(code) for code in value):
            self.mistake("areas", 'must be a list of area codes as texts, such as ["33", "00"]')
            return ()
        return tuple(value)

    def release(self, table: dict[str, Any]) -> Release:
        if "release" not in table:
            return None
        release = table["release"]
        if not isinstance(release, dict):
            self.mistake("release", "must be a table, such as { check_ins = 14 }")
            return None
        if "check_ins" in release:
            self.unknown(release, frozenset({"check_ins"}), "release.")
            return CheckIns(self.whole(release, "check_ins", 1, MOST_CHECK_INS, "release."))
        if "negative_tests" in release:
            self.unknown(release, frozenset({"negative_tests", "hours_apart"}), "release.")
            return NegativeTests(
                self.whole(release, "negative_tests", 1, MOST_TESTS, "release."),
                self.whole(release, "hours_apart", 1, LONGEST_APART_HOURS, "release."),
            )
        self.mistake("release", "must say check_ins, or negative_tests and hours_apart")
        return None

    def both_languages(
        self, table: dict[str, Any], field: str, placeholders: frozenset[str]
    ) -> Mapping[str, str]:
        texts = table.get(field)
        if not isinstance(texts, dict):
            self.mistake(field, f"must give {' and '.join(f'{field}.{x}' for x in LANGUAGES)}")
            return dict.fromkeys(LANGUAGES, "")
        self.unknown(texts, frozenset(LANGUAGES), f"{field}.")
        for language in LANGUAGES:
            for message in _template_mistakes(texts.get(language), placeholders):
                self.mistake(f"{field}.{language}", message)
        return {language: str(texts.get(language, "")) for language in LANGUAGES}


def _counts_doubt(rule: Rule) -> bool:
    """Return whether a rule for contacts fits a contact that only a weak sign speaks of."""
    return not rule.traits or Trait.DOUBTFUL in rule.traits


def _template_mistakes(text: object, placeholders: frozenset[str]) -> Iterator[str]:
    if not isinstance(text, str) or says_nothing(text):
        yield "must be a text that is not empty"
        return
    try:
        parts = list(string.Formatter().parse(text))
    except ValueError as error:
        yield f"has an unmatched brace: {error}"
        return
    for _literal, name, spec, conversion in parts:
        if name is not None and (name not in placeholders or spec or conversion):
            known = ", ".join(f"{{{word}}}" for word in sorted(placeholders)) or "none"
            yield f"{{{name}}} is not a placeholder here; allowed: {known}"


def _is_code(code: object) -> bool:
    return isinstance(code, str) and _CODE.fullmatch(code) is not None
