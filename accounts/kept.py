"""The records of the tables of people, accounts and sessions: what they hold, and how it ends."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models

from accounts import (
    budget,
    devices,
    guardian_codes,
    homes,
    idempotency,
    merging,
    services,
    sign_ins,
    waiting,
)
from accounts.event_models import AccountEvent
from accounts.guardian_code_models import GuardianCode
from accounts.home_models import FormerHome
from accounts.login_models import LimitEvent, OneTimeCode, SentCodes, StartedLogin, StepUp
from accounts.mark_models import SecretMark
from accounts.models import (
    Account,
    Grant,
    Guardianship,
    Identity,
    Institution,
    Invitation,
    KeptAnswer,
    KnownDevice,
    MergedRegistration,
    Person,
    RosterEntry,
    StaffPhone,
    Token,
)
from accounts.second_factor_models import AuthenticatorApp, Passkey
from accounts.selectors import registration_of
from healthcode.web.keeping import (
    OF_NOBODY,
    Because,
    Cadence,
    Export,
    Forget,
    Goes,
    TableRecord,
    of_nobody,
)
from healthcode.web.rights import DoorRights

IN_THE_REGISTRATION: Final = Because("it is in the registration")
A_HASH: Final = Because("it is a hash, which tells nothing without the secret")
NUMBER_ONLY: Final = Because("it refers to an account, of which only the number stays")


def _older(
    model: type[models.Model], column: str, by: timedelta = timedelta()
) -> Callable[[datetime], int]:
    """Return a function that deletes rows with `column` further back than `by`, and counts them."""

    def rows(at: datetime) -> int:
        return model._default_manager.filter(**{f"{column}__lt": at - by}).delete()[0]

    return rows


RECORDS: Final = (
    TableRecord(
        model=OneTimeCode,
        holds="one-time codes (hashed) and the telephone (hashed) that each was sent to",
        kept="5 minutes, or 1 day if several logins share it; then up to 10 minutes until a task"
        " deletes them",
        forget=Forget(_older(OneTimeCode, "expires_at"), Cadence.OFTEN),
        export=A_HASH,
        erase=Because("it goes within a day, or at once with the account's telephone"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=StartedLogin,
        holds="logins that began: telephone and address (hashed), and how many tries failed",
        kept="5 minutes, then up to 10 more until a task deletes them",
        forget=Forget(_older(StartedLogin, "expires_at"), Cadence.OFTEN),
        export=A_HASH,
        erase=Because("it goes within minutes, or at once with the account's telephone"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=StepUp,
        holds="which account is asked for its document on a device (hashes, and the device)",
        kept="10 minutes, then up to 10 more until a task deletes them",
        forget=Forget(_older(StepUp, "expires_at"), Cadence.OFTEN),
        export=A_HASH,
        erase=Because("it goes within minutes, or at once with the account's telephone"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=KnownDevice,
        holds="with which devices an account has logged in (a hash each): kind, session, first and"
        " last login, when the document was last asked for, and how many wrong answers since",
        kept="60 days after the last login",
        forget=Forget(lambda at: devices.forget_silent_devices(at=at), Cadence.NIGHTLY),
        export=A_HASH,
        erase=Because("it goes with the last person of the account"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=AccountEvent,
        holds="what happened to the login of an account: logins, failures, ended sessions; kind of"
        " device, counted by hour or day",
        kept="90 days",
        forget=Forget(lambda at: sign_ins.forget_events(at=at), Cadence.NIGHTLY),
        export=Because("others who look after the person would read it; the account's list has it"),
        erase=Because("it goes with the last person of the account"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=SentCodes,
        holds="how many one-time codes were sent in each hour",
        kept="28 days",
        forget=Forget(lambda at: budget.forget_counts(at=at), Cadence.NIGHTLY),
        export=OF_NOBODY,
        erase=OF_NOBODY,
        sunset=OF_NOBODY,
    ),
    TableRecord(
        model=LimitEvent,
        holds="counts of tries and requests, by hashed telephone, address or account",
        kept="1 day",
        forget=Forget(_older(LimitEvent, "at", timedelta(days=1)), Cadence.OFTEN),
        export=A_HASH,
        erase=Because("it goes within a day"),
        doors=DoorRights(reads=("id", "subject", "at"), adds=True, deletes=True),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=KeptAnswer,
        holds="answers to officers' writes, for whoever repeats a request with its key (hashed)",
        kept="24 hours, then up to 10 minutes until a task deletes them",
        forget=Forget(idempotency.forget_answers, Cadence.OFTEN),
        export=Because("it repeats what other tables hold, and goes within a day"),
        erase=Because("it goes within a day"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Invitation,
        holds="links with which staff choose their password (hashed), and who may see each",
        kept="72 hours, then up to 10 minutes until a task deletes them",
        forget=Forget(_older(Invitation, "expires_at"), Cadence.OFTEN),
        export=Because("it is about the account's work, not about a person"),
        erase=Because("residents have none"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Session,
        holds="who is logged in with a browser",
        kept="until it expires, 14 days for residents",
        forget=Forget(_older(Session, "expire_date"), Cadence.OFTEN),
        export=Because("it is only a key and the number of the account"),
        erase=NUMBER_ONLY,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Token,
        holds="who is logged in through the interface (the token is hashed)",
        kept="until it expires, 14 days for residents",
        forget=Forget(_older(Token, "expires_at"), Cadence.OFTEN),
        export=A_HASH,
        erase=Because("it goes with the last person of the account"),
        # Who could add tokens could add one of an officer.
        doors=DoorRights(reads=("id", "digest", "account_id", "scope", "expires_at")),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Guardianship,
        holds="which account looks after which person, as what, and what proves it",
        kept="until the person is erased",
        export=IN_THE_REGISTRATION,
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=GuardianCode,
        holds="codes by which a second guardian may join (hashed): who made it, for whom",
        kept="1 hour, then 1 day and up to 10 more minutes until a task deletes them",
        forget=Forget(guardian_codes.forget_codes, Cadence.OFTEN),
        export=A_HASH,
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=MergedRegistration,
        holds="which registrations are of one person, and by which act",
        kept="until an act separates them, or one of them is erased",
        export=Export("merged", lambda person_id, _at: merging.merging_told_of(person_id)),
        erase=lambda person_id, _at: merging.take_out(person_id),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=FormerHome,
        holds="where people lived until lately",
        kept="28 days after the move",
        forget=Forget(homes.forget_former_homes, Cadence.NIGHTLY),
        export=Export("former_homes", homes.former_homes_told),
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Identity,
        holds="name, document, telephone: sealed, and found by keyed hashes",
        kept="until the person is erased",
        export=IN_THE_REGISTRATION,
        erase=Goes.WITH_THE_PERSON,
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Person,
        holds="that there is a person, the area of their home, and whether they are registered",
        kept="until the person is erased; one who waits: until nothing that was reported is left",
        forget=Forget(lambda at: waiting.forget_waiting(at=at), Cadence.NIGHTLY),
        export=Export("registration", lambda person_id, _at: registration_of(person_id)),
        erase=lambda person_id, _at: services.delete_person(person_id=person_id),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=RosterEntry,
        holds="documents, names and telephones of the authority's roster, hashed",
        kept="until the next roster is loaded",
        export=A_HASH,
        erase=Because("it is the authority's list, in which nobody is found without the secret"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Account,
        holds="accounts: telephones of residents (sealed, hashed), names of staff and machines, how"
        " many wrong answers about a document there were",
        kept="while a person is registered with it; without any person 28 days"
        " (`ACCOUNT_RETENTION_DAYS`); if an act names it, for good, but without the telephone",
        forget=Forget(lambda at: services.forget_accounts_of_nobody(at=at), Cadence.OFTEN),
        export=IN_THE_REGISTRATION,
        erase=Because("only its number stays once nobody is registered with it"),
        sunset=services.forget_telephones,
        # Neither telephones nor passwords.
        doors=DoorRights(reads=("id", "username", "is_active")),
    ),
    TableRecord(
        model=Grant,
        holds="what an account may or might do, where, until when, and who granted it",
        kept="as long as its account",
        export=Because("it is about the account's work, not about a person"),
        erase=Because("a resident's grant goes with the last person of the account"),
        sunset=Because("it says on what authority acts were done"),
        doors=DoorRights(reads=("account_id", "role", "area", "ends_at")),
    ),
    TableRecord(
        model=StaffPhone,
        holds="telephones of staff (sealed), to tell them what cannot wait",
        kept="until the account is closed or opened again",
        export=Because("it is about the account's work, not about a person"),
        erase=Because("it belongs to an account of staff, not to a person"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=Passkey,
        holds="passkeys of staff: public key, count, the name that its holder gave it, last use",
        kept="until its holder removes it, or the account is closed or gets a new password",
        export=Because("it is about the account's work, not about a person"),
        erase=Because("residents have none"),
        sunset=Goes.AT_ONCE,
    ),
    TableRecord(
        model=AuthenticatorApp,
        holds="secrets of staff's authenticator apps (sealed), and when each was last used",
        kept="until its holder removes it, or the account is closed or gets a new password",
        export=Because("it is about the account's work, not about a person"),
        erase=Because("residents have none"),
        sunset=Goes.AT_ONCE,
    ),
    of_nobody(Institution, holds="the public names of institutions that report facts"),
    of_nobody(
        SecretMark,
        holds="keyed hashes of a constant, one for each secret, to notice another secret",
        doors=DoorRights(reads=("id", "setting", "key", "mark", "made_at")),
    ),
    of_nobody(Permission, holds="Django's own list; not used"),
    of_nobody(Group, holds="Django's own list; not used"),
    of_nobody(Group.permissions.through, holds="Django's own list; not used"),
    of_nobody(ContentType, holds="Django's own list of models"),
)
