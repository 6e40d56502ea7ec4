"""What this room writes: logins, people, staff."""

import re
import secrets
from datetime import datetime, timedelta
from hmac import compare_digest

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from accounts import limits, phones, sms, vault
from accounts.admission import NewPerson, admission, refusal_of
from accounts.authentication import digest
from accounts.authority import require_area
from accounts.errors import (
    AccountClosed,
    CodeVoid,
    WrongCode,
    WrongPassword,
    invalid,
)
from accounts.limits import Limit
from accounts.models import (
    Account,
    Grant,
    Guardianship,
    OneTimeCode,
    Person,
    Relation,
    Role,
    Token,
)
from healthcode.web import texts
from healthcode.web.errors import Refusal
from healthcode.web.fields import one_line

OTP_LIFE = timedelta(minutes=5)
OTP_ATTEMPTS = 5
_OTP = re.compile("[0-9]{6}")
RESIDENT_TOKEN_LIFE = timedelta(days=14)

RESEND = Limit("otp-resend", 1, timedelta(seconds=60))
PER_PHONE = Limit("otp-phone", 10, timedelta(days=1))
# Two codes' worth of mistakes; counted also where no code was sent, so that all phones look alike.
TRIES = Limit("otp-tries", 10, timedelta(minutes=10))
# Many phones share one address behind a carrier's or a hospital's gateway.
PER_ADDRESS = Limit("otp-address", settings.OTP_PER_ADDRESS_HOURLY, timedelta(hours=1))

# Enough for any family or ward, too few to find out whose documents are registered.
REGISTRATIONS = Limit("registrations", 200, timedelta(days=1))

# By name and address together first, so that a stranger elsewhere cannot lock an officer out.
PASSWORD_HERE = Limit("password-here", 5, timedelta(minutes=15))
PASSWORD_NAME = Limit("password-name", 50, timedelta(hours=1))
PASSWORD_ADDRESS = Limit("password-address", 100, timedelta(minutes=15))


def send_otp(*, phone: str, at: datetime, address: str = "") -> None:
    """Send a one-time code, the same to known and unknown phones.

    Args:
        phone: as typed, see `phones.normalise`.
        address: the client's IP address, which is limited too; "" when nobody asked from outside.

    Raises:
        InvalidInput: this is no phone number.
        TooMany: to this phone or from this address too many were sent.
        SendingFailed: the message could not be handed over.
    """
    number = phones.normalise(phone)
    code = f"{secrets.randbelow(10**6):06d}"
    limited = [(RESEND, number), (PER_PHONE, number)]
    if address:
        limited.append((PER_ADDRESS, address))
    with transaction.atomic():
        limits.take(limited, at=at)
        OneTimeCode.objects.create(
            phone_index=vault.index("phone", number),
            code_hash=vault.index("otp", number, code),
            sent_at=at,
            expires_at=at + OTP_LIFE,
        )
    minutes = OTP_LIFE // timedelta(minutes=1)
    text = _(
        "Your login code for the health code: %(code)s. It is valid for %(minutes)d minutes. Do "
        "not share this code."
    )
    sms.sender().send(phone=number, text=text % {"code": code, "minutes": minutes})


def verify_otp(*, phone: str, otp: str, at: datetime) -> Account:
    """The account of this phone, made on its first login, if `otp` is the code sent last.

    Raises:
        InvalidInput: this is no phone number, or no six digits, which costs no try.
        WrongCode: the code is wrong, used or over.
        CodeVoid: it was tried wrongly five times.
        TooMany: this phone was tried too often, whether or not a code was ever sent to it.
        AccountClosed: the account was closed.
    """
    number, typed = phones.normalise(phone), texts.number(otp)
    # What cannot be a code is no try at one.
    if not _OTP.fullmatch(typed):
        raise invalid("/otp", _("Please enter the six digits of the code that we sent."))
    limits.take([(TRIES, number)], at=at)
    # The refusal leaves the block before it is raised: the count of attempts must be kept.
    with transaction.atomic():
        refusal = _try_code(number, typed, at)
    if refusal is not None:
        raise refusal
    limits.forgive(TRIES, number)
    account = resident_account(phone=number)
    if not account.is_active:
        raise AccountClosed
    return account


def login(*, phone: str, otp: str, at: datetime) -> tuple[str, datetime]:
    """A bearer token for the resident with this phone, and when it expires.

    Raises:
        Refusal: as `verify_otp`.
    """
    account = verify_otp(phone=phone, otp=otp, at=at)
    expires_at = at + RESIDENT_TOKEN_LIFE
    return issue_token(account=account, label="login", expires_at=expires_at), expires_at


def resident_account(*, phone: str) -> Account:
    """The account of the resident whose phone (E.164) this is known to be, made if need be."""
    index = vault.index("phone", phone)
    sealed = vault.seal(phone, field=vault.Field.ACCOUNT_PHONE, row=index)
    with transaction.atomic():
        account, _made = Account.objects.get_or_create(
            phone_index=index, defaults={"phone_sealed": sealed}
        )
        Grant.objects.get_or_create(account=account, role=Role.RESIDENT, area="")
    return account


def issue_token(*, account: Account, label: str, expires_at: datetime, scope: str = "") -> str:
    """A new bearer token (43 characters, 256 random bits); only its digest is kept.

    `scope` limits it (see `Token`); without one it may do all that its account may.
    """
    token = secrets.token_urlsafe(32)
    Token.objects.create(
        account=account, digest=digest(token), label=label, scope=scope, expires_at=expires_at
    )
    return token


def revoke_token(*, token: Token) -> None:
    """End this token at once."""
    token.delete()


def verify_password(*, username: str, password: str, at: datetime, address: str = "") -> Account:
    """The staff account of this name, if the password is its own.

    Raises:
        TooMany: this name or this address tried too often.
        WrongPassword: name and password do not belong together, or the account is closed.
    """
    try:
        username = texts.line(username)
    except texts.NotVisible:  # the database cannot even look for all of them
        raise WrongPassword from None
    here = f"{username}\n{address}"
    limits.take(
        [(PASSWORD_HERE, here), (PASSWORD_NAME, username), (PASSWORD_ADDRESS, address)], at=at
    )
    account = authenticate(username=username, password=password)
    if not isinstance(account, Account):
        raise WrongPassword
    limits.forgive(PASSWORD_HERE, here)
    return account


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
    """Register the account's holder or somebody they look after.

    Args:
        relation: a value of `Relation`; None means the holder, then others.
        home_area: code of a division, any of the forms in use.

    Raises:
        InvalidInput: name, document, phone or the form of the area's code are wrong.
        UnknownArea, EndedArea: there is no such division, or no longer.
        DocumentAlreadyRegistered: somebody has registered this document, whoever it was.
        SelfAlreadyRegistered: the account's holder is registered already.
        TooMany: this account tried too many today.
    """
    limits.take([(REGISTRATIONS, str(account.pk))], at=at)
    newcomer = NewPerson(name, id_type, id_number, home_area, phone)
    try:
        with transaction.atomic():
            person, who = admission(newcomer, at=at)
            require_area(person.home_area, at=at, pointer="/home_area")
            person.save()
            who.save(force_insert=True)
            Guardianship.objects.create(
                account=account, person=person, relation=relation or _next(account), since=at
            )
    except IntegrityError as error:
        raise refusal_of(error) from error
    return person


@transaction.atomic
def add_staff(
    *, username: str, password: str | None, role: Role, area: str, at: datetime
) -> Account:
    """An account for an officer, a venue manager, a source or a partner; grants add up.

    Args:
        password: None for machines, which only use tokens.
        area: short code over which the role holds, "" for the whole country.

    Raises:
        InvalidInput: no name, or one with marks that nobody sees.
        UnknownArea, EndedArea: the area is none, or is one no longer.
        django.core.exceptions.ValidationError: the password is too weak.
    """
    if area:
        require_area(area, at=at)
    account, _made = Account.objects.get_or_create(username=_username(username))
    if password is not None:
        validate_password(password, account)
        account.set_password(password)
    elif not account.password:
        account.set_unusable_password()
    account.save(update_fields=["password"])
    Grant.objects.get_or_create(account=account, role=role, area=area)
    return account


@transaction.atomic
def set_open(*, account: Account, is_open: bool) -> None:
    """Close an account, or open it again; either way its tokens are gone."""
    Account.objects.filter(pk=account.pk).update(is_active=is_open)
    Token.objects.filter(account=account).delete()


@transaction.atomic
def let_go_of_holder(*, account: Account) -> None:
    """Leave of a resident's account nothing but its number, if nobody is registered with it.

    The row stays for the acts that refer to it.
    """
    roles = set(account.grants.values_list("role", flat=True))
    if account.guardianships.exists() or roles - {Role.RESIDENT}:
        return
    OneTimeCode.objects.filter(phone_index=account.phone_index).delete()
    account.tokens.all().delete()
    account.grants.all().delete()
    account.username = f"erased-{account.pk}"
    account.phone_index = account.phone_sealed = account.last_login = None
    account.is_active = False
    account.set_unusable_password()
    account.save()


@transaction.atomic
def delete_person(*, person_id: int) -> None:
    """Delete a person, and of the accounts with which nobody is registered then all but a number.

    What other rooms hold of the person must be gone before.
    """
    guardians = list(Account.objects.filter(guardianships__person=person_id))
    Person.objects.get(pk=person_id).delete()
    for guardian in guardians:
        let_go_of_holder(account=guardian)


def forget_accounts_of_nobody(*, at: datetime) -> int:
    """Delete residents' accounts with whom for `ACCOUNT_RETENTION_DAYS` nobody was registered."""
    before = at - timedelta(days=settings.ACCOUNT_RETENTION_DAYS)
    return _of_nobody(before=before).delete()[0]


def forget_telephones() -> None:
    """Take the telephone, and with it the way in, from every account that has one."""
    Account.objects.filter(phone_index__isnull=False).update(
        username=Concat(Value("erased-"), Cast("pk", CharField())),
        phone_index=None,
        phone_sealed=None,
        last_login=None,
        is_active=False,
    )


def _of_nobody(*, before: datetime) -> QuerySet[Account]:
    """Residents' accounts made `before` that look after nobody, have no role and did no act."""
    return Account.objects.filter(
        ~Exists(Grant.objects.filter(~Q(role=Role.RESIDENT), account=OuterRef("pk"))),
        created_at__lt=before,
        username__isnull=True,
        guardianships__isnull=True,
        acts__isnull=True,
        tokens__isnull=True,
    )


def _try_code(number: str, typed: str, at: datetime) -> Refusal | None:
    code = (
        OneTimeCode.objects.select_for_update()
        .filter(phone_index=vault.index("phone", number))
        .order_by("-id")
        .first()
    )
    if code is None or code.used_at is not None or code.expires_at <= at:
        return WrongCode()
    if code.attempts >= OTP_ATTEMPTS:
        next_code = code.sent_at + RESEND.within
        return CodeVoid(retry_after=max(1, round((next_code - at).total_seconds())))
    if not compare_digest(bytes(code.code_hash), vault.index("otp", number, typed)):
        code.attempts += 1
        code.save(update_fields=["attempts"])
        return WrongCode()
    code.used_at = at
    code.save(update_fields=["used_at"])
    return None


def _username(typed: str) -> str:
    name = one_line(typed, "/username")
    if not name:
        raise invalid("/username", _("Give the account a name."))
    return name


def _next(account: Account) -> Relation:
    has_holder = account.guardianships.filter(relation=Relation.SELF).exists()
    return Relation.OTHER if has_holder else Relation.SELF
