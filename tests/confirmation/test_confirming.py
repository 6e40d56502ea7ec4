"""Acts that wait for a second person, and what becomes of them."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import transaction
from django.utils.translation import override

from accounts.errors import OutsideYourArea
from accounts.models import Account, Grant
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, Proposal, ProposalState
from healthcode.areas.models import AreaLevel, Level
from healthcode.colours.models import PersonColour, Policy
from healthcode.colours.services import publish_policy
from healthcode.confirmation.errors import (
    GrantedByProposer,
    OwnProposal,
    PreviewChanged,
    ProposalDecided,
    ProposalExpired,
    ProposerMayNot,
)
from healthcode.confirmation.services import withdraw_proposal
from healthcode.core import Colour
from healthcode.evidence.errors import AlreadyWithdrawn
from healthcode.officers.maps.services import PublishedMap
from healthcode.web.errors import InvalidInput, NotFound, Refusal
from tests.acts import GROUND
from tests.colours import world
from tests.colours.conftest import Beside
from tests.colours.conftest import beside as beside
from tests.confirmation.conftest import NOON, PLACE, Office, recolour

pytestmark = pytest.mark.django_db


def red() -> int:
    return PersonColour.objects.filter(colour=Colour.RED).count()


def nothing_done(proposal: Proposal) -> bool:
    proposal.refresh_from_db()
    waits = (proposal.state, proposal.act) == (ProposalState.WAITING, None)
    return waits and not AreaLevel.objects.exists() and red() == 0


def test_a_map_for_more_than_ten_people_waits_and_a_second_officer_publishes_it(
    office: Office,
) -> None:
    proposal = office.map()

    assert isinstance(proposal, Proposal)
    assert (proposal.kind, proposal.area, proposal.role) == ("levels-published", PLACE, "officer")
    assert proposal.preview["worse"] == 11
    assert proposal.preview["homes"] == {PLACE: 11}
    assert proposal.expires_at == NOON + timedelta(hours=24)
    assert nothing_done(proposal)
    assert not Act.objects.filter(kind=ActKind.LEVELS_PUBLISHED).exists()

    confirmed = office.confirm(proposal)
    recolour(at=NOON)

    assert red() == 11
    act = Act.objects.get(kind=ActKind.LEVELS_PUBLISHED)
    assert (act.account, act.confirmed_by, act.worse) == (office.li, office.zhou, 11)
    assert confirmed.answer["act"] == act.pk
    assert [row["code"] for row in confirmed.answer["rose"]] == [PLACE]
    proposal.refresh_from_db()
    assert (proposal.state, proposal.act) == ("confirmed", act)
    assert (proposal.decided_by, proposal.decided_at) == (office.zhou, NOON)
    assert proposal.decision_ground == GROUND.text


def test_ten_times_ten_is_a_hundred(office: Office) -> None:
    """One officer turns ten people red in ten acts; the eleventh person needs a second officer."""
    areas = [f"33020{number}" for number in range(10)]
    for area in areas:
        world.areas(area)
        for person in world.people(10, home=area):
            world.stay(person, area, NOON - timedelta(days=7), None)

    done = Counter(type(office.map({area: Level.RED})) for area in areas)
    recolour(at=NOON)

    assert done == {PublishedMap: 1, Proposal: 9}
    assert red() == 10


def test_people_of_different_kinds_of_acts_count_together_within_a_day(office: Office) -> None:
    Act.objects.create(
        account=office.li,
        kind=ActKind.CONTACTS_CONFIRMED,
        ground=GROUND.text,
        detail={},
        worse=10,
        at=NOON - timedelta(hours=23),
    )
    world.areas("330203")
    (person,) = world.people(1, home="330203")
    world.stay(person, "330203", NOON - timedelta(days=7), None)

    assert isinstance(office.map({"330203": Level.RED}), Proposal)
    assert isinstance(office.map({"330203": Level.RED}, by=office.zhou), PublishedMap)
    office.map({"330203": Level.GREEN}, by=office.zhou)
    office.at = NOON + timedelta(hours=1)
    assert isinstance(office.map({"330203": Level.RED}), PublishedMap)


def test_two_acts_at_the_same_instant_do_not_both_pass(
    transactional_db: None, beside: Beside
) -> None:
    world.publish(world.QUIET_TEXT)
    office = Office()
    areas = ["330203", "330204"]
    for area in areas:
        world.areas(area)
        for person in world.people(6, home=area):
            world.stay(person, area, NOON - timedelta(days=7), None)
    together = Barrier(2)

    def publish(area: str) -> object:
        together.wait(timeout=30)
        return office.map({area: Level.RED})

    acts = [beside(publish, area) for area in areas]
    done = Counter(type(act.result(timeout=60)) for act in acts)

    assert done == {PublishedMap: 1, Proposal: 1}


def test_who_releases_people_needs_nobody(office: Office) -> None:
    office.confirm(office.map())
    recolour(at=NOON)
    assert red() == 11

    freed = office.map({PLACE: Level.GREEN}, starts=NOON - timedelta(days=9))
    recolour(at=NOON)

    assert isinstance(freed, PublishedMap)
    assert red() == 0


def test_a_map_dated_before_yesterday_waits(office: Office) -> None:
    world.areas("330203")
    (person,) = world.people(1, home="330203")
    world.stay(person, "330203", NOON - timedelta(days=7), None)
    levels = {"330203": Level.RED}

    assert isinstance(office.map(levels, starts=NOON - timedelta(days=2)), Proposal)
    assert isinstance(office.map(levels, starts=NOON - timedelta(days=1)), PublishedMap)


def test_the_withdrawal_of_a_case_waits_although_it_makes_nobody_worse(office: Office) -> None:
    case = office.case(office.people[0])
    stay = world.fact(office.people[1], "stay", NOON, None, area=PLACE)

    proposal = office.withdraw(case)

    assert isinstance(proposal, Proposal)
    assert proposal.preview["worse"] == 0
    assert not isinstance(office.withdraw(stay), Proposal)
    answer = office.confirm(proposal).answer
    case.refresh_from_db()
    assert answer == {
        "evidence": case.pk,
        "act": case.withdrawn_by_id,
        "recomputation": answer["recomputation"],
    }


def test_a_policy_waits_and_the_first_one_does_not(office: Office) -> None:
    def publish(text: str) -> object:
        return publish_policy(
            account=office.li, text=text, holds_from=NOON, ground=GROUND, at=NOON, file="p.toml"
        )

    harsher = world.DEFAULT_TEXT.replace("version = 2", "version = 3")
    proposal = publish(harsher)

    assert isinstance(proposal, Proposal)
    assert Policy.objects.count() == 1
    assert office.confirm(proposal).answer["version"] == 3
    assert Policy.objects.get(version=3).act.confirmed_by == office.zhou


@pytest.mark.django_db
def test_without_any_policy_one_officer_publishes_the_first() -> None:
    world.areas("33")
    made = publish_policy(
        account=world.officer(), text=world.DEFAULT_TEXT, holds_from=NOON, ground=GROUND, at=NOON
    )
    assert isinstance(made, Policy)
    # It does not hold yet, but the next one has to follow it.
    later = world.DEFAULT_TEXT.replace("version = 2", "version = 3")
    at = NOON - timedelta(days=1)
    assert isinstance(
        publish_policy(account=world.officer(), text=later, holds_from=NOON, ground=GROUND, at=at),
        Proposal,
    )


def test_the_same_proposal_twice_is_one(office: Office) -> None:
    first = office.map()
    assert office.map() == first
    assert office.map(by=office.zhou) != first


Bad = Callable[[Office, Proposal], object]


def _own(office: Office, proposal: Proposal) -> object:
    return office.confirm(proposal, by=office.li)


def _late(office: Office, proposal: Proposal) -> object:
    return office.confirm(proposal, at=proposal.expires_at)


def _elsewhere(office: Office, proposal: Proposal) -> object:
    return office.confirm(proposal, by=world.officer("31"))


def _granted_by_proposer(office: Office, proposal: Proposal) -> object:
    friend = world.officer("33")
    lately = NOON - timedelta(days=6, hours=23)
    Grant.objects.filter(account=friend).update(granted_by=office.li, granted_at=lately)
    return office.confirm(proposal, by=friend)


def _another_preview(office: Office, proposal: Proposal) -> object:
    proposal.fingerprint = "0" * 64
    return office.confirm(proposal)


def _one_more_person(office: Office, proposal: Proposal) -> object:
    (person,) = world.people(1, home=PLACE)
    world.stay(person, PLACE, NOON - timedelta(days=7), None)
    return office.confirm(proposal)


def _proposer_left(office: Office, proposal: Proposal) -> object:
    Account.objects.filter(pk=office.li.pk).update(is_active=False)
    return office.confirm(proposal)


def _proposer_without_grant(office: Office, proposal: Proposal) -> object:
    Grant.objects.filter(account=office.li).update(area="31")
    return office.confirm(proposal)


def _unknown(office: Office, proposal: Proposal) -> object:
    proposal.pk = 2**31
    try:
        return office.confirm(proposal)
    finally:
        proposal.pk = Proposal.objects.get().pk


BAD: dict[str, tuple[Bad, type[Refusal], str]] = {
    "one's own": (_own, OwnProposal, "You proposed this yourself."),
    "after 24 hours": (_late, ProposalExpired, "within 24 hours"),
    "elsewhere": (_elsewhere, OutsideYourArea, "outside the area"),
    "of a friend": (_granted_by_proposer, GrantedByProposer, "gave you your authority"),
    "of another preview": (_another_preview, InvalidInput, "not the fingerprint"),
    "of one more person": (_one_more_person, PreviewChanged, "propose it again"),
    "of one who left": (_proposer_left, ProposerMayNot, "may no longer do it"),
    "without grant": (_proposer_without_grant, ProposerMayNot, "may no longer do it"),
    "of nothing": (_unknown, NotFound, "no proposal with this number"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_confirmation_is_refused_with_a_sentence_and_does_nothing(
    office: Office, name: str
) -> None:
    confirm, refusal, sentence = BAD[name]
    proposal = office.map()
    acts = Act.objects.count()

    with pytest.raises(refusal) as refused, transaction.atomic():
        confirm(office, proposal)

    with override("en"):
        assert sentence in str(refused.value.detail)
    if name not in {"of nothing", "of another preview"}:
        assert nothing_done(proposal)
    # Making a friend makes no act, and neither does a refusal.
    assert Act.objects.count() == acts


def test_a_grant_of_more_than_a_week_ago_hinders_nobody(office: Office) -> None:
    long_ago = NOON - timedelta(days=7)
    Grant.objects.filter(account=office.zhou).update(granted_by=office.li, granted_at=long_ago)
    assert office.confirm(office.map()).answer["act"]


def test_a_level_that_changed_in_between_changes_the_preview(office: Office) -> None:
    proposal = office.map()
    office.map({PLACE: Level.BLUE}, by=office.zhou)

    with pytest.raises(PreviewChanged):
        office.confirm(proposal)

    assert office.confirm(office.map()).answer["act"]


def test_a_proposal_is_confirmed_once(office: Office) -> None:
    proposal = office.map()
    office.confirm(proposal)

    with pytest.raises(ProposalDecided) as refused:
        office.confirm(proposal, by=world.officer("33"))

    with override("en"):
        assert "already confirmed" in str(refused.value.detail)
    assert Act.objects.filter(kind=ActKind.LEVELS_PUBLISHED).count() == 1


def test_of_two_confirmations_at_the_same_instant_one_wins(
    transactional_db: None, beside: Beside
) -> None:
    world.publish(world.QUIET_TEXT)
    office = Office()
    proposal, together = office.map(), Barrier(2)
    officers = [office.zhou, world.officer("33")]

    def confirm(by: Account) -> object:
        together.wait(timeout=30)
        try:
            return office.confirm(proposal, by=by)
        except ProposalDecided as refusal:
            return refusal

    results = [beside(confirm, by) for by in officers]
    answers = [result.result(timeout=60) for result in results]

    assert sorted(type(answer).__name__ for answer in answers) == ["Confirmed", "ProposalDecided"]
    assert Act.objects.filter(kind=ActKind.LEVELS_PUBLISHED).count() == 1


def test_the_fact_that_somebody_else_withdrew_meanwhile_is_told(office: Office) -> None:
    case = office.case(office.people[0])
    first, second = office.withdraw(case), office.withdraw(case, by=office.zhou)
    office.confirm(first)
    with pytest.raises(AlreadyWithdrawn):
        office.confirm(second, by=office.li)


def test_a_proposal_that_was_withdrawn_cannot_be_confirmed(office: Office) -> None:
    for by in (office.li, office.zhou):
        proposal = office.map()
        withdrawn = withdraw_proposal(account=by, proposal_id=proposal.pk, ground=GROUND, at=NOON)
        assert (withdrawn.state, withdrawn.decided_by, withdrawn.act) == ("withdrawn", by, None)
        with pytest.raises(ProposalDecided):
            office.confirm(proposal)
    with pytest.raises(OutsideYourArea):
        withdraw_proposal(
            account=world.officer("31"), proposal_id=office.map().pk, ground=GROUND, at=NOON
        )
