"""Input and output of the levels' interface."""

from collections.abc import Iterable
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from healthcode.acts.grounds import GroundField
from healthcode.areas.changes import Change
from healthcode.areas.models import Level
from healthcode.areas.selectors import Map, names
from healthcode.core import Colour
from healthcode.evidence.fields import AreaCode, Moment
from healthcode.officers.maps.services import MapPreview, PublishedMap
from healthcode.web.fields import StrictSerializer

LEVELS: Final = [level.label for level in sorted(Level, reverse=True)]


class LevelLine(StrictSerializer):
    """An area and its level."""

    code = AreaCode()
    level = serializers.ChoiceField(choices=LEVELS)


@extend_schema_field(LevelLine(many=True))
class LinesField(serializers.Field[list[Any], Any, list[Any], list[Any]]):
    """The lines as they came: `areas.maps` reads them all at once and names every fault."""

    default_error_messages = {
        "format": _("`levels` must be a list of objects, each with `code` and `level`.")
    }

    def to_internal_value(self, data: Any) -> list[Any]:
        """Take a list, whatever is in it.

        Raises:
            ValidationError: for anything else.
        """
        if not isinstance(data, list):
            self.fail("format")
        return list(data)

    def to_representation(self, value: list[Any]) -> list[Any]:
        """The lines themselves."""
        return value


class MapFrame(StrictSerializer):
    """What a map says beside its lines; in the query when the lines are CSV."""

    effective_from = Moment()
    ground = GroundField()
    whole_of = AreaCode(required=False, allow_null=True, default=None)


class MapInput(MapFrame):
    """A map: part of an area, or with `whole_of` all of it, the rest being green."""

    levels = LinesField()


class ChangeAnswer(serializers.Serializer[Any]):
    """An area whose level is another than before."""

    code = serializers.CharField()
    name = serializers.CharField()
    before = serializers.ChoiceField(choices=LEVELS)
    after = serializers.ChoiceField(choices=LEVELS)


class PublicationAnswer(serializers.Serializer[Any]):
    """A published map: the act, what rose and fell, and the recomputation to watch."""

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
    """What publishing would do; `now` and `then` count the people whom the map touches."""

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
    """An area, its level, and since when it has had it."""

    code = serializers.CharField()
    name = serializers.CharField()
    level = serializers.ChoiceField(choices=LEVELS)
    since = serializers.DateTimeField()


class MapAnswer(serializers.Serializer[Any]):
    """The map at an instant, and what the map in force there changed (`changed_at`)."""

    on = serializers.DateTimeField()
    changed_at = serializers.DateTimeField(allow_null=True)
    counts = LevelCounts()
    levels = LevelAnswer(many=True)
    rose = ChangeAnswer(many=True)
    fell = ChangeAnswer(many=True)


def publication_answer(published: PublishedMap) -> dict[str, Any]:
    """The members of `PublicationAnswer`."""
    change = published.change
    known = names({one.code for one in (*change.rose, *change.fell)})
    return {
        "act": published.act.pk,
        "rose": _changes(change.rose, known),
        "fell": _changes(change.fell, known),
        "recomputation": published.recomputation.pk,
    }


def preview_answer(preview: MapPreview) -> dict[str, Any]:
    """The members of `PreviewAnswer`."""
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
    """The members of `MapAnswer`."""
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
