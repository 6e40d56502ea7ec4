"""Input and output of the HTTP interface for risk maps."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from healthcode.acts.grounds import GroundedInput
from healthcode.areas.changes import Change
from healthcode.areas.models import Level
from healthcode.areas.selectors import Map, names
from healthcode.core import Colour
from healthcode.evidence.fields import AreaCode, Moment
from healthcode.officers.maps.published import PublishedMap
from healthcode.officers.maps.services import MapPreview
from healthcode.web.fields import StrictSerializer

LEVELS: Final = [level.label for level in sorted(Level, reverse=True)]


class LevelLine(StrictSerializer):
    """One line of a map: an area and its risk level."""

    code = AreaCode()
    level = serializers.ChoiceField(choices=LEVELS)


@extend_schema_field(LevelLine(many=True))
class LinesField(serializers.Field[list[Any], Any, list[Any], list[Any]]):
    """The lines of a map, unread: `areas.maps` checks them all at once and lists every mistake."""

    default_error_messages = {
        "format": _("`levels` must be a list of objects, each with `code` and `level`.")
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        """Return the list unchanged.

        Raises:
            ValidationError: it is not a list.
        """
        if not isinstance(data, list):
            self.fail("format")
        return list(data)

    def to_representation(self, value: list[Any]) -> list[Any]:
        """Return the lines unchanged."""
        return value


class MapFrame(GroundedInput):
    """What a map says besides its lines. If the lines are CSV, these members are in the query."""

    effective_from = Moment()
    whole_of = AreaCode(required=False, allow_null=True, default=None)


class MapInput(MapFrame):
    """A map of some areas, or with `whole_of` of a whole area, where all others become green."""

    levels = LinesField()


class ChangeAnswer(serializers.Serializer[Any]):
    """An area whose level changed."""

    code = serializers.CharField()
    name = serializers.CharField()
    before = serializers.ChoiceField(choices=LEVELS)
    after = serializers.ChoiceField(choices=LEVELS)


class PublicationAnswer(serializers.Serializer[Any]):
    """A published map: the act, the areas whose level rose or fell, and the recomputation."""

    act = serializers.IntegerField()
    rose = ChangeAnswer(many=True)
    fell = ChangeAnswer(many=True)
    recomputation = serializers.IntegerField()


class ColourCounts(serializers.Serializer[Any]):
    """How many people have each colour."""

    green = serializers.IntegerField()
    yellow = serializers.IntegerField()
    red = serializers.IntegerField()


class PreviewAnswer(serializers.Serializer[Any]):
    """What publishing would do; `now` and `then` count the affected people by colour."""

    rose = ChangeAnswer(many=True)
    fell = ChangeAnswer(many=True)
    people_found = serializers.IntegerField()
    people_changed = serializers.IntegerField()
    now = ColourCounts()
    then = ColourCounts()


class LevelCounts(serializers.Serializer[Any]):
    """How many areas have each level."""

    red = serializers.IntegerField()
    orange = serializers.IntegerField()
    yellow = serializers.IntegerField()
    blue = serializers.IntegerField()
    green = serializers.IntegerField()


class LevelAnswer(serializers.Serializer[Any]):
    """An area, its level, and since when it has this level."""

    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    since = serializers.DateTimeField()


class MapAnswer(serializers.Serializer[Any]):
    """The map at the instant `on`, and what its last publication (`changed_at`) changed."""

    on = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True)
    counts = LevelCounts()
    levels = LevelAnswer(many=True)
    rose = ChangeAnswer(many=True)
    fell = ChangeAnswer(many=True)


def publication_answer(published: PublishedMap) -> dict[str, Any]:
    """Return the members of `PublicationAnswer`."""
    change = published.change
    known = names({one.code for one in (*change.rose, *change.fell)})
    return {
        "act": published.act.pk,
        "rose": _changes(change.rose, known),
        "fell": _changes(change.fell, known),
        "recomputation": published.recomputation.pk,
    }


def preview_answer(preview: MapPreview) -> dict[str, Any]:
    """Return the members of `PreviewAnswer`."""
    change, people = preview.change, preview.people
    known = names({one.code for one in (*change.rose, *change.fell)})
    return {
        "rose": _changes(change.rose, known),
        "fell": _changes(change.fell, known),
        "people_found": people.people,
        "people_changed": people.changed,
        "now": {colour.label: people.now[colour] for colour in Colour},
        "then": {colour.label: people.then[colour] for colour in Colour},
    }


def map_answer(shown: Map) -> dict[str, Any]:
    """Return the members of `MapAnswer`."""
    known = shown.names
    answer = MapAnswer(
        {
            "on": shown.on,
            "changed_at": shown.changed_at,
            "counts": {level.label: count for level, count in shown.counts.items()},
            "levels": [
                {"code": row.code, "name": row.name, "level": row.level.label, "since": row.since}
                for row in shown.levels
            ],
            "rose": _changes(shown.rose, known),
            "fell": _changes(shown.fell, known),
        }
    )
    return dict(answer.data)


def _changes(changes: Iterable[Change], known: dict[str, str]) -> list[dict[str, str]]:
    return [
        {
            "code": one.code,
            "name": known[one.code],
            "before": one.before.label,
            "after": one.after.label,
        }
        for one in changes
    ]
