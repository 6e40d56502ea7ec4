"""Who looks after whom, and what shows it: a guardianship is claimed, or proven.

A claim is worth little: somebody typed the number of a document. It is closed as soon as anybody
else has reported anything about the person, and at latest `CLAIM_LIFE` after it was made. A proof
ends the claims of all others. docs/decisions/0050-claimed-and-proven.md gives the reasons.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q, QuerySet

from accounts import step_up
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation

CLAIM_LIFE: Final = timedelta(days=7)
"""How long a claim without a proof gets codes."""

UNPROVEN: Final = Q(proof__isnull=True) | Q(proof=IdentityProof.EARLIER)
"""Guardianships that somebody's proof ends. Nobody ever proved those of earlier versions."""


def is_closed(claimed_at: datetime | None, *, reported: bool, at: datetime) -> bool:
    """Return whether a claim shows nothing any more.

    Args:
        claimed_at: when it was made; None if the guardianship is proven.
        reported: whether anybody else has reported anything about the person.
    """
    return claimed_at is not None and (reported or at >= claimed_at + CLAIM_LIFE)


def codes_end_by(end: Callable[[int, datetime], None]) -> None:
    """Register a function of a room above that ends all codes of a person that are in use."""
    _ENDINGS.append(end)


def end_codes(person_id: int, *, at: datetime) -> None:
    """End all codes of a person that are in use."""
    for end in _ENDINGS:
        end(person_id, at)


def is_proven(person: Person) -> bool:
    """Return whether an account has proven that it may look after this person."""
    return Guardianship.objects.filter(~UNPROVEN, person=person).exists()


def guard(
    *,
    account: Account,
    person: Person,
    relation: Relation,
    proof: IdentityProof | None,
    at: datetime,
) -> Guardianship:
    """Let the account look after the person, and end the guardianships that its proof outdoes.

    The caller's transaction has locked the person. A guardianship that is there already keeps its
    relation, and a stronger proof.

    Raises:
        IntegrityError: the account is the holder of another person, or this person has a proven
            holder; see `admission.refusal_of`.
    """
    if proof is not None:
        _end_others(account, person, relation, proof, at)
    found = Guardianship.objects.filter(account=account, person=person).first()
    if found is None:
        found = Guardianship(account=account, person=person, relation=relation, since=at)
    elif _strength(proof) <= _strength(found.proof):
        return found
    found.proof, found.proven_at = proof, at if proof else None
    found.save()
    return found


def end_unproven(*, person: Person, at: datetime) -> None:
    """End all unproven guardianships of a person whom an officer knows now, and their codes.

    Nobody's telephone proves anything about this person: they came to the desk without one. The
    caller's transaction has locked the person.
    """
    _end(Guardianship.objects.filter(UNPROVEN, person=person), person, at)


def note_act(*, account: Account, person: Person, act: int) -> None:
    """Note the number of the act by which an officer saw the document of this person.

    Wrong answers about this document no longer count against the account.
    """
    seen = Guardianship.objects.filter(account=account, person=person, proof=IdentityProof.DOCUMENT)
    seen.update(act=act)
    step_up.forgive(account=account, person=person)


def _strength(proof: str | None) -> int:
    return 0 if proof is None else 1 + IdentityProof.values.index(proof)


def _end_others(
    account: Account, person: Person, relation: Relation, proof: IdentityProof, at: datetime
) -> None:
    """End the unproven guardianships of other accounts, and their codes with them.

    A document that an officer saw also ends another account's guardianship as the holder.
    """
    outdone = UNPROVEN
    if proof is IdentityProof.DOCUMENT and relation == Relation.SELF:
        outdone |= Q(relation=Relation.SELF)
    others = Guardianship.objects.filter(outdone, person=person).exclude(account=account)
    _end(others, person, at)


def _end(guardianships: QuerySet[Guardianship], person: Person, at: datetime) -> None:
    if guardianships.delete()[0]:
        end_codes(person.pk, at=at)


_ENDINGS: list[Callable[[int, datetime], None]] = []
