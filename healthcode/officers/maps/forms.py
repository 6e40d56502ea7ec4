"""The officer's form for a map: read from a file, pasted lines or a table, and shown again."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from healthcode.areas.errors import EndedArea, InvalidMap
from healthcode.areas.maps import MapLine, lines_of_csv, read_map
from healthcode.areas.models import Level
from healthcode.areas.services import LevelsChange
from healthcode.officers.maps.serializers import MapFrame
from healthcode.web.days import day_of
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten

TABLE: Final = "table"
LEVEL_OF: Final = "level-"
# The members of the interface by the questions of the form.
QUESTIONS: Final = {"effective_from": "day", "ground": "ground", "whole_of": "whole_of"}


@dataclass(frozen=True, slots=True)
class ProposedMap:
    """What a form without faults says; `levels` by code in short form."""

    effective_from: datetime
    ground: str
    whole_of: str | None
    levels: Mapping[str, Level]

    @property
    def csv(self) -> str:
        """The lines as CSV, to send again."""
        rows = [f"{code},{level.label}" for code, level in sorted(self.levels.items())]
        return "\n".join(["code,level", *rows])


@dataclass(slots=True)
class MapForm:
    """The answers as sent, so that nothing has to be typed twice, and what is wrong with them.

    `faults` has a sentence by question, `lines` the mistakes in the map by line.
    """

    day: str
    hour: str = "00:00"
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
        """An empty form for today."""
        return cls(day=day_of(at).isoformat(), by=by, whole_of=whole_of)

    @classmethod
    def sent(cls, request: HttpRequest) -> Self:
        """The form as it was sent."""
        post, file = request.POST, request.FILES.get("file")
        return cls(
            day=post.get("day", ""),
            hour=post.get("hour", "") or "00:00",
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
        """The map that the form proposes; None, with faults noted, when something is wrong.

        Args:
            in_force: the levels now; of the table only what differs from them is published.
        """
        whole_of = None if self.by == TABLE else self.whole_of or None
        instant = f"{self.day}T{self.hour}:00+08:00"
        frame = MapFrame(
            data={"effective_from": instant, "ground": self.ground, "whole_of": whole_of}
        )
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
        """Note what the domain said about the map."""
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


def fingerprint(change: LevelsChange) -> str:
    """Stands for what a preview showed, so that nothing else is published on its strength."""
    told = [(one.code, int(one.before), int(one.after)) for one in (*change.rose, *change.fell)]
    return hashlib.sha256(repr((told, change.touched)).encode()).hexdigest()
