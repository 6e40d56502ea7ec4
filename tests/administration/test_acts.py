"""Everything that an administrator does is an act, and stays in the administrator's area."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.apps import apps
from django.utils import timezone

from accounts.errors import OutsideYourArea
from accounts.login_models import LimitEvent
from accounts.models import (
    Account,
    Role,
)
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act, ActArea
from healthcode.administration import services
from healthcode.administration import staff as staff_services
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import StaffGrant
from healthcode.administration.services import NewVenue, PartnerTerms
from healthcode.codes.models import SigningKey
from tests.administration import GROUND, administrator
from tests.areas.conftest import staff
from tests.verifier.partner import PartnerMachine
from verifier.models import Venue

PASSWORD: Final = "correct horse battery"


@dataclass
class Administered:
    """Somebody to administer."""

    now: datetime
    manager: Account
    laboratory: Account
    venue: Venue
    key: SigningKey

    def hospital(self, by: Administrator) -> object:
        grant = StaffGrant("hospital", Role.SOURCE, "33")
        return staff_services.add_staff(by=by, grant=grant, at=self.now)

    def taken(self, by: Administrator) -> object:
        grant = self.manager.grants.get()
        return staff_services.take_back(by=by, grant=grant, at=self.now)

    def closed(self, by: Administrator) -> object:
        return staff_services.set_open(by=by, account=self.manager, is_open=False, at=self.now)

    def reset(self, by: Administrator) -> object:
        return staff_services.reset_password(by=by, account=self.manager, at=self.now)

    def opened(self, by: Administrator) -> object:
        return staff_services.set_open(by=by, account=self.manager, is_open=True, at=self.now)

    def token(self, by: Administrator) -> object:
        until = self.now + timedelta(days=1)
        return staff_services.issue_token(
            by=by, account=self.laboratory, label="", expires_at=until, at=self.now
        )

    def another_venue(self, by: Administrator) -> object:
        new = NewVenue(self.manager, "湖滨地铁站", "330106")
        return services.add_venue(by=by, new=new, at=self.now)

    def device(self, by: Administrator) -> Any:
        return services.add_device(by=by, venue=self.venue, label="North gate", at=self.now)

    def partner(self, by: Administrator) -> object:
        keys = PartnerMachine("cn-32").public_keys()
        terms = PartnerTerms("cn-32", keys, ["sandbox"], 60, "Jiangsu, on call")
        return services.add_partner(by=by, terms=terms, at=self.now)

    def issuer(self, by: Administrator) -> object:
        there = "https://code.example.org"
        return services.trust_issuer(by=by, name="CN-31", base_url=there, at=self.now)

    def another_key(self, by: Administrator) -> object:
        return services.make_key(by=by, starts=self.now, signs_for=timedelta(days=1), at=self.now)

    def no_key(self, by: Administrator) -> object:
        return services.withdraw_key(by=by, kid=bytes(self.key.kid), at=self.now)

    def secret(self, by: Administrator) -> object:
        return services.accept_secret(by=by, setting="SECRET_KEY", at=self.now)


CHANGES: Final[dict[str, tuple[Callable[[Administered, Administrator], Any], ActKind, str]]] = {
    "staff": (Administered.hospital, ActKind.STAFF_GRANTED, "33"),
    "taken back": (Administered.taken, ActKind.ROLE_TAKEN_BACK, "3301"),
    "reset": (Administered.reset, ActKind.PASSWORD_RESET, "3301"),
    "closed": (Administered.closed, ActKind.ACCOUNT_CLOSED, "3301"),
    "opened": (Administered.opened, ActKind.ACCOUNT_REOPENED, "3301"),
    "token": (Administered.token, ActKind.TOKEN_ISSUED, "3301"),
    "venue": (Administered.another_venue, ActKind.VENUE_CHANGED, "330106"),
    "device": (Administered.device, ActKind.VENUE_CHANGED, "330106"),
    "partner": (Administered.partner, ActKind.PARTNER_CHANGED, "33"),
    "issuer": (Administered.issuer, ActKind.ISSUER_TRUSTED, "33"),
    "key": (Administered.another_key, ActKind.KEY_MADE, "33"),
    "withdrawn": (Administered.no_key, ActKind.KEY_WITHDRAWN, "33"),
    "secret": (Administered.secret, ActKind.SECRET_ACCEPTED, "33"),
}


@pytest.fixture
def scene(areas: None) -> Administered:
    """A manager with a venue, and a signing key, made by nobody's act."""
    from healthcode.codes import keys
    from verifier.venues.services import create_venue

    now, manager = timezone.now(), staff("manager", Role.VENUE_MANAGER, "3301")
    venue = create_venue(manager=manager, name="城站", area="330106", at=now)
    key = keys.make_key(starts=now, signs_for=timedelta(days=1))
    return Administered(now, manager, staff("laboratory", Role.SOURCE, "3301"), venue, key)


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_an_act(scene: Administered, change: str) -> None:
    do, kind, area = CHANGES[change]
    by = administrator("33")
    made = do(scene, by)
    act = Act.objects.get()
    assert (act.account, act.role) == (by.account, Role.ADMINISTRATOR)
    assert (act.kind, act.area, act.at) == (kind, area, scene.now)
    assert (act.ground_kind, act.ground) == (GROUND.kind, GROUND.text)
    assert list(ActArea.objects.values_list("area", flat=True)) == [area]
    told = json.dumps(act.detail)
    secrets = [PASSWORD, "North gate", "Jiangsu", getattr(made, "code", PASSWORD)]
    secrets += [made] if isinstance(made, str) else []
    assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize("change", CHANGES)
def test_an_administrator_elsewhere_changes_nothing(scene: Administered, change: str) -> None:
    do, _kind, _area = CHANGES[change]
    elsewhere = Administrator(staff("elsewhere", Role.ADMINISTRATOR, "31"), GROUND)
    before = everything()
    with pytest.raises(OutsideYourArea):
        do(scene, elsewhere)
    assert everything() == before


def everything() -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of all tables that administration may change."""
    models = [*apps.get_app_config("accounts").get_models()]
    models += [*apps.get_app_config("verifier").get_models(), SigningKey]
    models.remove(LimitEvent)
    return {
        model.__name__: list(model._default_manager.order_by("pk").values_list())
        for model in models
    }


def test_whoever_closes_an_account_answers_for_all_its_areas(scene: Administered) -> None:
    travels = staff("travels", Role.VENUE_MANAGER, "3301")
    travels.grants.create(role=Role.VENUE_MANAGER, area="31")
    with pytest.raises(OutsideYourArea):
        staff_services.set_open(
            by=administrator("33"), account=travels, is_open=False, at=scene.now
        )
    staff_services.set_open(by=administrator(), account=travels, is_open=False, at=scene.now)
    assert sorted(ActArea.objects.values_list("area", flat=True)) == ["31", "3301"]


def test_a_key_that_is_not_in_force_is_no_act(scene: Administered) -> None:
    by = administrator()
    assert not services.withdraw_key(by=by, kid=b"nobodys!", at=scene.now)
    assert not Act.objects.exists()


def test_residents_get_their_role_by_logging_in() -> None:
    with pytest.raises(ValueError, match="no role of staff"):
        StaffGrant("zhang", Role.RESIDENT, "33")
