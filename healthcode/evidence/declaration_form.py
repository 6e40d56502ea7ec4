"""The form of a declaration: turn what was sent into input for the interface, and show it again."""

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

# The form asks about 14 days, and today is one of them.
LOOK_BACK: Final = timedelta(days=13)
YES_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class TypedStay:
    """A line in the list of places, as typed. An empty last day means that the stay goes on."""

    area: str = ""
    first_day: str = ""
    last_day: str = ""

    @property
    def empty(self) -> bool:
        """Tell whether nothing was chosen or typed in this line."""
        return not (self.area or self.first_day or self.last_day)

    def stay(self) -> dict[str, str | None]:
        """Return the line as a stay of the HTTP interface."""
        return {"area": self.area, "from": self.first_day, "to": self.last_day or None}


@dataclass(frozen=True, slots=True)
class DeclarationForm:
    """The answers as sent, so that nobody has to type them twice; `faults` are by question."""

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
        """Return an unanswered form, whose list of places begins at home 13 days ago."""
        first_day = (day_of(at) - LOOK_BACK).isoformat()
        home = TypedStay(home_area, first_day)
        return cls(home=home, places=(home, TypedStay()))

    def chosen(self, query: QueryDict) -> Self:
        """Return this form with the areas that were chosen on separate pages, without script."""
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
        """Return this form with the answers in `post`; places that were not sent do not change."""

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
        """Return this form with one more line for a place."""
        return replace(self, places=(*self.places, TypedStay())[:MAX_STAYS])

    def input(self) -> dict[str, Any]:
        """Return the answers as input for `DeclaredInput`, without the unanswered questions."""
        given: dict[str, Any] = {"stays": [stay.stay() for stay in self.stays()]}
        if self.unwell in YES_NO:
            given["symptoms"] = list(self.symptoms) if YES_NO[self.unwell] else []
        if self.contact in YES_NO:
            given["contact_with_case"] = YES_NO[self.contact]
        if self.temperature:
            given["temperature"] = self.temperature
        return given

    def stays(self) -> tuple[TypedStay, ...]:
        """Return the places that were filled in, or only the home when there were no others."""
        if self.elsewhere == "yes":
            return tuple(place for place in self.places if not place.empty)
        return (self.home,)

    def checked(self, serializer: BaseSerializer[Any]) -> Self:
        """Return this form with what `serializer` found wrong, and with unanswered questions."""
        faults = faults_of(serializer) | self._unanswered()
        return replace(self, faults=faults)

    def refused(self, refusal: Refusal) -> Self:
        """Return this form with a refusal of the whole."""
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
    """Return what a serializer found wrong, by question; of several places, the first wrong one."""
    faults: dict[str, str] = {}
    for error in flatten(serializer.errors):
        member, _slash, rest = error["pointer"].lstrip("/").partition("/")
        if member in ("symptoms", "temperature"):
            faults.setdefault(member, error["detail"])
        elif member == "stays":
            faults.setdefault("places", _place_fault(rest, error["detail"]))
    return faults


def _place_fault(pointer: str, sentence: str) -> str:
    """Say what is wrong with which place; `pointer` is like `2/area`."""
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
