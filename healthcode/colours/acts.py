"""What officers did: the acts of record, as an officer sees them."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Prefetch, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Act
from healthcode.colours.certificates import ENTRY
from healthcode.colours.models import Recomputation, RecomputationState
from healthcode.colours.publishing import PUBLICATION
from healthcode.colours.reporting import WITHDRAWAL
from healthcode.colours.services import PUBLICATION as POLICY_PUBLICATION
from healthcode.evidence import signers

KINDS: Final = {
    PUBLICATION: _("Risk map published"),
    POLICY_PUBLICATION: _("Policy published"),
    WITHDRAWAL: _("Evidence withdrawn"),
    ENTRY: _("EU certificate entered"),
    signers.CHANGE: _("Signers of EU certificates changed"),
    signers.WITHDRAWAL: _("Signer of EU certificates withdrawn"),
    # Acts of the room above, which this one knows by name alone.
    "tracing-opened": _("Tracing of a case opened"),
    "contacts-confirmed": _("Contacts of a case confirmed"),
    "meeting-declared": _("Meeting of a case entered"),
    "meeting-retracted": _("Meeting of a case taken back"),
}
STATES: Final = {
    RecomputationState.PENDING: _("Waiting for a worker"),
    RecomputationState.RUNNING: _("Running"),
    RecomputationState.DONE: _("Done"),
    RecomputationState.FAILED: _("Failed; it is tried again by itself"),
}


def acts_within(areas: Sequence[str], *, most: int) -> list[Act]:
    """The latest acts about the areas or what lies in them, with who did them. Two queries.

    What an act said in detail is left out: a map's is long.
    """
    within = reduce(or_, (Q(area__startswith=area) for area in areas))
    runs = Prefetch("recomputations", Recomputation.objects.only("act", "state"))
    acts = Act.objects.filter(within).select_related("account").defer("detail")
    return list(acts.prefetch_related(runs).order_by("-pk")[:most])
