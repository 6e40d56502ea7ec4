"""Proposals: who sees them, and that nobody changes them."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from accounts.models import Account, Role
from healthcode.acts.kinds import CAN_WAIT, ActKind
from healthcode.acts.models import Act, Proposal
from healthcode.acts.proposals import proposals_for, waiting_for
from healthcode.confirmation.errors import (
    PreviewChanged,
)
from healthcode.confirmation.performers import PERFORMERS
from healthcode.confirmation.services import confirm_proposal
from healthcode.web.errors import Refusal
from tests.acts import GROUND
from tests.colours import world
from tests.colours.conftest import beside as beside
from tests.confirmation.conftest import NOON, Office

pytestmark = pytest.mark.django_db

# The service's role may not change these columns; the trigger refuses the rest.
REFUSED_CHANGE = "kept for good|permission denied"


def test_officers_see_the_proposals_of_their_areas(office: Office) -> None:
    proposal = office.map()
    near, elsewhere = world.officer("3301"), world.officer("31")
    assert proposals_for(office.li, at=NOON) == [proposal]
    assert proposals_for(near, at=NOON) == [proposal]
    assert proposals_for(elsewhere, at=NOON) == []
    waiting = {who: waiting_for(who, at=NOON) for who in (office.li, office.zhou, near, elsewhere)}
    assert waiting == {office.li: 0, office.zhou: 1, near: 1, elsewhere: 0}
    assert waiting_for(office.zhou, at=proposal.expires_at) == 0


def test_nobody_changes_or_deletes_a_proposal(office: Office) -> None:
    proposal = office.map()
    rows = Proposal.objects.filter(pk=proposal.pk)
    for change in (
        lambda: rows.update(payload={}),
        lambda: rows.update(expires_at=NOON + timedelta(days=9)),
        rows.delete,
    ):
        with (
            pytest.raises(DatabaseError, match=REFUSED_CHANGE),
            transaction.atomic(),
        ):
            change()
    office.confirm(proposal)
    with (
        pytest.raises(DatabaseError, match=REFUSED_CHANGE),
        transaction.atomic(),
    ):
        rows.update(decision_ground="something else")


def test_the_database_refuses_a_confirmation_by_the_proposer(office: Office) -> None:
    proposal = office.map()
    act = world.act()
    with pytest.raises(DatabaseError, match="confirmed_by_another"), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(
            state="confirmed",
            decided_by=office.li,
            decided_at=NOON,
            decision_ground_kind="operations",
            decision_ground=GROUND.text,
            act=act,
        )
    with pytest.raises(DatabaseError, match="act_confirmed_by_another"), transaction.atomic():
        Act.objects.create(
            account=office.li, confirmed_by=office.li, ground="x", detail={}, at=NOON
        )


def test_what_another_version_stored_is_not_done(office: Office) -> None:
    proposal = office.map()
    copied = Proposal.objects.get(pk=proposal.pk)
    copied.pk, copied.payload = None, {"other": 1}
    copied.save(force_insert=True)
    with pytest.raises(PreviewChanged):
        office.confirm(copied)


def test_every_kind_of_act_that_can_wait_has_a_performer() -> None:
    assert {kind: PERFORMERS[kind] is not None for kind in ActKind} == CAN_WAIT
    for kind, performer in PERFORMERS.items():
        assert performer is None or performer.plan.kind is kind


def test_the_role_is_that_of_the_proposer(office: Office) -> None:
    assert office.map().role == Role.OFFICER
    with pytest.raises(Refusal):
        confirm_proposal(
            account=Account.objects.create(username="nobody"),
            proposal_id=office.map().pk,
            fingerprint=office.map().fingerprint,
            ground=GROUND,
            at=NOON,
        )
