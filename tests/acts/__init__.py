"""What tests of acts share."""

from typing import Final

from healthcode.acts.grounds import Ground, GroundKind

GROUND: Final = Ground(GroundKind.INVESTIGATION, "Found by asking the people concerned.")
SENT_GROUND: Final = {"ground_kind": GROUND.kind.value, "ground": GROUND.text}
"""The same as calls and forms send it."""
