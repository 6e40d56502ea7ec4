"""Register somebody for an account: a new person, or one whom the service knows already.

A document belongs to one person. Whoever proves themselves may register a document that somebody
else has only claimed, and their name, telephone and home replace what was typed before.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts import homes, identity_check, vault
from accounts.admission import ONE_DOCUMENT, NewPerson, admission, refusal_of, violated
from accounts.authority import require_area
from accounts.errors import DocumentAlreadyRegistered
from accounts.guardians import end_codes, end_unproven, guard, is_proven
from accounts.holder_errors import NameDiffers
from accounts.identity import Document
from accounts.identity_check import RegisterAnswer
from accounts.models import Account, Guardianship, Identity, IdentityProof, IdType, Person, Relation
from accounts.vault import Field
from healthcode.web.errors import NotFound


def register(
    *,
    account: Account | None,
    relation: Relation | None,
    newcomer: NewPerson,
    proof: IdentityProof | None,
    at: datetime,
) -> Person:
    """Let `account` look after this person, and store who the person is.

    Args:
        account: None if nobody with a telephone looks after the person, whose document an officer
            has seen. Then unproven guardianships of others end.
        relation: None means "self" if the account's holder is not registered yet, else "other".
        proof: None if the account only claims the document.

    Raises:
        InvalidInput, UnknownArea, EndedArea: the name, the document, the phone number or the home
            is wrong.
        DocumentAlreadyRegistered: the document is registered, and `proof` is not enough.
        SelfAlreadyRegistered: the account's holder is somebody else.
        NameDiffers: somebody has proven this person under another name.
    """
    person, who = admission(newcomer, at=at)
    require_area(person.home_area, at=at, pointer="/home_area")
    try:
        with transaction.atomic():
            known = _locked(who)
            if known is None:
                person.save()
                who.save(force_insert=True)
            else:
                person = _replace(known, person, who, proof)
            if account is None:
                end_unproven(person=person, at=at)
            else:
                relation_now = relation or _next(account, person)
                guard(account=account, person=person, relation=relation_now, proof=proof, at=at)
    except IntegrityError as error:
        if violated(error) == ONE_DOCUMENT:
            # Somebody reported or registered the document a moment ago, so it is found now.
            return register(
                account=account, relation=relation, newcomer=newcomer, proof=proof, at=at
            )
        raise refusal_of(error) from error
    return person


def proof_at_registration(
    *, account: Account, newcomer: NewPerson, at: datetime
) -> IdentityProof | None:
    """Ask the real-name check about somebody whom this account registers.

    Raises:
        InvalidInput: the name, the document or the phone number is wrong.
    """
    _person, who = admission(newcomer, at=at)
    return _asked(account, who)


def prove(*, account: Account, person_id: int, at: datetime) -> bool:
    """Ask the real-name check about somebody whom this account has registered.

    Return whether the guardianship is proven now. One of version 1.0 counts as proven in any case.

    Raises:
        NotFound: the account does not look after this person.
    """
    with transaction.atomic():
        people = Person.objects.select_for_update(of=["self"]).select_related("identity")
        person = people.filter(pk=person_id, guardianships__account=account).first()
        if person is None:
            raise NotFound
        found = Guardianship.objects.get(account=account, person=person)
        proof = _asked(account, person.identity)
        if proof is not None:
            relation = Relation(found.relation)
            guard(account=account, person=person, relation=relation, proof=proof, at=at)
    return proof is not None or found.proof is not None


def _asked(account: Account, who: Identity) -> IdentityProof | None:
    if account.phone_sealed is None or account.phone_index is None:
        return None
    row = bytes(who.number_index)
    answer = identity_check.register().check(
        document=Document(
            IdType(who.id_type), vault.unseal(who.number_sealed, field=Field.NUMBER, row=row)
        ),
        name=_name(who),
        phone=vault.unseal(
            account.phone_sealed, field=Field.ACCOUNT_PHONE, row=account.phone_index
        ),
    )
    return IdentityProof.REGISTER if answer is RegisterAnswer.YES else None


def _locked(who: Identity) -> Person | None:
    """Return the person with this document, locked against others who register it."""
    people = Person.objects.select_for_update(of=["self"]).select_related("identity")
    return people.filter(
        identity__id_type=who.id_type, identity__number_index=who.number_index
    ).first()


def _replace(known: Person, given: Person, who: Identity, proof: IdentityProof | None) -> Person:
    """Store what is given now about a person whom the service knows already.

    Anybody may fill in a person who waits. What was reported before then closes a mere claim.

    Raises:
        DocumentAlreadyRegistered: nobody who only claims the document, and nobody whom a register
            knows where somebody else has proven themselves, may do so.
        NameDiffers: see `register`. A number that an officer mistyped can be somebody else's.
    """
    if known.is_waiting:
        known.is_waiting, known.created_at = False, given.created_at
        known.home_area = given.home_area
        known.save(update_fields=["home_area", "is_waiting", "created_at"])
    elif proof is None or (proof is IdentityProof.REGISTER and is_proven(known)):
        raise DocumentAlreadyRegistered
    else:
        _renew(known, given, who)
    who.person = known
    who.save(force_update=True)
    return known


def _renew(known: Person, given: Person, who: Identity) -> None:
    """Store another home, which is a move, and end the codes if they have another name."""
    if known.home_area != given.home_area:
        homes.move(person=known, area=given.home_area, at=given.created_at)
    before, now = _name(known.identity), _name(who)
    if before.casefold() != now.casefold() and is_proven(known):
        raise NameDiffers
    if before != now:
        end_codes(known.pk, at=given.created_at)


def _name(who: Identity) -> str:
    return vault.unseal(who.name_sealed, field=Field.NAME, row=bytes(who.number_index))


def _next(account: Account, person: Person) -> Relation:
    """Return what the account is to a person if it does not say so."""
    holder = account.guardianships.filter(relation=Relation.SELF).first()
    is_holder = holder is None or holder.person_id == person.pk
    return Relation.SELF if is_holder else Relation.OTHER
