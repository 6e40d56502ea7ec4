"""Roles, areas, tokens, and acts that stay as they were."""

from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.db.models import ProtectedError
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts import authority, services
from accounts.errors import OutsideYourArea
from accounts.models import Account, Role, Token
from accounts.permissions import account_of
from healthcode.acts.models import Act
from healthcode.web.errors import Forbidden, InvalidInput
from tests.accounts.conftest import api_client
from tests.acts import GROUND, act_of
from tests.owner import as_owner


@pytest.mark.parametrize(
    ("given", "short"),
    [
        ("33", "33"), ("3301", "3301"), ("330106", "330106"), ("330106109", "330106109"),
        ("330000", "33"), ("330100", "3301"), ("3300", "33"),
        ("330106000", "330106"), ("330106109000", "330106109"), ("330106000000", "330106"),
        ("330000000000", "33"), ("330100000000", "3301"),
        ("00", "00"), ("000000", "00"), ("３３０１０６", "330106"), (" 330106 ", "330106"),
        ("500000", "50"), ("110100", "1101"), ("419001", "419001"),
    ],
)  # fmt: skip
def test_codes_have_one_short_form(given: str, short: str) -> None:
    assert authority.normalise_code(given) == short


@pytest.mark.parametrize(
    "given", ["", "3", "330", "33010", "3301061", "33010610", "330106109001", "33 01", "zj", "-33",
              "33\x00", "٣٣", "330106109000000"]
)  # fmt: skip
def test_what_is_no_code_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput):
        authority.normalise_code(given)


@pytest.mark.parametrize(
    ("held", "code", "covered"),
    [
        ("", "33", True), ("33", "33", True), ("33", "330106", True), ("3301", "330106109", True),
        ("3301", "33", False), ("3301", "3302", False), ("34", "330106", False),
    ],
)  # fmt: skip
def test_an_authority_is_its_area_and_all_below(held: str, code: str, covered: bool) -> None:
    assert authority.covers(held, code) is covered


def test_an_officer_acts_only_at_home(areas: None) -> None:
    officer = services.add_staff(
        username="hz", password=None, role=Role.OFFICER, area="3301", at=timezone.now()
    )
    services.add_staff(
        username="hz", password=None, role=Role.OFFICER, area="330108", at=timezone.now()
    )
    officer = Account.objects.get(pk=officer.pk)
    for area in ("3301", "330106", "330108"):
        authority.require(officer, Role.OFFICER, area)
    for area in ("33", "3302", "34", ""):
        with pytest.raises(OutsideYourArea):
            authority.require(officer, Role.OFFICER, area)
    with pytest.raises(Forbidden) as refusal:
        authority.require(officer, Role.SOURCE, "3301")
    assert refusal.value.slug == "forbidden"


def test_a_grant_says_who_made_it_and_when(areas: None) -> None:
    def add(username: str, *, days: int, by: Account | None) -> Account:
        at = timezone.now() - timedelta(days=days)
        return services.add_staff(
            username=username, password=None, role=Role.OFFICER, area="33", at=at, granted_by=by
        )

    first = add("first", days=30, by=None)
    second = add("second", days=20, by=first)
    # The grant exists already, so somebody else does not become the one who made it.
    assert add("second", days=1, by=second) == second
    grant = second.grants.get()
    assert grant.granted_by == first
    assert (timezone.now() - grant.granted_at).days == 20
    assert first.grants.get().granted_by is None
    with pytest.raises(ProtectedError):
        first.delete()


@pytest.mark.django_db
@pytest.mark.parametrize("role", [role for role in Role if role != Role.RESIDENT])
def test_staff_are_no_residents(role: Role) -> None:
    account = services.add_staff(username="x", password=None, role=role, area="", at=timezone.now())
    assert api_client(account).get("/api/v1/people").status_code == 403


def test_a_token_ends_when_it_expires_is_revoked_or_its_account_is_closed(
    resident: Account,
) -> None:
    client = api_client(resident)
    assert client.get("/api/v1/people").status_code == 200
    Account.objects.update(is_active=False)
    assert client.get("/api/v1/people").status_code == 401
    Account.objects.update(is_active=True)
    Token.objects.update(expires_at=timezone.now())
    assert client.get("/api/v1/people").status_code == 401
    Token.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert client.delete("/api/v1/auth/token").status_code == 204
    answer = client.get("/api/v1/people")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "header",
    ["Bearer", "Bearer ", "Bearer x", "bearer x y", "Bearer \xff", "Basic eDp5", "Device abc",
     "Bearer " + "a" * 999],
)  # fmt: skip
def test_other_credentials_do_not_let_in(header: str) -> None:
    answer = Client().get("/api/v1/people", headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.json()["type"] == "/problems/not-authenticated"


def test_only_the_digest_of_a_token_is_kept(resident: Account) -> None:
    token = services.issue_token(account=resident, label="", expires_at=timezone.now())
    assert len(token) == 43
    assert token.encode() not in bytes(Token.objects.get().digest)


def test_acts_are_kept_as_they_were(areas: None) -> None:
    officer = services.add_staff(
        username="o", password=None, role=Role.OFFICER, area="33", at=timezone.now()
    )
    act = act_of(officer, at=timezone.now())
    stored = Act.objects.filter(pk=act.pk)
    # Django refuses to delete an act with a leaf, so PostgreSQL is asked directly.
    delete = partial(stored._raw_delete, using="default")  # type: ignore[attr-defined]
    for change in (lambda: stored.update(ground="another"), delete, act.save):
        kept = pytest.raises(DatabaseError, match="acts are kept for good")
        with as_owner(), kept, transaction.atomic():
            change()
    with pytest.raises(DatabaseError, match="act_has_a_ground"), transaction.atomic():
        Act.objects.create(
            account=officer, kind="levels", area="33", ground="", detail={}, at=timezone.now()
        )
    assert Act.objects.get().ground == GROUND.text


def test_a_view_that_forgot_its_permission_shows_nobody_anything() -> None:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with pytest.raises(PermissionDenied):
        account_of(request)
    request.user = Account(username="zhang")
    assert account_of(request).username == "zhang"
