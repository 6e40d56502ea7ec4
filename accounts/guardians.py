"""Who looks after whom, and what shows it: a guardianship is claimed, or proven.

A claim is worth little: somebody typed the number of a document. It is closed as soon as anybody
else has reported anything about the person, and at latest `CLAIM_LIFE` after it was made. A proof
ends the claims of all others. docs/decisions/0050-claimed-and-proven.md gives the reasons.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import step_up
from accounts.holder_errors import (
    LastGuardian,
    OwnPerson,
)
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation
from healthcode.web.errors import NotFound

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


@transaction.atomic
def let_go(*, account: Account, person_id: int, at: datetime) -> None:
    """Let an account no longer look after a person, because its holder wants this.

    Somebody else must be proven to look after the person, so that nobody is lost. That is also why
    the colour of the person does not matter.

    Raises:
        NotFound: the account does not look after this person.
        OwnPerson: the person is the account's holder.
        LastGuardian: nobody else is proven to look after the person.
    """
    guardians = of_person(person_id)
    mine = next((row for row in guardians if row.account_id == account.pk), None)
    if mine is None:
        raise NotFound(_("This person is not registered under your account."))
    if mine.relation == Relation.SELF:
        raise OwnPerson
    end_guardianship(mine, among=guardians, at=at)


def of_person(person_id: int) -> list[Guardianship]:
    """Return all guardianships of a person, with the person locked against other changes."""
    Person.objects.select_for_update().filter(pk=person_id).first()
    known = Guardianship.objects.filter(person=person_id).select_related("account")
    return list(known.order_by("pk"))


def end_guardianship(ended: Guardianship, *, among: Collection[Guardianship], at: datetime) -> None:
    """Delete one guardianship, and end all codes of the person that are in use.

    Args:
        among: all guardianships of the person, from `of_person`.

    Raises:
        LastGuardian: no open account of another guardian is proven to look after the person.
    """
    others = [row for row in among if row.pk != ended.pk]
    if not any(row.account.is_active and is_proof(row.proof) for row in others):
        raise LastGuardian
    _end(Guardianship.objects.filter(pk=ended.pk), ended.person, at)


def is_proof(proof: str | None) -> bool:
    """Return whether a guardianship with this proof is not one of `UNPROVEN`."""
    return proof is not None and proof != IdentityProof.EARLIER


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
