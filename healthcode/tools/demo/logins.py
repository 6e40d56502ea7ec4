"""Make the demo's accounts, and the tokens and passwords to log in."""

import secrets
from datetime import datetime, timedelta
from random import Random
from typing import Any

from accounts.models import Account, Relation, Role
from accounts.phones import normalise
from accounts.selectors import people_of
from accounts.services import add_staff, issue_token, register_person, resident_account
from healthcode.tools.demo.people import resident_number
from healthcode.tools.demo.places import here
from verifier.doors.enrolment import enrol
from verifier.models import Venue
from verifier.venues.services import add_device, create_venue

OFFICER, MANAGER = "demo.officer", "demo.manager"
SOURCE, PARTNER = "demo.source", "demo.partner"
RESIDENT_PHONE = "13800138000"
_FAMILY = ((Relation.SELF, "林晓"), (Relation.CHILD, "林小雨"), (Relation.PARENT, "陈桂英"))
_TOKEN_LIFE = timedelta(days=365)


def make_staff(*, at: datetime) -> tuple[Account, Account]:
    """Make the demo's staff; return the officer and the source, who act during the loading."""
    province = here().area
    officer = add_staff(username=OFFICER, password=None, role=Role.OFFICER, area=province, at=at)
    source = add_staff(username=SOURCE, password=None, role=Role.SOURCE, area="", at=at)
    add_staff(username=MANAGER, password=None, role=Role.VENUE_MANAGER, area=province, at=at)
    add_staff(username=PARTNER, password=None, role=Role.PARTNER, area="", at=at)
    return officer, source


def make_family(*, at: datetime, random: Random) -> dict[Relation, int]:
    """Register a resident who logs in by phone, with a child and a mother; return their numbers."""
    account, home = resident_account(phone=normalise(RESIDENT_PHONE)), here().home
    return {
        relation: register_person(
            account=account,
            relation=relation,
            name=name,
            id_type="10",
            id_number=resident_number(home, random=random),
            phone=RESIDENT_PHONE if relation == Relation.SELF else None,
            home_area=home,
            at=at,
        ).pk
        for relation, name in _FAMILY
    }


def make_venue(*, at: datetime) -> None:
    """Make a venue."""
    manager, place = Account.objects.get(username=MANAGER), here()
    create_venue(manager=manager, name=place.venue, area=place.venue_area, at=at)


def issue_tokens(*, at: datetime) -> dict[str, Any]:
    """Issue the tokens for `VAR/demo.json`, in the form of that file."""
    resident = resident_account(phone=normalise(RESIDENT_PHONE))
    # The manager may have opened more venues since.
    venue = Venue.objects.filter(manager__username=MANAGER).earliest("pk")
    enrolment = add_device(venue=venue, label="A口", at=at)
    device = enrol(enrolment_code=enrolment.code, sender="demo", at=at)
    return {
        "resident": {
            "token": _token(resident, at),
            "person": people_of(resident)[0].id,
            "phone": RESIDENT_PHONE,
        },
        "officer": {"token": _token(Account.objects.get(username=OFFICER), at)},
        "device": {"token": device.token, "venue": venue.pk},
        "source": {"token": _token(Account.objects.get(username=SOURCE), at)},
        "partner": {"token": _token(Account.objects.get(username=PARTNER), at)},
    }


def set_passwords(*, at: datetime) -> dict[str, str]:
    """Set new random passwords for those who log in on a page, and return them by user name."""
    roles = {OFFICER: Role.OFFICER, MANAGER: Role.VENUE_MANAGER}
    passwords = {name: secrets.token_urlsafe(12) for name in roles}
    for name, role in roles.items():
        add_staff(username=name, password=passwords[name], role=role, area=here().area, at=at)
    return passwords


def _token(account: Account, at: datetime) -> str:
    return issue_token(account=account, label="demo", expires_at=at + _TOKEN_LIFE)
