"""Show an officer who looks after a person, and end one of these guardianships, as an act."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import masks
from accounts.guardians import end_guardianship, of_person
from accounts.holders import ShownDocument
from accounts.models import Account, Guardianship, IdentityProof, Person, Relation, Role
from accounts.selectors import masked_name
from accounts.telephones.services import number_of
from accounts.telephones.telling import tell_after_commit
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import Onlooker, record_looks
from healthcode.acts.models import Act
from healthcode.acts.services import one_act_at_a_time, record_act
from healthcode.officers.documents import person_shown
from healthcode.web.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class KnownGuardian:
    """A guardianship as an officer sees it: as what, since when, by which proof, masked phone."""

    id: int
    relation: Relation
    since: datetime
    proof: IdentityProof | None
    phone: str | None


@transaction.atomic
def guardians_at_desk(
    *, account: Account, shown: ShownDocument, ground: Ground, at: datetime
) -> list[KnownGuardian]:
    """Return who looks after the person of a document, for an officer; the person sees the look.

    Raises:
        InvalidInput: the name has a wrong form.
        NotFound: nobody for whom the officer answers is registered with this document.
        NameDiffers: another name is registered with it.
        TooMany: the officer has looked at people's data too often today.
    """
    person, area = person_shown(account, shown)
    by = Onlooker(account, Role.OFFICER, area, ground)
    record_looks(by=by, people=[person.pk], what=LookKind.GUARDIANS, at=at)
    return [_known(row) for row in of_person(person.pk)]


@transaction.atomic
def end_at_desk(
    *, account: Account, shown: ShownDocument, guardianship: int, ground: Ground, at: datetime
) -> Act:
    """End one guardianship of a person, also a proven one, and tell whoever loses the person.

    The codes in use end. The colour stays what it is, and does not matter.

    Args:
        account: the officer's.
        shown: the person's document, which the officer has seen.
        guardianship: its number, from `guardians_at_desk`.

    Raises:
        Refusal: as `guardians_at_desk`; NotFound also if there is no such guardianship.
        LastGuardian: nobody else is proven to look after the person.
        Forbidden: the officer is one of the guardians.
    """
    one_act_at_a_time(account=account)
    person, area = person_shown(account, shown)
    guardians = of_person(person.pk)
    ended = next((row for row in guardians if row.pk == guardianship), None)
    if ended is None:
        raise NotFound(_("This guardianship has ended. Look at the list again."))
    if any(row.account_id == account.pk for row in guardians):
        raise Forbidden(_("A colleague must do this, because you look after this person."))
    guardian, relation = ended.account, ended.relation
    end_guardianship(ended, among=guardians, at=at)
    act = record_act(
        account=account,
        role=Role.OFFICER,
        kind=ActKind.GUARDIANSHIP_ENDED,
        area=area,
        ground=ground,
        detail={"person": person.pk, "guardian": guardian.pk, "relation": relation},
        at=at,
    )
    _tell(guardian, person, act)
    return act


def _known(row: Guardianship) -> KnownGuardian:
    return KnownGuardian(
        id=row.pk,
        relation=Relation(row.relation),
        since=row.since,
        proof=IdentityProof(row.proof) if row.proof else None,
        phone=None if row.account.phone_index is None else masks.phone(number_of(row.account)),
    )


def _tell(guardian: Account, person: Person, act: Act) -> None:
    """Tell a former guardian, in so far as they have a telephone."""
    if guardian.phone_index is None:
        return
    with override(settings.LANGUAGE_CODE):
        text = _(
            "An officer has ended that you look after %(name)s on the health code (act "
            "%(number)d). If this is wrong, go to a service desk with the documents of both of "
            "you; call 12345 to ask where."
        ) % {"name": masked_name(person.pk), "number": act.pk}
    tell_after_commit(phone=number_of(guardian), text=text)
