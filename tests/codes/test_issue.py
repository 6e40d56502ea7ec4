"""Making a code: what it says, what it costs, and when it is not to be had."""

from datetime import datetime, timedelta

from django.conf import settings

from healthcode.codes import keys, publishing, services
from healthcode.codes.models import SigningKey, StatusList
from healthcode.core import (
    Issuer,
    Kind,
    Reason,
    Rules,
    Statuses,
    Trust,
    Verdict,
    verify,
)
from tests.codes.conftest import NOON, Resident, confirm_as_case


def at_the_door(code: str, at: datetime) -> Verdict:
    """What a door with everything that is published at that time says."""
    issuer = Issuer(settings.ISSUER, tuple(keys.published_keys(at=at)))
    trust = Trust({settings.ISSUER: issuer}, as_of=int(at.timestamp()))
    tokens = [bytes(row.token) for row in StatusList.objects.all()]
    status = Statuses.load(tokens, trust=trust, at=int(at.timestamp()))
    return verify(code, trust=trust, status=status, rules=Rules(), at=at)


def live(who: Resident, at: datetime = NOON) -> str:
    issued = services.issue_code(
        account=who.account, person_id=who.person.pk, kind=Kind.LIVE, at=at
    )
    return issued.code


def test_a_fresh_code_passes_the_door(signing_key: SigningKey, zhang: Resident) -> None:
    verdict = at_the_door(live(zhang), NOON)
    assert (verdict.reason, verdict.code and verdict.code.holder) == (Reason.OK, "张*")


def test_an_older_code_is_superseded_once_the_colour_changed(
    signing_key: SigningKey, zhang: Resident
) -> None:
    before = live(zhang)
    later = NOON + timedelta(seconds=40)
    confirm_as_case(zhang, at=later)
    publishing.publish(at=later)
    assert at_the_door(before, later).reason is Reason.SUPERSEDED
    assert at_the_door(live(zhang, later), later).reason is Reason.RED
