"""What an EU certificate has left in the database is exported and erased with its person."""

import pytest

from healthcode.codes.models import SigningKey
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.services import NewFact, record
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.export import export
from tests.codes.conftest import NOON, Resident

DIGEST = bytes(range(32))
DETAIL = {"country": "DE", "key": "0a1b2c3d4e5f6071", "holder_known_by": "name", "dose": 2, "of": 2}


@pytest.fixture
def vaccinated(zhang: Resident, signing_key: SigningKey) -> Resident:
    fact = NewFact(
        person=zhang.person.pk,
        kind=EvidenceKind.VACCINATION,
        starts=NOON,
        ends=NOON,
        traits=("complete",),
        detail=DETAIL,
        certificate=DIGEST,
    )
    record(source=zhang.account, facts=[fact], at=NOON)
    return zhang


def test_the_export_tells_what_it_attested_and_who_signed(vaccinated: Resident) -> None:
    told = export(vaccinated.person.pk, at=NOON)["evidence"]
    assert isinstance(told, list)
    (fact,) = [fact for fact in told if fact["kind"] == "vaccination"]
    assert (fact["traits"], fact["detail"]) == (["complete"], DETAIL)


def test_after_erasure_nobody_can_tell_that_it_was_there(vaccinated: Resident) -> None:
    """The digest is erased too, so the certificate may be handed in again."""
    erase_at_request(person_id=vaccinated.person.pk, account=vaccinated.account, at=NOON)
    assert not Evidence.objects.filter(certificate=DIGEST).exists()
