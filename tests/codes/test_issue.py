"""Making a code: what it says, what it costs, and when it is refused."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings
from pytest_django import DjangoAssertNumQueries

from healthcode.codes import keys, services
from healthcode.codes.checks import check_settings, largest_code
from healthcode.codes.errors import DeclareFirst, DoesNotSign
from healthcode.codes.models import SigningKey, StatusList
from healthcode.codes.pictures import modules
from healthcode.codes.status_lists import editions
from healthcode.core import Algorithm, Colour, Kind, Outcome, Reason, decode
from healthcode.residents.declarations.services import declare
from healthcode.web.errors import NotFound
from tests.codes.conftest import (
    FEVERISH,
    HEALTHY,
    NOON,
    Resident,
    at_the_door,
    code_of,
    confirm_as_case,
    register,
)

VERSION_10 = 57
"""Modules along the side of a QR symbol of version 10 (ISO/IEC 18004, table 1)."""

pytestmark = [pytest.mark.clock, pytest.mark.usefixtures("signing_key")]


def test_a_fresh_code_passes_the_door(zhang: Resident) -> None:
    verdict = at_the_door(code_of(zhang), at=NOON)
    assert (verdict.outcome, verdict.reason) == (Outcome.PASS, Reason.OK)


def test_a_code_says_no_more_than_it_must(zhang: Resident) -> None:
    code = decode(code_of(zhang)).code
    assert (code.issuer, code.colour, code.kind) == (settings.ISSUER, Colour.GREEN, Kind.LIVE)
    assert code.holder == "张*"
    assert code.issued_at == NOON.timestamp()
    assert code.expires_at - code.issued_at == settings.LIVE_CODE_SECONDS
    assert code.status.uri == f"{settings.STATUS_BASE_URL}/s/20260224"


def test_paper_codes_live_for_days_and_live_ones_for_minutes(zhang: Resident) -> None:
    paper = decode(code_of(zhang, kind=Kind.PAPER)).code
    assert paper.expires_at - paper.issued_at == settings.PAPER_CODE_SECONDS
    late = NOON + timedelta(seconds=settings.LIVE_CODE_SECONDS, minutes=5)
    live = code_of(zhang)
    editions.publish(at=late)
    assert at_the_door(live, at=late).reason is Reason.EXPIRED
    assert at_the_door(code_of(zhang, kind=Kind.PAPER), at=late).reason is Reason.OK


def test_a_live_code_is_renewed_before_it_expires(zhang: Resident) -> None:
    issued = services.issue_code(
        account=zhang.account, person_id=zhang.person.pk, kind=Kind.LIVE, at=NOON
    )
    assert NOON < issued.refresh_after < issued.expires_at


def test_an_older_code_is_superseded_once_the_colour_changed(zhang: Resident) -> None:
    paper, live = code_of(zhang, kind=Kind.PAPER), code_of(zhang)
    later = NOON + timedelta(seconds=40)
    confirm_as_case(zhang, at=later)
    editions.publish(at=later)
    assert at_the_door(paper, at=later).reason is Reason.SUPERSEDED
    assert at_the_door(live, at=later).reason is Reason.SUPERSEDED
    assert at_the_door(code_of(zhang, at=later), at=later).reason is Reason.RED


def test_a_green_code_needs_no_explaining(zhang: Resident) -> None:
    issued = services.issue_code(
        account=zhang.account, person_id=zhang.person.pk, kind=Kind.LIVE, at=NOON
    )
    assert (issued.colour, issued.reasons, issued.until) == (Colour.GREEN, (), None)


def test_another_colour_comes_with_its_reasons(zhang: Resident) -> None:
    declare(account=zhang.account, person=zhang.person, declaration=FEVERISH, at=NOON)
    issued = services.issue_code(
        account=zhang.account, person_id=zhang.person.pk, kind=Kind.LIVE, at=NOON
    )
    assert issued.colour is Colour.YELLOW
    assert [reason.colour for reason in issued.reasons] == [Colour.YELLOW]


def test_a_green_code_costs_one_select_and_writes_nothing(
    zhang: Resident, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    code_of(zhang)
    with django_assert_num_queries(1) as queries:
        code_of(zhang)
    assert all(query["sql"].startswith("SELECT") for query in queries.captured_queries)


def test_who_has_not_declared_has_no_code(world: None) -> None:
    li = register("李四", "E11111111")
    with pytest.raises(DeclareFirst):
        code_of(li)
    declare(account=li.account, person=li.person, declaration=HEALTHY, at=NOON)
    assert at_the_door(code_of(li), at=NOON).reason is Reason.OK


def test_nobody_gets_the_code_of_a_stranger(zhang: Resident) -> None:
    li = register("李四", "E11111111")
    with pytest.raises(NotFound):
        services.issue_code(account=li.account, person_id=zhang.person.pk, kind=Kind.LIVE, at=NOON)


def test_a_process_without_the_secret_does_not_sign(zhang: Resident) -> None:
    with override_settings(SIGNING_KEY_SECRET=""), pytest.raises(DoesNotSign):
        code_of(zhang)


def test_without_a_key_in_its_time_nothing_is_signed(zhang: Resident) -> None:
    long_after = NOON + timedelta(days=400)
    with pytest.raises(DoesNotSign):
        code_of(zhang, at=long_after)


def test_a_wrong_secret_is_told_from_a_missing_one(zhang: Resident) -> None:
    with (
        override_settings(SIGNING_KEY_SECRET="another one"),
        pytest.raises(ImproperlyConfigured, match="does not decrypt"),
    ):
        code_of(zhang)


def test_no_code_precedes_its_list(zhang: Resident) -> None:
    """The first code of a day opens the day's list, so that doors find one at its address."""
    assert not StatusList.objects.exists()
    uri = decode(code_of(zhang)).code.status.uri
    assert StatusList.objects.filter(day="2026-02-24", part=0).exists()
    assert uri.endswith("/s/20260224")


def test_only_es256_signs(zhang: Resident, signing_key: SigningKey) -> None:
    assert decode(code_of(zhang)).algorithm is Algorithm.ES256
    assert {key.algorithm for key in keys.published_keys(at=NOON)} == {Algorithm.ES256}


# The address has 40 characters, the most that fit beside the largest policy number.
@override_settings(STATUS_BASE_URL="https://status.example1.cn")
def test_the_largest_code_fits_version_10_at_level_m(world: None) -> None:
    largest = largest_code()
    code = decode(largest).code
    assert (len(code.status.uri), len((code.holder or "").encode())) == (39, 12)
    assert len(modules(largest)) == VERSION_10
    john = register("Johannes Maria Sebastian", "E22222222")
    declare(account=john.account, person=john.person, declaration=HEALTHY, at=NOON)
    assert len(modules(code_of(john, kind=Kind.PAPER))) <= VERSION_10


@override_settings(STATUS_BASE_URL="https://" + "a" * 23)
def test_an_address_of_42_characters_fits_with_a_short_policy_version(zhang: Resident) -> None:
    text = code_of(zhang, kind=Kind.PAPER)
    assert len(decode(text).code.status.uri) == 42
    assert len(modules(text)) == VERSION_10


@pytest.mark.parametrize(
    ("setting", "value", "fault"),
    [
        ("STATUS_BASE_URL", "https://codes.health.zhejiang.example.cn", "codes.E001"),
        ("ISSUER", "Zhejiang", "codes.E002"),
        ("PAPER_CODE_SECONDS", 15 * 24 * 3600, "codes.E002"),
        ("STATUS_INDEX_KEY", "", "codes.E003"),
        ("SIGNING_KEY_SECRET", "", "codes.E003"),
        ("COLOUR_RETENTION_DAYS", 14, "codes.E004"),
    ],
)
def test_settings_that_no_code_could_carry_are_refused_at_the_start(
    setting: str, value: object, fault: str
) -> None:
    assert not list(check_settings())
    with override_settings(**{setting: value}):
        assert [message.id for message in check_settings()] == [fault]
