"""The number of queries for the most frequent calls."""

from collections.abc import Callable

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts import admission, logins, selectors, services
from accounts.models import Account
from tests.accounts.conftest import api_client
from tests.accounts.people import LI, PHONE, SMITH, WANG, resident_number


@pytest.fixture
def family(resident: Account) -> list[int]:
    """Three people of one account."""
    now = timezone.now()
    return [
        services.register_person(account=resident, relation=None, phone=PHONE, **who, at=now).id
        for who in (WANG, LI, SMITH)
    ]


def test_a_token_and_its_roles_cost_one_query(
    resident: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api_client(resident)
    with django_assert_num_queries(2):  # the token, the people
        assert client.get("/api/v1/people").status_code == 200


def test_listing_people_costs_the_same_for_any_number(
    resident: Account, family: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        assert len(selectors.people_of(resident)) == 3


def test_one_persons_checks_cost_one_query_each(
    resident: Account, family: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        selectors.person_for(resident, family[1])
    with django_assert_num_queries(1):
        assert selectors.masked_name(family[1]) == "李*"
    with django_assert_num_queries(1):
        assert len(selectors.masked_names(family)) == 3


def test_finding_thousands_costs_one_query(
    areas: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    numbers = [resident_number(sequence=i) for i in range(999)]
    people = [admission.NewPerson("张三", "10", number, "330106") for number in numbers]
    with django_assert_num_queries(5):  # the home, savepoint, people, identities, release
        admission.admit(people, at=timezone.now())
    with django_assert_num_queries(1):
        assert len(selectors.find_people([("10", number) for number in numbers])) == 999


def test_registering_costs_a_few(
    resident: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    # 5 for the limit, one for the register. Then, within a savepoint: home, the person who may be
    # there already, person, identity, and the guardianship that may be there already.
    with django_assert_num_queries(14):
        services.register_person(
            account=resident, relation="self", phone=None, **WANG, at=timezone.now()
        )


def test_logging_in_costs_a_bounded_number(
    resident: Account,
    last_code: Callable[[], str],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_max_num_queries(18):
        logins.start_login(phone="13900139000", address="x", at=timezone.now())
    with django_assert_max_num_queries(29):
        logins.log_in(phone="13900139000", otp=last_code(), address="x", at=timezone.now())
