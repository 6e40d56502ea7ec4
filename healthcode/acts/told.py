"""Tell people which acts concerned their registration: by which office, when, why.

The person sees role and area, but not the name of whoever acted.
"""

from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from healthcode.acts.errors import NotInTheLogYet
from healthcode.acts.kinds import TOLD
from healthcode.acts.log import tree
from healthcode.acts.models import Act
from healthcode.acts.selectors import readable
from healthcode.core.log.proofs import KeptProof
from healthcode.web.errors import NotFound

MOST_TOLD: Final = 200
KINDS: Final = sorted(kind.value for kind, is_told in TOLD.items() if is_told)


def acts_about(person_id: int) -> QuerySet[Act]:
    """Select the acts that a person sees, the latest first, at most `MOST_TOLD`."""
    return _about(person_id).order_by("-pk")[:MOST_TOLD]


def told_act(act: Act) -> dict[str, object]:
    """Return what the person learns about an act, in a form for JSON.

    `corrected` names what was corrected; it is empty for acts that correct nothing.
    """
    return {
        "act": act.pk,
        "at": act.at.isoformat(),
        "kind": act.kind,
        "role": act.role,
        "area": act.area,
        "corrected": list(act.detail.get("corrected", ())),
        "ground_kind": act.ground_kind,
        "ground": act.ground,
    }


def acts_export(person_id: int, _at: datetime) -> list[dict[str, object]]:
    """Return the acts about a person in a form for JSON, for the person's own export."""
    return [told_act(act) for act in acts_about(person_id)]


def proof_of_act(person_id: int, act: int) -> KeptProof:
    """Return the proof that an act is in the public log, for the person concerned, with its record.

    Raises:
        NotFound: the person has no such act.
        NotInTheLogYet: no checkpoint contains it yet.
        LogDamaged: rows of the log are missing.
    """
    found = _about(person_id).filter(pk=act).first()
    if found is None:
        raise NotFound
    with readable():
        proof = tree.proof_of(found, with_record=True)
    if proof is None:
        raise NotInTheLogYet
    return proof


def _about(person_id: int) -> QuerySet[Act]:
    # `has_key` is the condition of each index. PostgreSQL uses both in a union, and walks through
    # all acts for one condition with OR.
    told = Act.objects.filter(kind__in=KINDS).values("pk")
    about_one = told.filter(detail__has_key="person", detail__person=person_id)
    about_several = told.filter(
        detail__has_key="registrations", detail__registrations__contains=[person_id]
    )
    return Act.objects.filter(pk__in=about_one.union(about_several))
