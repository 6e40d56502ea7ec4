"""The residents' forms: read into the input that the HTTP interface takes, and shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self

from django.http import QueryDict
from django.utils.translation import gettext as _
from rest_framework.serializers import BaseSerializer

from healthcode.evidence.declarations import MAX_STAYS
from healthcode.web import texts
from healthcode.web.days import day_of
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten

# The form asks about 14 days, today included.
LOOK_BACK: Final = timedelta(days=13)
YES_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class TypedStay:
    """A line of the list of places, as typed; days are dates, an empty last day means still."""

    area: str = ""
    first_day: str = ""
    last_day: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was chosen or typed: a line that nobody needed."""
        return not (self.area or self.first_day or self.last_day)

    def stay(self) -> dict[str, str | None]:
        """The line as a stay of the HTTP interface."""
        return {"area": self.area, "from": self.first_day, "to": self.last_day or None}


@dataclass(frozen=True, slots=True)
class DeclarationForm:
    """The answers as sent, so that nothing has to be typed twice; `faults` by question."""

    home: TypedStay
    unwell: str = ""
    symptoms: tuple[str, ...] = ()
    temperature: str = ""
    contact: str = ""
    elsewhere: str = ""
    places: tuple[TypedStay, ...] = ()
    faults: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def blank(cls, home_area: str, *, at: datetime) -> Self:
        """An unanswered form; the list of places begins at home, 13 days ago."""
        first_day = (day_of(at) - LOOK_BACK).isoformat()
        home = TypedStay(home_area, first_day)
        return cls(home=home, places=(home, TypedStay()))

    def chosen(self, query: QueryDict) -> Self:
        """This form with the areas that were chosen on pages of their own, without script."""
        areas = [query.get(f"area-{n}", "") for n in range(len(self.places))]
        if not any(areas):
            return self
        places = zip(self.places, areas, strict=True)
        return replace(
            self,
            elsewhere="yes",
            places=tuple(replace(place, area=area or place.area) for place, area in places),
        )

    def sent(self, post: QueryDict) -> Self:
        """This form with the answers in `post`; places that were not sent stay as they are."""

        def typed(name: str) -> str:
            return texts.trimmed(post.get(name, ""))

        lines = min(texts.whole(post.get("places", "")[:4]), MAX_STAYS)
        return replace(
            self,
            unwell=post.get("unwell", ""),
            symptoms=tuple(post.getlist("symptoms")),
            temperature=typed("temperature"),
            contact=post.get("contact", ""),
            elsewhere=post.get("elsewhere", ""),
            places=tuple(
                TypedStay(*(typed(f"{name}-{n}") for name in ("area", "from", "to")))
                for n in range(lines)
            )
            or self.places,
        )

    def longer(self) -> Self:
        """This form with one more line for a place."""
        return replace(self, places=(*self.places, TypedStay())[:MAX_STAYS])

    def input(self, person: int) -> dict[str, Any]:
        """The answers as `DeclarationInput` takes them; what was not answered is missing."""
        given: dict[str, Any] = {"person": person, "stays": [stay.stay() for stay in self.stays()]}
        if self.unwell in YES_NO:
            given["symptoms"] = list(self.symptoms) if YES_NO[self.unwell] else []
        if self.contact in YES_NO:
            given["contact_with_case"] = YES_NO[self.contact]
        if self.temperature:
            given["temperature"] = self.temperature
        return given

    def stays(self) -> tuple[TypedStay, ...]:
        """The places that were filled in; home alone when nobody was anywhere else."""
        if self.elsewhere == "yes":
            return tuple(place for place in self.places if not place.empty)
        return (self.home,)

    def checked(self, serializer: BaseSerializer[Any]) -> Self:
        """This form with what `serializer` found wrong, and what the form alone can tell."""
        faults = faults_of(serializer) | self._unanswered()
        return replace(self, faults=faults)

    def refused(self, refusal: Refusal) -> Self:
        """This form with a refusal of the whole."""
        return replace(self, faults={"form": str(refusal.detail)})

    def _unanswered(self) -> dict[str, str]:
        faults = {}
        for question in ("unwell", "contact", "elsewhere"):
            if getattr(self, question) not in YES_NO:
                faults[question] = _("Please choose yes or no.")
        if self.unwell == "yes" and not self.symptoms:
            faults["symptoms"] = _("Please choose at least one symptom.")
        if self.elsewhere == "yes" and not self.stays():
            faults["places"] = _("Please choose at least one place.")
        return faults


def faults_of(serializer: BaseSerializer[Any]) -> dict[str, str]:
    """What a serializer found wrong, by question; of several stays the first that is wrong."""
    faults: dict[str, str] = {}
    for error in flatten(serializer.errors):
        member, _slash, rest = error["pointer"].lstrip("/").partition("/")
        if member in ("symptoms", "temperature"):
            faults.setdefault(member, error["detail"])
        elif member == "stays":
            faults.setdefault("places", _place_fault(rest, error["detail"]))
    return faults


def _place_fault(pointer: str, sentence: str) -> str:
    """What is wrong with a place, beginning with which; `pointer` is as in `2/area`."""
    number, _slash, member = pointer.partition("/")
    if not number:
        return sentence
    if member == "area":
        sentence = _("Please choose the area down to the county or district.")
    elif member == "from":
        sentence = _("First day: %(sentence)s") % {"sentence": sentence}
    elif member == "to":
        sentence = _("Last day: %(sentence)s") % {"sentence": sentence}
    return _("Place %(number)s: %(sentence)s") % {"number": int(number) + 1, "sentence": sentence}
