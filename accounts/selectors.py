"""What this room reads. Names and numbers leave it only masked, except in a person's own file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import identity, masks, phones, vault
from accounts.errors import NobodyLoggedIn
from accounts.models import Account, Guardianship, Identity, IdentityProof, IdType, Person, Relation
from accounts.vault import Field
from healthcode.web.errors import InvalidInput, NotFound

# Nearly every call about a person runs this query, and building it in the ORM takes five times as
# long.
PERSON_FOR = """
SELECT person.*
  FROM accounts_person AS person
  JOIN accounts_guardianship AS guardianship ON guardianship.person_id = person.id
 WHERE person.id = %s AND guardianship.account_id = %s
"""

NAMES_OF = """\
SELECT person_id, name_sealed, number_index FROM accounts_identity
 WHERE person_id = ANY(%s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A person for the account that looks after them: name, number and phone are masked.

    `proof` is None as long as the account only claims the person's document.
    """

    id: int
    relation: Relation
    name: str
    id_type: IdType
    id_number: str
    phone: str | None
    home_area: str
    proof: IdentityProof | None
    proven_at: datetime | None


@dataclass(frozen=True, slots=True)
class Registered:
    """What is registered about a person, as an officer sees it: name and number are masked."""

    person: int
    name: str
    id_type: IdType
    id_number: str
    home_area: str


@dataclass(frozen=True, slots=True)
class OtherGuardian:
    """That another account looks after a person, since when, and what proves it; not which."""

    since: datetime
    proof: IdentityProof | None


def account_of_phone(phone: str) -> Account:
    """Return the open account that logs in with this phone number, as typed.

    Raises:
        InvalidInput: this is not a phone number.
        NobodyLoggedIn: there is no such account.
    """
    index = vault.index("phone", phones.normalise(phone))
    account = Account.objects.filter(phone_index=index, is_active=True).first()
    if account is None:
        raise NobodyLoggedIn
    return account


def person_for(account: Account, person_id: int) -> Person:
    """Return the person with this number, if the account looks after the person.

    Raises:
        NotFound: there is no such person, or the account does not look after them.
    """
    person = next(iter(Person.objects.raw(PERSON_FOR, [person_id, account.pk])), None)
    if person is None:
        raise NotFound(_("This person is not registered under your account."))
    return person


def people_of(account: Account) -> list[KnownPerson]:
    """Return the account's holder, then the people that the holder looks after."""
    known = Guardianship.objects.filter(account=account).select_related("person__identity")
    people = [_known_person(guardianship) for guardianship in known.order_by("id")]
    return sorted(people, key=lambda person: person.relation != Relation.SELF)


def known_person(account: Account, person_id: int) -> KnownPerson:
    """Return one of `people_of`.

    Raises:
        NotFound: as `person_for`.
    """
    known = Guardianship.objects.filter(account=account, person_id=person_id)
    guardianship = known.select_related("person__identity").first()
    if guardianship is None:
        raise NotFound(_("This person is not registered under your account."))
    return _known_person(guardianship)


def registered_as(person_id: int) -> Registered:
    """Return what is registered about a person, masked.

    Raises:
        Person.DoesNotExist: there is no such person.
    """
    person = Person.objects.select_related("identity").get(pk=person_id)
    who = person.identity
    row = who.number_index
    return Registered(
        person=person.pk,
        name=masks.name(vault.unseal(who.name_sealed, field=Field.NAME, row=row)),
        id_type=IdType(who.id_type),
        id_number=masks.number(vault.unseal(who.number_sealed, field=Field.NUMBER, row=row)),
        home_area=person.home_area,
    )


def other_guardians(account: Account, person_id: int) -> list[OtherGuardian]:
    """Return who else looks after a person, the longest first. It names nobody.

    The caller has checked that `account` may know it.
    """
    others = Guardianship.objects.filter(person=person_id).exclude(account=account)
    return [
        OtherGuardian(since, IdentityProof(proof) if proof else None)
        for since, proof in others.order_by("since", "pk").values_list("since", "proof")
    ]


def registration_of(person_id: int) -> dict[str, object]:
    """Return what a person registered, unmasked, for the person's own file.

    Raises:
        Person.DoesNotExist: there is no such person.
    """
    person = Person.objects.select_related("identity").get(pk=person_id)
    who = person.identity
    row = who.number_index
    phone = who.phone_sealed and vault.unseal(who.phone_sealed, field=Field.PHONE, row=row)
    return {
        "person": person.pk,
        "registered_at": person.created_at.isoformat(),
        "name": vault.unseal(who.name_sealed, field=Field.NAME, row=row),
        "id_type": who.id_type,
        "id_number": vault.unseal(who.number_sealed, field=Field.NUMBER, row=row),
        "phone": phone or None,
        "home_area": person.home_area,
        "looked_after_as": list(person.guardianships.values_list("relation", flat=True)),
        "proofs": [
            {"proof": proof, "at": at and at.isoformat(), "act": act}
            for proof, at, act in person.guardianships.values_list("proof", "proven_at", "act")
        ],
    }


def masked_name(person_id: int) -> str:
    """Return the person's name for a door, in at most 12 bytes of UTF-8; "*" without a name."""
    return masked_names([person_id]).get(person_id, masks.name(""))


def masked_names(person_ids: Iterable[int]) -> dict[int, str]:
    """Return `masked_name` for several people, with one query."""
    with connection.cursor() as cursor:
        cursor.execute(NAMES_OF, [list(person_ids)])
        rows = cursor.fetchall()
    return {person: masked(sealed, row) for person, sealed, row in rows}


def masked(name_sealed: bytes | memoryview | None, number_index: bytes | memoryview | None) -> str:
    """Mask a name that another query has already read in its sealed form; "*" without a name."""
    if name_sealed is None or number_index is None:
        return masks.name("")
    return masks.name(vault.unseal(name_sealed, field=Field.NAME, row=number_index))


def find_person(*, id_type: str, id_number: str) -> int | None:
    """Return the number of the person with this document; None when nobody has registered it."""
    return find_people([(id_type, id_number)]).get((id_type, id_number))


def find_people(
    documents: Sequence[tuple[str, str]], *, also_waiting: bool = False
) -> dict[tuple[str, str], int]:
    """Return the numbers of people by document, given as (type, number), with one query.

    Documents that are impossible or not registered are not in the result.

    Args:
        also_waiting: whether people count whom somebody reported and nobody has registered.
    """
    today = timezone.localdate()
    indexes = {document: _index_of(document, today) for document in documents}
    wanted = {index for index in indexes.values() if index is not None}
    rows = Identity.objects.filter(
        id_type__in={id_type for id_type, _number in documents},
        number_index__in=wanted,
        person__is_waiting__in=[False, also_waiting],
    ).values_list("number_index", "person_id")
    found = {bytes(index): person for index, person in rows}
    return {document: found[index] for document, index in indexes.items() if index in found}


def _index_of(document: tuple[str, str], today: date) -> bytes | None:
    try:
        return identity.parse(*document, on=today).index()
    except InvalidInput:
        return None


def _known_person(guardianship: Guardianship) -> KnownPerson:
    person = guardianship.person
    who = person.identity
    row = who.number_index
    phone = who.phone_sealed and vault.unseal(who.phone_sealed, field=Field.PHONE, row=row)
    return KnownPerson(
        id=person.id,
        relation=Relation(guardianship.relation),
        name=masks.name(vault.unseal(who.name_sealed, field=Field.NAME, row=row)),
        id_type=IdType(who.id_type),
        id_number=masks.number(vault.unseal(who.number_sealed, field=Field.NUMBER, row=row)),
        phone=masks.phone(phone) if phone else None,
        home_area=person.home_area,
        proof=IdentityProof(guardianship.proof) if guardianship.proof else None,
        proven_at=guardianship.proven_at,
    )
