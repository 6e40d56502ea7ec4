"""The tag with which a page asks for the ground of an act."""

from django import template
from django.utils.functional import Promise

from healthcode.acts.grounds import LONGEST_GROUND, SHORTEST_GROUND, GroundKind

register = template.Library()


@register.inclusion_tag("acts/_ground.html")
def ask_ground(
    label: str, kind: str = "", text: str = "", fault: str | Promise = "", id: str = "ground"
) -> dict[str, object]:
    """Ask for the kind of the ground and its text.

    Args:
        label: the label of the text.
        kind, text: what the officer gave before.
        fault: what was wrong with it.
        id: of the text's element; a page that asks more than once gives each its own.
    """
    return {
        "label": label,
        "kinds": GroundKind.choices,
        "kind": kind,
        "text": text or "",
        "fault": fault,
        "id": id,
        "least": SHORTEST_GROUND,
        "most": LONGEST_GROUND,
    }
