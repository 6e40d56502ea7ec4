"""What this room writes: accounts, people, staff."""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts import grants, limits, phones, registration, sign_ins, vault
from accounts.admission import NewPerson
from accounts.authentication import digest
from accounts.authority import require_area
from accounts.errors import PeopleAndMachines, invalid
from accounts.event_models import AccountEventKind
from accounts.limits import Limit, take_if_left
from accounts.login_models import OneTimeCode, StartedLogin, StepUp
from accounts.models import (
    ERASED,
    LONGEST_INSTITUTION,
    LONGEST_USERNAME,
    MOVED,
    OF_MACHINES,
    OF_PEOPLE,
    Account,
    Grant,
    Guardianship,
    Institution,
    KnownDevice,
    Person,
    Relation,
    Role,
    StaffPhone,
    Token,
)
from healthcode.web.fields import one_line

RESIDENT_TOKEN_LIFE = timedelta(days=14)
STAFF_TOKEN_LIFE = timedelta(hours=12)
"""Of a token that staff make from their own session."""

# Enough for any family or hospital ward, too few to search for registered documents.
REGISTRATIONS = Limit("registrations", 200, timedelta(days=1))
# A register learns a telephone seldom, and people declare often.
ASKED_BY_ITSELF = Limit("register-asked-by-itself", 1, timedelta(days=1))


def resident_account(*, phone: str) -> Account:
    """Return the account of the resident with this verified phone number (E.164), or make it."""
    index = vault.index("phone", phone)
    sealed = vault.seal(phone, field=vault.Field.ACCOUNT_PHONE, row=index)
    with transaction.atomic():
        account, _made = Account.objects.get_or_create(
            phone_index=index, defaults={"phone_sealed": sealed}
        )
        Grant.objects.ever().get_or_create(account=account, role=Role.RESIDENT, area="")
    return account


def issue_token(
    *,
    account: Account,
    label: str,
    expires_at: datetime,
    scope: str = "",
    device: KnownDevice | None = None,
) -> str:
    """Make a bearer token (43 characters, 256 random bits), of which only the digest is stored.

    `scope` limits it (see `Token`); without a scope it may do everything that its account may.
    """
    token = secrets.token_urlsafe(32)
    Token.objects.create(
        account=account,
        digest=digest(token),
        label=label,
        scope=scope,
        device=device,
        expires_at=expires_at,
    )
    return token


@transaction.atomic
def issue_own_token(*, account: Account, at: datetime) -> tuple[str, datetime]:
    """Make a token for whoever of the staff is logged in; return it, and when it expires."""
    expires_at = at + STAFF_TOKEN_LIFE
    token = issue_token(account=account, label="own session", expires_at=expires_at)
    sign_ins.note(account=account, kind=AccountEventKind.TOKEN_MADE, at=at)
    return token, expires_at


@transaction.atomic
def revoke_token(*, token: Token, kind: AccountEventKind, at: datetime) -> None:
    """End this token at once; `kind` says who ended it, for the account's own list."""
    token.delete()
    sign_ins.note(account=token.account, kind=kind, at=at)


def register_person(
    *,
    account: Account,
    relation: str | None,
    name: str,
    id_type: str,
    id_number: str,
    phone: str | None,
    home_area: str,
    at: datetime,
) -> Person:
    """Register the account's holder or somebody whom the holder looks after.

    The real-name check is asked once. If it does not know these people, they are only claimed.

    Args:
        relation: a value of `Relation`. None means "self" if the account's holder is not registered
            yet, otherwise "other".
        home_area: the code of a division, in any of the usual forms.

    Raises:
        InvalidInput: the name, the document, the phone number or the form of the area code is
            wrong.
        UnknownArea, EndedArea: there is no such division, or it has ended.
        DocumentAlreadyRegistered: somebody has registered this document, and the real-name check
            does not know this name and telephone for it.
        SelfAlreadyRegistered: the account's holder is already registered.
        TooMany: this account has registered too many people today.
    """
    limits.take([(REGISTRATIONS, str(account.pk))], at=at)
    newcomer = NewPerson(name, id_type, id_number, home_area, phone)
    return registration.register(
        account=account,
        relation=Relation(relation) if relation else None,
        newcomer=newcomer,
        proof=registration.proof_at_registration(account=account, newcomer=newcomer, at=at),
        at=at,
    )


@transaction.atomic
def ask_again(*, account: Account, person_id: int, at: datetime) -> bool:
    """Ask the real-name check again about somebody whom the account claimed; see `prove`.

    Raises:
        NotFound: the account does not look after this person.
        TooMany: the account has asked too often today.
    """
    limits.take([(REGISTRATIONS, str(account.pk))], at=at)
    return registration.prove(account=account, person_id=person_id, at=at)


def ask_once_a_day(*, account: Account, person_id: int, at: datetime) -> None:
    """Ask the real-name check about somebody whom the account claims, if nobody has asked today.

    So the proof comes without the person looking for a page. It costs one query for people whom
    the account does not claim.
    """
    claims = Guardianship.objects.filter(account=account, person=person_id, proof=None)
    if claims.exists() and take_if_left(ASKED_BY_ITSELF, f"{account.pk} {person_id}", at=at):
        registration.prove(account=account, person_id=person_id, at=at)


@transaction.atomic
def add_staff(
    *,
    username: str,
    password: str | None,
    role: Role,
    area: str,
    at: datetime,
    granted_by: Account | None = None,
    ends_at: datetime | None = None,
) -> Account:
    """Make an account for staff or a machine, or give it a further role.

    Args:
        password: None for machines, which use only tokens.
        area: the short code of the area in which the account has the role; "" is the whole country.
        granted_by: who grants the role. A role that the account already has stays as it is.
        ends_at: from when on the role does not hold any more; None if it has no end.

    Raises:
        InvalidInput: there is no name, or it has invisible characters.
        UnknownArea, EndedArea: there is no such area, or it has ended.
        PeopleAndMachines: the account has roles of the other sort.
        django.core.exceptions.ValidationError: the password is too weak.
    """
    if area:
        require_area(area, at=at)
    account, _made = Account.objects.get_or_create(username=staff_name(username))
    refuse_mixed(account, role)
    if password is not None:
        validate_password(password, account)
        account.set_password(password)
    elif not account.password:
        account.set_unusable_password()
    account.save(update_fields=["password"])
    grants.give(
        account=account, role=role, area=area, granted_by=granted_by, ends_at=ends_at, at=at
    )
    return account


def set_staff_phone(*, account: Account, phone: str) -> StaffPhone:
    """Store the telephone at which staff are told what cannot wait; it replaces an earlier one.

    Raises:
        InvalidInput: this is not a phone number.
    """
    number = phones.normalise(phone)
    told = StaffPhone(account=account)
    told.sealed = vault.seal(number, field=vault.Field.STAFF_PHONE, row=told.bound_to)
    told.save()
    return told


def refuse_mixed(account: Account, role: Role) -> None:
    """Refuse to make a person's account a machine's too, or the other way round.

    Otherwise a token or a key that an administrator gives to a machine would open what only a
    person may do. Roles that have ended count, because they can be given again.

    Raises:
        PeopleAndMachines: the account has roles of the other sort.
    """
    others = OF_MACHINES if role in OF_PEOPLE else OF_PEOPLE
    if account.grants.ever().filter(role__in=others).exists():
        raise PeopleAndMachines


def name_institution(*, account: Account, zh: str = "", en: str = "") -> Institution:
    """Give a source its public name, which replaces an earlier one.

    Raises:
        InvalidInput: there is no name, a name is too long, or has characters that no name can have.
    """
    names = {"zh": one_line(zh, "/name"), "en": one_line(en, "/name_en")}
    if not any(names.values()):
        raise invalid("/name", _("Give the institution a name that residents know it by."))
    if any(len(name) > LONGEST_INSTITUTION for name in names.values()):
        raise invalid("/name", _("This name is too long. Give a shorter one."))
    institution, _made = Institution.objects.update_or_create(account=account, defaults=names)
    return institution


@transaction.atomic
def set_open(*, account: Account, is_open: bool) -> None:
    """Close an account or open it again, and delete its tokens and the telephone of its holder."""
    Account.objects.filter(pk=account.pk).update(is_active=is_open)
    Token.objects.filter(account=account).delete()
    StaffPhone.objects.filter(account=account).delete()


@transaction.atomic
def let_go_of_holder(*, account: Account) -> None:
    """Delete everything in a resident's account but its number, if nobody is registered with it.

    The row stays, because acts refer to it.
    """
    roles = set(account.grants.ever().values_list("role", flat=True))
    if account.guardianships.exists() or roles - {Role.RESIDENT}:
        return
    for of_phone in (StartedLogin, OneTimeCode):
        of_phone.objects.filter(phone_index=account.phone_index).delete()
    StepUp.objects.filter(account=account).delete()
    account.devices.all().delete()
    account.events.all().delete()
    account.tokens.all().delete()
    account.grants.ever().delete()
    account.username = f"{ERASED}{account.pk}"
    account.phone_index = account.phone_sealed = account.last_login = None
    account.is_active = False
    account.set_unusable_password()
    account.save()


def let_go_of_telephone(*, account: Account) -> None:
    """Take the telephone from an account, because somebody else has the number now.

    Whoever is logged in stays so. Nobody can log in with the account until it has a telephone.
    """
    account.username = f"{MOVED}{account.pk}"
    account.phone_index = account.phone_sealed = None
    account.save(update_fields=["username", "phone_index", "phone_sealed"])


@transaction.atomic
def delete_person(*, person_id: int) -> None:
    """Delete a person, and the contents of the accounts with which nobody is registered any more.

    Other rooms must have deleted their data about the person before.
    """
    guardians = list(Account.objects.filter(guardianships__person=person_id))
    Person.objects.get(pk=person_id).delete()
    for guardian in guardians:
        let_go_of_holder(account=guardian)


def forget_accounts_of_nobody(*, at: datetime) -> int:
    """Delete residents' accounts with which nobody was registered for `ACCOUNT_RETENTION_DAYS`."""
    before = at - timedelta(days=settings.ACCOUNT_RETENTION_DAYS)
    return _of_nobody(before=before).delete()[0]


def forget_telephones() -> None:
    """Remove the phone number from all accounts, so that nobody can log in with it any more."""
    Account.objects.filter(phone_index__isnull=False).update(
        username=Concat(Value(ERASED), Cast("pk", CharField())),
        phone_index=None,
        phone_sealed=None,
        last_login=None,
        is_active=False,
    )


def _of_nobody(*, before: datetime) -> QuerySet[Account]:
    """Select residents' accounts from `before` that look after nobody, have no role and no act."""
    return Account.objects.filter(
        ~Exists(Grant.objects.ever().filter(~Q(role=Role.RESIDENT), account=OuterRef("pk"))),
        Q(username__isnull=True) | Q(username__startswith=MOVED),
        created_at__lt=before,
        guardianships__isnull=True,
        acts__isnull=True,
        tokens__isnull=True,
    )


def staff_name(typed: str) -> str:
    """Return the user name that somebody typed.

    Raises:
        InvalidInput: it cannot be one, or it begins like the names that residents' accounts get
            when they lose their telephone. A role would open such an account to somebody else, and
            another account of that name would keep the telephone where it is.
    """
    name = one_line(typed, "/username")
    if not name:
        raise invalid("/username", _("Give the account a name."))
    if name.startswith((MOVED, ERASED)):
        raise invalid("/username", _("No name begins with moved- or erased-. Give another one."))
    if len(name) > LONGEST_USERNAME:
        raise invalid("/username", _("This name is too long. Give a shorter one."))
    return name
