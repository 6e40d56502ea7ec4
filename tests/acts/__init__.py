"""What tests of acts share."""

from datetime import datetime
from typing import Final

from accounts.models import Account, Role
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.acts.services import record_act

GROUND: Final = Ground(GroundKind.INVESTIGATION, "Found by asking the people concerned.")
SENT_GROUND: Final = {"ground_kind": GROUND.kind.value, "ground": GROUND.text}
"""The same as calls and forms send it."""


def act_of(officer: Account, *, at: datetime) -> Act:
    """Record an act to which evidence or levels can refer."""
    return record_act(
        account=officer,
        role=Role.OFFICER,
        kind=ActKind.EVIDENCE_WITHDRAWN,
        area="",
        ground=GROUND,
        detail={},
        at=at,
    )
