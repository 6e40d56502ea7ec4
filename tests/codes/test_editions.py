"""Status lists: whose bits are set, which days have a list, and when a list is signed again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from healthcode.codes import keys
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.status_lists import editions, indexes
from healthcode.codes.status_lists.indexes import NUMBERS_A_PERSON
from healthcode.colours.models import PersonColour
from healthcode.core import Kind, Reason, decode
from healthcode.core.status import unverified
from healthcode.residents.declarations.services import declare
from healthcode.web.days import start_of_day
from tests.codes.conftest import (
    HEALTHY,
    NOON,
    TODAY,
    Resident,
    at_the_door,
    clear_as_case,
    code_of,
    confirm_as_case,
    register,
    superseded,
)
from tests.owner import as_owner

DAY = timedelta(days=1)
FORTNIGHT = 14

pytestmark = [pytest.mark.clock, pytest.mark.usefixtures("signing_key")]


def test_bits_are_set_for_exactly_those_whose_colour_changed(zhang: Resident) -> None:
    register("李四", "E11111111")
    editions.publish(at=NOON)
    assert superseded() == set()
    first = PersonColour.objects.get(person=zhang.person).changes
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON)
    assert superseded() == {(zhang.person.pk, first)}
    clear_as_case(zhang, at=NOON + timedelta(minutes=1))
    editions.publish(at=NOON + timedelta(minutes=1))
    assert superseded() == {(zhang.person.pk, first), (zhang.person.pk, first + 1)}


def test_each_day_has_the_bits_of_codes_that_could_be_made_on_it(zhang: Resident) -> None:
    """Green until Friday, red until Monday, then green: which code was in use on which day?"""
    friday, monday = NOON - 4 * DAY, NOON - 1 * DAY
    confirm_as_case(zhang, at=friday)
    clear_as_case(zhang, at=monday)
    for day in range(FORTNIGHT, -1, -1):
        StatusList.objects.create(
            day=TODAY - day * DAY,
            part=0,
            first_person=0,
            places=indexes.SMALLEST,
            kid=b"",
            seen="",
            token=b"",
            built_at=NOON,
        )
    editions.publish(at=NOON)
    who = zhang.person.pk
    green, red = (who, 0), (who, 1)
    expected = {5: {green}, 4: {green, red}, 3: {red}, 2: {red}, 1: {red}, 0: set()}
    for days, codes in expected.items():
        assert superseded(TODAY - days * DAY) == codes, days
    assert superseded(TODAY - FORTNIGHT * DAY) == {green}


def test_a_change_around_midnight_counts_for_both_days(zhang: Resident) -> None:
    """A batch may commit minutes after its own timestamp.

    A code made in between says the old colour.
    """
    editions.publish(at=NOON)
    midnight = start_of_day(TODAY + DAY)
    confirm_as_case(zhang, at=midnight - timedelta(minutes=1))
    editions.publish(at=midnight + timedelta(minutes=1))
    late_code = (zhang.person.pk, 0)
    assert late_code in superseded(TODAY, at=midnight)
    assert late_code in superseded(TODAY + DAY, at=midnight)


def test_a_number_that_comes_round_again_belongs_to_the_newest_code(zhang: Resident) -> None:
    """After sixteen changes the first number is in use again, and must not look superseded."""
    for minute in range(0, 2 * NUMBERS_A_PERSON, 2):
        confirm_as_case(zhang, at=NOON + timedelta(minutes=minute))
        clear_as_case(zhang, at=NOON + timedelta(minutes=minute + 1))
    later = NOON + timedelta(hours=1)
    editions.publish(at=later)
    changes = PersonColour.objects.get(person=zhang.person).changes
    assert changes == 2 * NUMBERS_A_PERSON
    used_up = {(zhang.person.pk, number) for number in range(NUMBERS_A_PERSON)}
    assert superseded(at=later) == used_up - {(zhang.person.pk, changes % NUMBERS_A_PERSON)}
    assert at_the_door(code_of(zhang, at=later), at=later).reason is Reason.OK


def test_tomorrows_list_is_out_before_midnight(zhang: Resident) -> None:
    midnight = start_of_day(TODAY + DAY)
    editions.publish(at=midnight - timedelta(minutes=1))
    after = midnight + timedelta(seconds=1)
    assert at_the_door(code_of(zhang, at=after), at=after).reason is Reason.OK
    assert StatusList.objects.get(day=TODAY + DAY).built_at < midnight


def test_lists_stay_as_long_as_their_codes_live(zhang: Resident) -> None:
    paper = code_of(zhang, kind=Kind.PAPER)
    last = NOON + timedelta(seconds=settings.PAPER_CODE_SECONDS - 1)
    for days in range(1, FORTNIGHT):
        editions.publish(at=NOON + days * DAY)
    confirm_as_case(zhang, at=last)
    editions.publish(at=last)
    assert at_the_door(paper, at=last).reason is Reason.SUPERSEDED
    kept = settings.SCAN_RETENTION_DAYS * DAY
    editions.publish(at=last + kept)
    assert StatusList.objects.filter(day=TODAY).exists()
    editions.publish(at=last + 2 * DAY + kept)
    assert not StatusList.objects.filter(day=TODAY).exists()


def test_an_unchanged_list_is_signed_again_only_when_it_grows_old(zhang: Resident) -> None:
    assert editions.publish(at=NOON) == 2
    assert editions.publish(at=NOON + timedelta(seconds=30)) == 0
    assert editions.publish(at=NOON + editions.SIGN_AGAIN_AFTER) == 2


def test_a_list_moves_with_its_address_at_once_and_keeps_its_bits(
    zhang: Resident, settings: Any
) -> None:
    editions.publish(at=NOON)
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON + timedelta(seconds=1))
    before = superseded()
    settings.STATUS_BASE_URL = "https://elsewhere.example"
    assert editions.publish(at=NOON + timedelta(seconds=2)) == 2
    told = [unverified(bytes(row.token)).uri for row in StatusList.objects.order_by("day")]
    assert told == [row.uri for row in StatusList.objects.order_by("day")]
    assert all(uri.startswith("https://elsewhere.example/s/") for uri in told)
    assert superseded() == before
    assert before
    assert editions.publish(at=NOON + timedelta(seconds=3)) == 0


def test_only_lists_that_say_something_new_are_built_anew(zhang: Resident) -> None:
    editions.publish(at=NOON)
    confirm_as_case(zhang, at=NOON + timedelta(seconds=1))
    assert editions.publish(at=NOON + timedelta(seconds=2)) == 1


def test_a_list_never_grows_younger(zhang: Resident) -> None:
    """A publisher that waited for its turn never dates its list before the one it replaces."""
    editions.publish(at=NOON)
    confirm_as_case(zhang, at=NOON)
    editions.publish(at=NOON - timedelta(seconds=20))
    assert StatusList.objects.get(day=TODAY).built_at == NOON
    assert superseded() == {(zhang.person.pk, 0)}


def test_a_withdrawn_keys_lists_are_signed_anew_at_once(
    zhang: Resident, signing_key: SigningKey
) -> None:
    keys.make_key(starts=NOON - timedelta(days=1), signs_for=timedelta(days=30))
    editions.publish(at=NOON)
    newest = keys.keyring.signer(at=NOON).kid
    keys.withdraw_key(kid=newest, at=NOON)
    assert editions.publish(at=NOON) == 2
    assert superseded() == set()
    assert keys.keyring.signer(at=NOON).kid == bytes(signing_key.kid)


def test_people_who_come_after_the_days_list_get_a_further_one(zhang: Resident) -> None:
    editions.publish(at=NOON)
    (today,) = StatusList.objects.filter(day=TODAY)
    # As if 65,536 people had registered on one day.
    beyond = today.places // NUMBERS_A_PERSON
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE accounts_person ALTER COLUMN id RESTART WITH {beyond + 7}")
    li = register("李四", "E11111111")
    declare(account=li.account, person=li.person, declaration=HEALTHY, at=NOON)
    code = code_of(li)
    assert decode(code).code.status.uri.endswith("/s/20260224-1")
    assert at_the_door(code, at=NOON).reason is Reason.OK
    assert at_the_door(code_of(zhang), at=NOON).reason is Reason.OK


def test_the_queries_do_not_follow_the_number_of_changes(
    zhang: Resident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    editions.publish(at=NOON)
    for minute in range(1, 9, 2):
        confirm_as_case(zhang, at=NOON + timedelta(minutes=minute))
        clear_as_case(zhang, at=NOON + timedelta(minutes=minute + 1))
    later = NOON + timedelta(minutes=9)
    keys.keyring.signer(at=later)
    # Queries: savepoint, patience, turn, snapshot, lists, parts, people, changes; for each list its
    # token and the new row; then the new snapshot, old lists, release.
    with django_assert_num_queries(15):
        assert editions.publish(at=later) == 2


@pytest.mark.django_db(transaction=True)
def test_two_publishers_at_once_leave_every_change_published(zhang: Resident) -> None:
    confirm_as_case(zhang, at=NOON)

    def publish(seconds: int) -> None:
        try:
            editions.publish(at=NOON + timedelta(seconds=seconds))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(publish, range(8)))
    assert superseded(at=NOON + DAY) == {(zhang.person.pk, 0)}
