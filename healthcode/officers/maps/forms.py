"""The officer's form for a map: a file, pasted lines, or a table of areas."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from healthcode.acts.grounds import Ground, GroundKind
from healthcode.areas.errors import EndedArea, InvalidMap
from healthcode.areas.maps import MapLine, lines_of_csv, read_map
from healthcode.areas.models import Level
from healthcode.officers.maps.serializers import MapFrame
from healthcode.officers.maps.undo import MapBefore
from healthcode.web.days import day_of, write_clock
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten

TABLE: Final = "table"
LEVEL_OF: Final = "level-"
# For each member of the interface, the question of the form that asks for it.
QUESTIONS: Final = {
    "effective_from": "day",
    "ground_kind": "ground",
    "ground": "ground",
    "whole_of": "whole_of",
}


@dataclass(frozen=True, slots=True)
class ProposedMap:
    """The map that a form without mistakes proposes; `levels` by code in short form."""

    effective_from: datetime
    ground: Ground
    whole_of: str | None
    levels: Mapping[str, Level]

    @property
    def csv(self) -> str:
        """Return the lines as CSV; the preview page sends them again to publish them."""
        return csv_of(self.levels)


@dataclass(slots=True)
class MapForm:
    """The form as it was sent, so that nobody types twice, with its mistakes.

    `faults` has a sentence for each question with a mistake, `lines` the mistakes in the map.
    """

    day: str
    hour: str = "00:00"
    ground_kind: str = GroundKind.RISK_ASSESSMENT
    ground: str = ""
    whole_of: str = ""
    by: str = ""
    text: str = ""
    file: bytes | None = None
    table: Mapping[str, str] = field(default_factory=dict)
    faults: dict[str, str | Promise] = field(default_factory=dict)
    lines: Sequence[Mapping[str, object]] = ()

    @classmethod
    def blank(cls, *, by: str, whole_of: str, at: datetime) -> Self:
        """Return an empty form with today's date."""
        return cls(day=day_of(at).isoformat(), by=by, whole_of=whole_of)

    @classmethod
    def restoring(cls, before: MapBefore) -> Self:
        """Return the form with the map before another one, for the officer to give the ground.

        A form knows no seconds. Within the minute, the levels were the same.
        """
        starts = before.effective_from
        return cls(
            day=day_of(starts).isoformat(),
            hour=write_clock(starts),
            ground_kind=GroundKind.MISTAKEN,
            text=csv_of(before.levels),
        )

    @classmethod
    def sent(cls, request: HttpRequest) -> Self:
        """Return the form with what the officer sent."""
        post, file = request.POST, request.FILES.get("file")
        return cls(
            day=post.get("day", ""),
            hour=post.get("hour", "") or "00:00",
            ground_kind=post.get("ground_kind", ""),
            ground=post.get("ground", ""),
            whole_of=post.get("whole_of", ""),
            by=post.get("by", ""),
            text=post.get("text", ""),
            file=file.read() if file else None,
            table={
                name.removeprefix(LEVEL_OF): str(level)
                for name, level in post.items()
                if name.startswith(LEVEL_OF)
            },
        )

    def read(self, in_force: Mapping[str, Level]) -> ProposedMap | None:
        """Return the map that the form proposes, or None after noting the mistakes.

        Args:
            in_force: the present levels; from a table, only levels that differ are published.
        """
        whole_of = None if self.by == TABLE else self.whole_of or None
        instant = f"{self.day}T{self.hour}:00+08:00"
        ground = {"ground_kind": self.ground_kind, "ground": self.ground}
        frame = MapFrame(data={"effective_from": instant, "whole_of": whole_of, **ground})
        if not frame.is_valid():
            for error in flatten(frame.errors):
                self.faults[QUESTIONS[error["pointer"].split("/")[1]]] = error["detail"]
        try:
            within = None if "whole_of" in self.faults else whole_of
            holds = None if self.faults else frame.validated_data["effective_from"]
            levels = self._levels(in_force, whole_of=within, effective_from=holds)
        except (EndedArea, InvalidMap) as refusal:
            self.refuse(refusal)
        return None if self.faults else ProposedMap(levels=levels, **frame.validated_data)

    def refuse(self, refusal: Refusal) -> None:
        """Note the mistakes that a refusal names."""
        if isinstance(refusal, InvalidMap):
            self.lines = refusal.errors
            self.faults["map"] = _("Nothing was published. Correct these lines and try again.")
        else:
            self.faults["form"] = refusal.detail

    def _levels(
        self,
        in_force: Mapping[str, Level],
        *,
        whole_of: str | None,
        effective_from: datetime | None,
    ) -> dict[str, Level]:
        if self.by != TABLE:
            data = self.file if self.file is not None else self.text.encode()
            return read_map(lines_of_csv(data), whole_of=whole_of, effective_from=effective_from)
        changed = [
            MapLine({"line": number}, code, level)
            for number, (code, level) in enumerate(self.table.items(), start=1)
            if level != in_force.get(code, Level.GREEN).label
        ]
        return read_map(changed, whole_of=None, effective_from=effective_from)


def csv_of(levels: Mapping[str, Level]) -> str:
    """Return a map as CSV, sorted by code."""
    rows = [f"{code},{level.label}" for code, level in sorted(levels.items())]
    return "\n".join(["code,level", *rows])


def fingerprint(facts: Mapping[str, Any]) -> str:
    """Return a hash of what a preview showed, so that nothing else is published after it."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
