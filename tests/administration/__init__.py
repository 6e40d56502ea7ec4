"""What tests of administration share."""

from io import StringIO
from typing import Final

from django.core.management import call_command
from django.utils import timezone

from accounts.models import Account, Role
from accounts.services import add_staff
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.administration.administrator import Administrator

GROUND: Final = Ground(GroundKind.OPERATIONS, "A test of commands")
BY_ADMINISTRATOR: Final = (
    "--by=demo.administrator",
    f"--ground-kind={GROUND.kind.value}",
    f"--ground={GROUND.text}",
)
"""The options with which the demo's administrator answers for a command."""


def administrator(area: str = "") -> Administrator:
    """Return an administrator of this area, with a ground; the one of the demo has all areas."""
    account = add_staff(
        username=f"demo.administrator{area and '-'}{area}",
        password=None,
        role=Role.ADMINISTRATOR,
        area=area,
        at=timezone.now(),
    )
    return Administrator(Account.objects.get(pk=account.pk), GROUND)


def administer(*words: str) -> str:
    """Run a command, for which the demo's administrator answers; return what it prints."""
    administrator()
    said = StringIO()
    call_command(*words, *BY_ADMINISTRATOR, stdout=said)
    return said.getvalue()
