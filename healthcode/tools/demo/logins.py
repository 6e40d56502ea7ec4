"""Make the demo's accounts, and the tokens and passwords to log in."""

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, Final

from accounts.admission import NewPerson
from accounts.authentication import digest
from accounts.invitations import accept, invite, show_token
from accounts.models import OF_MACHINES, OF_PEOPLE, Account, Relation, Role, Token
from accounts.phones import normalise
from accounts.rosters import PLAIN
from accounts.selectors import people_of, registration_of
from accounts.services import (
    STAFF_TOKEN_LIFE,
    issue_token,
    register_person,
    resident_account,
)
from accounts.step_up import CHARACTERS
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.models import Proposal
from healthcode.administration import services, staff
from healthcode.administration.administrator import Administrator
from healthcode.administration.plans import StaffGrant
from healthcode.administration.rosters import load_roster
from healthcode.administration.services import NewVenue
from healthcode.confirmation.services import confirm_proposal
from healthcode.evidence.models import ReportKind
from healthcode.sources.granting import grant_reporting
from healthcode.tools.demo.people import resident_number
from healthcode.tools.demo.places import here
from verifier.doors.enrolment import enrol
from verifier.models import Venue

ADMINISTRATOR = "demo.administrator"
OFFICER, SECOND_OFFICER, MANAGER = "demo.officer", "demo.officer2", "demo.manager"
SOURCE, PARTNER = "demo.source", "demo.partner"
STAFF: Final = {OFFICER: Role.OFFICER, SECOND_OFFICER: Role.OFFICER, MANAGER: Role.VENUE_MANAGER}
"""Who logs in on a page, with the role over the whole province."""
RESIDENT_PHONE = "13800138000"
STAFF_PHONES: Final = {OFFICER: "13800138001", SECOND_OFFICER: "13800138002"}
"""Where officers are told of alarms; the demo's sender writes the messages to the log."""
_FAMILY = ((Relation.SELF, "林晓"), (Relation.CHILD, "林小雨"), (Relation.PARENT, "陈桂英"))
_TOKEN_LIFE = timedelta(days=365)
_GROUND = Ground(GroundKind.OPERATIONS, "Loading the demo province")


def administrator(*, at: datetime) -> Administrator:
    """Return the demo's administrator, who does what the demo does by itself."""
    account = Account.objects.filter(username=ADMINISTRATOR).first()
    if account is None:
        account = staff.add_first_administrator(
            username=ADMINISTRATOR, area="", password=None, ground=_GROUND, at=at
        )
    return Administrator(account, _GROUND)


def make_staff(*, at: datetime, second: str = OFFICER) -> tuple[Account, Account]:
    """Make the demo's staff; return the officer and the source, who act during the loading.

    Args:
        second: the user name of the officer who confirms what waits for a second person. In an
            empty database the demo's first officer does not wait, and then confirms the others.
    """
    province, by = here().area, administrator(at=at)

    def add(username: str, role: Role, area: str, name: str = "", name_en: str = "") -> Account:
        grant = StaffGrant(username, role, area, name, name_en)
        account = _add(grant, by=by, second=second, at=at)
        if username in STAFF_PHONES:
            staff.set_phone(by=by, account=account, phone=STAFF_PHONES[username], at=at)
        return account

    officer = add(OFFICER, Role.OFFICER, province)
    add(SECOND_OFFICER, Role.OFFICER, province)
    source = add(SOURCE, Role.SOURCE, "", *here().hospital)
    add(MANAGER, Role.VENUE_MANAGER, province)
    add(PARTNER, Role.PARTNER, "")
    grant_reporting(
        account=by.account,
        source=SOURCE,
        area="",
        kinds=set(ReportKind),
        reddening_lines_a_day=None,
        ground=by.ground,
        at=at,
    )
    return officer, source


def family(*, random: Random) -> dict[Relation, NewPerson]:
    """Invent a resident who logs in by phone, with a child and a mother."""
    home = here().home
    return {
        relation: NewPerson(
            name,
            "10",
            resident_number(home, random=random),
            home,
            RESIDENT_PHONE if relation == Relation.SELF else None,
        )
        for relation, name in _FAMILY
    }


def make_family(newcomers: Mapping[Relation, NewPerson], *, at: datetime) -> dict[Relation, int]:
    """Register the family with the resident's phone; return their numbers."""
    account = resident_account(phone=normalise(RESIDENT_PHONE))
    return {
        relation: register_person(
            account=account,
            relation=relation,
            name=one.name,
            id_type=one.id_type,
            id_number=one.id_number,
            phone=one.phone,
            home_area=one.home_area,
            at=at,
        ).pk
        for relation, one in newcomers.items()
    }


def make_roster(
    people: Sequence[NewPerson], relatives: Collection[NewPerson], *, at: datetime
) -> None:
    """Load the roster of all people of the demo.

    The authority knows the resident's phone for the family, and 13900000000 and the following for
    the others.
    """
    others = ((one, f"139{number:08d}") for number, one in enumerate(people))
    known = chain(others, ((one, RESIDENT_PHONE) for one in relatives))
    rows = (f"{one.id_type},{one.id_number},{one.name},{phone}" for one, phone in known)
    load_roster(by=administrator(at=at), lines=chain([",".join(PLAIN)], rows), at=at)


def make_venue(*, at: datetime) -> Venue:
    """Make a venue."""
    manager, place = Account.objects.get(username=MANAGER), here()
    new = NewVenue(manager, place.venue, place.venue_area)
    return services.add_venue(by=administrator(at=at), new=new, at=at)


def issue_tokens(*, at: datetime) -> dict[str, Any]:
    """Issue the tokens for `VAR/demo.json`, in the form of that file."""
    resident = resident_account(phone=normalise(RESIDENT_PHONE))
    # The manager may have opened more venues since, and closed or handed over the first one.
    known = Venue.objects.filter(manager__username=MANAGER, closed_at=None)
    venue = known.order_by("pk").first() or make_venue(at=at)
    by = administrator(at=at)
    enrolment = services.add_device(by=by, venue=venue, label="A口", at=at)
    device = enrol(enrolment_code=enrolment.code, sender="demo", at=at)
    return {
        "resident": {
            "token": _token(resident, at),
            "person": people_of(resident)[0].id,
            "phone": RESIDENT_PHONE,
            "document_last4": residents_last4(),
        },
        "officer": {"token": _token(Account.objects.get(username=OFFICER), at)},
        "officer2": second_officers_token(at=at),
        "device": {"token": device.token, "venue": venue.pk},
        "source": {"token": _token(Account.objects.get(username=SOURCE), at)},
        "partner": {"token": _token(Account.objects.get(username=PARTNER), at)},
        "administrator": administrators_token(at=at),
    }


def residents_last4() -> str:
    """Return what a new device of the resident is asked for; "" if everybody was erased."""
    family = people_of(resident_account(phone=normalise(RESIDENT_PHONE)))
    return str(registration_of(family[0].id)["id_number"])[-CHARACTERS:] if family else ""


def renew_staff_tokens(entrance: dict[str, Any], *, at: datetime) -> None:
    """Issue the tokens of staff in `VAR/demo.json` anew where they end within a few hours."""
    staff = {"officer": OFFICER, "officer2": SECOND_OFFICER, "administrator": ADMINISTRATOR}
    for name, username in staff.items():
        ours = Token.objects.filter(digest=digest(entrance[name]["token"]))
        if not ours.filter(expires_at__gt=at + STAFF_TOKEN_LIFE / 2).exists():
            entrance[name]["token"] = _token(Account.objects.get(username=username), at)


def administrators_token(*, at: datetime) -> dict[str, str]:
    """Issue the token of the demo's administrator, in the form of `VAR/demo.json`."""
    return {"token": _token(administrator(at=at).account, at)}


def second_officers_token(*, at: datetime) -> dict[str, str]:
    """Issue the token of the officer who confirms, in the form of `VAR/demo.json`."""
    return {"token": _token(Account.objects.get(username=SECOND_OFFICER), at)}


def set_passwords(
    *, at: datetime, names: Collection[str] = (*STAFF, ADMINISTRATOR)
) -> dict[str, str]:
    """Set new random passwords for those who log in on a page, and return them by user name.

    Who has no account yet gets one. In a demo of version 1.0.0 this is the second officer, whom the
    first one confirms.
    """
    by, passwords = administrator(at=at), {name: secrets.token_urlsafe(12) for name in names}
    for name, password in passwords.items():
        account = Account.objects.filter(username=name).first()
        if account is None:
            grant = StaffGrant(name, STAFF[name], here().area)
            account = _add(grant, by=by, second=OFFICER, at=at)
        invite(account=account, shown_to=by.account, at=at)
        token = show_token(account=account, to=by.account, at=at)
        accept(token=token, password=password, at=at)
    return passwords


def _add(grant: StaffGrant, *, by: Administrator, second: str, at: datetime) -> Account:
    """Give a role of the demo; if that waits, the officer `second` confirms it."""
    done = staff.add_staff(by=by, grant=grant, at=at)
    if isinstance(done, Proposal):
        confirm_proposal(
            account=Account.objects.get(username=second),
            proposal_id=done.pk,
            fingerprint=done.fingerprint,
            ground=_GROUND,
            at=at,
        )
        return Account.objects.get(username=grant.username)
    return done.account


def _token(account: Account, at: datetime) -> str:
    roles = set(account.grants.ever().values_list("role", flat=True))
    if roles & OF_MACHINES:
        by, expires_at = administrator(at=at), at + _TOKEN_LIFE
        return staff.issue_token(by=by, account=account, label="demo", expires_at=expires_at, at=at)
    life = STAFF_TOKEN_LIFE if roles & OF_PEOPLE else _TOKEN_LIFE
    return issue_token(account=account, label="demo", expires_at=at + life)
