"""What a code is made from."""

from dataclasses import dataclass

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.models import Account
from accounts.selectors import masked_name
from healthcode.codes.errors import DeclareFirst
from healthcode.core import Colour
from healthcode.evidence.models import EvidenceKind
from healthcode.web.errors import NotFound

# Asked for every renewal of every code; writing it anew with the ORM took most of a renewal's time.
STANDING = """\
SELECT EXISTS (SELECT FROM evidence_evidence
               WHERE person_id = guardianship.person_id AND kind = %s AND withdrawn_by_id IS NULL),
       colour.colour, colour.changes, colour.policy_id
  FROM accounts_guardianship AS guardianship
  LEFT JOIN colours_personcolour AS colour ON colour.person_id = guardianship.person_id
 WHERE guardianship.person_id = %s AND guardianship.account_id = %s
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands now: what goes into a code, and the masked name on it."""

    person: int
    colour: Colour
    changes: int
    policy: int
    holder: str


def standing(*, account: Account, person_id: int) -> Standing:
    """How a person whom `account` looks after stands. Two SELECTs.

    Raises:
        NotFound: there is no such person, or they are not this account's to know.
        DeclareFirst: nobody has declared for them.
    """
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [EvidenceKind.DECLARATION, person_id, account.pk])
        row = cursor.fetchone()
    if row is None:
        raise NotFound(_("There is no such person among those you look after."))
    declared, colour, changes, policy = row
    if not declared or colour is None:
        raise DeclareFirst
    return Standing(person_id, Colour(colour), changes, policy, masked_name(person_id))
