"""Policies of a log: its keys, its witnesses, and how many are necessary (C2SP tlog-policy)."""

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import Final

from healthcode.core.errors import CoreError, MalformedLog
from healthcode.core.log.notes import NoteKey, SignatureType, parse_key

LARGEST_POLICY: Final = 1 << 18
NONE: Final = "none"
_BLANKS: Final = re.compile(r"[ \t]+")
_THRESHOLD: Final = re.compile("[1-9][0-9]{0,3}")


@dataclass(frozen=True, slots=True)
class Quorum:
    """A quorum: at least this many of these members. A name is that of a witness of the policy."""

    least: int = 0
    members: "tuple[str | Quorum, ...]" = ()

    def is_met(self, witnessed: Container[str]) -> bool:
        """Return whether these witnesses are enough."""
        return self.least <= sum(
            member.is_met(witnessed) if isinstance(member, Quorum) else member in witnessed
            for member in self.members
        )


@dataclass(frozen=True)
class LogPolicy:
    """Which logs to believe, by their keys, and which witnesses are necessary.

    Attributes:
        logs: the name of a key is the origin of its log; a log may have several keys.
        witnesses: by the names that `quorum` uses.
        urls: where to ask a witness, by its name; witnesses without an address are absent.
    """

    logs: tuple[NoteKey, ...]
    witnesses: Mapping[str, NoteKey] = field(default_factory=dict)
    quorum: Quorum = Quorum()
    urls: Mapping[str, str] = field(default_factory=dict)

    def keys_of(self, origin: str) -> tuple[NoteKey, ...]:
        """Return the keys that sign for this log; none for an unknown log."""
        return tuple(key for key in self.logs if key.name == origin)


def parse_policy(data: bytes) -> LogPolicy:
    """Read the policy in a file.

    Raises:
        MalformedLog: names the line that cannot be read, or says that a line is missing.
        MalformedKey: a key of the file cannot be read.
    """
    if len(data) > LARGEST_POLICY:
        raise MalformedLog(f"a policy has at most {LARGEST_POLICY} bytes")
    try:
        lines = data.decode().split("\n")
    except UnicodeDecodeError as error:
        raise MalformedLog("a policy is UTF-8") from error
    reading = _Reading()
    for number, line in enumerate(lines, 1):
        words = _BLANKS.split(line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            reading.take(words[0], words[1:])
        except CoreError as error:
            raise MalformedLog(f"line {number} of the policy: {error}") from error
    return reading.policy()


class _Reading:
    """The lines of a policy read so far. A group may only name lines before it."""

    def __init__(self) -> None:
        self.logs: list[NoteKey] = []
        self.witnesses: dict[str, NoteKey] = {}
        self.urls: dict[str, str] = {}
        self.groups: dict[str, Quorum] = {}
        self.used: set[str] = set()
        self.quorum: Quorum | None = None

    def take(self, word: str, rest: list[str]) -> None:
        match word, rest:
            case "log", [key] | [key, _]:
                self.logs.append(self._fresh(parse_key(key)))
            case "witness", [name, key]:
                self._witness(name, self._fresh(parse_key(key)))
            case "witness", [name, key, url]:
                self._witness(name, self._fresh(parse_key(key)))
                self.urls[name] = url
            case "group", [name, threshold, *members]:
                self._group(name, threshold, members)
            case "quorum", [name]:
                self._quorum(name)
            case _:
                raise MalformedLog("it is none of: log, witness, group, quorum")

    def policy(self) -> LogPolicy:
        if self.quorum is None:
            raise MalformedLog("a policy says its quorum")
        return LogPolicy(tuple(self.logs), self.witnesses, self.quorum, self.urls)

    def _witness(self, name: str, key: NoteKey) -> None:
        if key.kind is SignatureType.ED25519:
            raise MalformedLog("the key of a witness signs cosignatures")
        self._name(name)
        self.witnesses[name] = key

    def _group(self, name: str, threshold: str, members: list[str]) -> None:
        self._name(name)
        words = {"all": len(members), "any": 1}
        is_number = _THRESHOLD.fullmatch(threshold)
        least = words.get(threshold, int(threshold) if is_number else 0)
        if not 1 <= least <= len(members):
            raise MalformedLog("a group needs all, any, or as many as it has members at most")
        self.groups[name] = Quorum(least, tuple(map(self._member, members)))

    def _quorum(self, name: str) -> None:
        if self.quorum is not None:
            raise MalformedLog("a policy says its quorum once")
        self.quorum = Quorum() if name == NONE else Quorum(1, (self._member(name),))

    def _member(self, name: str) -> str | Quorum:
        if name not in self.witnesses and name not in self.groups:
            raise MalformedLog(f"{name} is no witness and no group of a line before")
        if name in self.used:
            raise MalformedLog(f"{name} is a member twice")
        self.used.add(name)
        return self.groups.get(name, name)

    def _name(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise MalformedLog(f"the name {name} is taken")

    def _fresh(self, key: NoteKey) -> NoteKey:
        known = (*self.logs, *self.witnesses.values())
        if any(key.public_key == other.public_key for other in known):
            raise MalformedLog("a key stands in the policy twice")
        return key
