"""Collect the mistakes of a policy file, each with its place."""

from dataclasses import dataclass
from typing import Any

from healthcode.web.texts import says_nothing


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake in a policy file: where it is, and what to write instead."""

    file: str
    rule: str
    field: str
    message: str

    def __str__(self) -> str:
        position = " ".join(
            part for part in (self.file, self.rule and f"rule {self.rule!r}", self.field) if part
        )
        return f"{position}: {self.message}"


class PolicyFault(ValueError):
    """The error for an unusable policy file; `mistakes` names file, rule and field of each."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes))
        self.mistakes = tuple(mistakes)


class TableReader:
    """Reads tables of a policy, and collects all mistakes instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.rule_name = ""
        self.mistakes: list[Mistake] = []

    def mistake(self, field: str, message: str) -> None:
        self.mistakes.append(Mistake(self.file, self.rule_name, field, message))

    def unknown(self, table: dict[str, Any], known: frozenset[str], within: str = "") -> None:
        for field in sorted(set(table) - known):
            self.mistake(
                f"{within}{field}", f"is not a field here; known are {', '.join(sorted(known))}"
            )

    def text(self, table: dict[str, Any], field: str) -> str:
        value = table.get(field)
        if not isinstance(value, str) or says_nothing(value):
            self.mistake(field, "must be a text that is not empty")
            return ""
        return value

    def whole(
        self, table: dict[str, Any], field: str, least: int, most: int, within: str = ""
    ) -> int:
        value = table.get(field)
        if type(value) is not int or not least <= value <= most:
            self.mistake(f"{within}{field}", f"must be a whole number from {least} to {most}")
            return least
        return value

    def words(
        self, table: dict[str, Any], field: str, allowed: frozenset[str], within: str = ""
    ) -> frozenset[str]:
        if field not in table:
            return frozenset()
        value = table[field]
        if not isinstance(value, list) or not value:
            self.mistake(f"{within}{field}", "must be a list that is not empty, or be left out")
            return frozenset()
        known = frozenset(word for word in value if isinstance(word, str)) & allowed
        for word in value:
            if not isinstance(word, str) or word not in known:
                choices = ", ".join(sorted(allowed)) or "nothing for this kind of evidence"
                message = f"{word!r} is not known here; allowed: {choices}"
                self.mistake(f"{within}{field}", message)
        return known
