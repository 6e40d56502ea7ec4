"""One record for each kind of evidence, with all that is special about the kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from healthcode.evidence.models import EvidenceKind
from healthcode.evidence.traits import Trait


@dataclass(frozen=True, slots=True)
class KindRecord:
    """What is the same for all facts of one kind of evidence.

    `name` is for pages. `traits` are the traits that a fact of this kind may have, in the order of
    display. `reported_as` is the word for this kind in the addresses for source systems. It is None
    if source systems do not report this kind.
    """

    name: Promise
    traits: tuple[Trait, ...]
    reported_as: str | None


KINDS: Final[Mapping[EvidenceKind, KindRecord]] = {
    EvidenceKind.DECLARATION: KindRecord(
        _("Declaration"),
        traits=(Trait.SYMPTOMS, Trait.FEVER, Trait.CONTACT_WITH_CASE),
        reported_as=None,
    ),
    EvidenceKind.STAY: KindRecord(_("Stay"), traits=(), reported_as="stays"),
    EvidenceKind.CONTACT: KindRecord(
        _("Contact"),
        traits=(Trait.CLOSE, Trait.SECONDARY, Trait.CASUAL, Trait.DOUBTFUL),
        reported_as="contacts",
    ),
    EvidenceKind.CASE: KindRecord(
        _("Case"),
        traits=(Trait.CONFIRMED, Trait.ASYMPTOMATIC, Trait.SUSPECTED),
        reported_as="cases",
    ),
    # A negative rapid test proves less and releases nobody, so it has a trait of its own.
    EvidenceKind.TEST: KindRecord(
        _("Test"),
        traits=(Trait.POSITIVE, Trait.NEGATIVE, Trait.ANTIGEN_NEGATIVE),
        reported_as="tests",
    ),
    EvidenceKind.CHECK_IN: KindRecord(
        _("Check-in"), traits=(Trait.HEALTHY, Trait.SYMPTOMS, Trait.FEVER), reported_as=None
    ),
    EvidenceKind.RECOVERY: KindRecord(_("Recovery"), traits=(), reported_as=None),
    EvidenceKind.VACCINATION: KindRecord(
        _("Vaccination"), traits=(Trait.COMPLETE, Trait.INCOMPLETE), reported_as=None
    ),
}
