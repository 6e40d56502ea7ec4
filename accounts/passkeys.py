"""Passkeys (WebAuthn level 3): how one is registered, and how its holder shows it.

The user must unlock the authenticator with a PIN, finger or face, so that a found one opens
nothing. The library `fido2` reads and verifies what the browser sends (docs/decisions/0059).
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts import limits, second_factor, sign_ins, vault
from accounts.event_models import AccountEventKind
from accounts.factor_errors import (
    PasskeyBlocked,
    PasskeyCloned,
    PasskeyKnown,
    PasskeyOfAnother,
    PasskeyRefused,
    TooManyPasskeys,
)
from accounts.limits import Limit
from accounts.models import Account, KnownDevice
from accounts.second_factor_models import LONGEST_CREDENTIAL_ID, LONGEST_NAME, Passkey
from healthcode.web.fields import one_line

CHALLENGE_LIFE: Final = timedelta(minutes=5)
MOST: Final = 10
"""How many passkeys an account can have."""
# RFC 9053: ES256, EdDSA, RS256. Every authenticator has at least one of them.
_ALGORITHMS: Final = (-7, -8, -257)
# Each challenge counts once, even when two requests bring it at the same instant.
_ONCE: Final = Limit("passkey-challenge", 1, CHALLENGE_LIFE)
_NOT_ACCEPTED: Final = (PasskeyRefused, PasskeyOfAnother, PasskeyBlocked)
# What fido2 and the decoders below it raise for data that is not what WebAuthn says.
_UNREADABLE: Final = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    InvalidSignature,
    LookupError,
    RecursionError,
    TypeError,
    UnsupportedAlgorithm,
    ValueError,
    struct.error,
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The random text that an authenticator signs, for one account and one purpose."""

    text: str
    account: int
    is_registration: bool
    at: int

    def state(self) -> dict[str, object]:
        """Return it as fido2 wants it."""
        return {"challenge": self.text, "user_verification": UserVerificationRequirement.REQUIRED}


def begin_registration(*, account: Account, at: datetime) -> tuple[dict[str, Any], Challenge]:
    """Return what a browser needs to make a passkey (JSON), and the challenge to keep."""
    own = Passkey.objects.filter(account=account).values_list("credential_id", flat=True)
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(
            name=account.username or "", display_name=account.username or "", id=_handle(account)
        ),
        credentials=_descriptors(own),
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _json(options), Challenge(state["challenge"], account.pk, True, int(at.timestamp()))


def register(
    *,
    account: Account,
    challenge: Challenge | None,
    sent: str,
    name: str,
    at: datetime,
    here: KnownDevice | None = None,
) -> Passkey:
    """Store a passkey that the account's holder has just made.

    Args:
        here: the device on which the holder stays logged in, see `second_factor.note_added`.
        sent: the credential as JSON, as `PublicKeyCredential.toJSON` writes it.
        name: what its holder calls it; "" for a number.

    Raises:
        PasskeyRefused: the answer is not one to this challenge, from our page, by somebody who
            unlocked the authenticator; or its time is over.
        PasskeyKnown, PasskeyOfAnother: it is registered already, here or with another account.
        TooManyPasskeys: the account has no room for another.
        InvalidInput: the name has characters that no name can have.
    """
    name = one_line(name, "/name")[:LONGEST_NAME]
    made = read_registration(_use_up(challenge, account=account, is_registration=True, at=at), sent)
    credential = made.credential_data
    if credential is None or credential.public_key.get(3) not in _ALGORITHMS:
        raise PasskeyRefused
    if len(credential.credential_id) > LONGEST_CREDENTIAL_ID:
        raise PasskeyRefused
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        _refuse_known(account, credential.credential_id)
        number = Passkey.objects.filter(account=account).count() + 1
        if number > MOST:
            raise TooManyPasskeys
        try:
            with transaction.atomic():
                passkey = Passkey.objects.create(
                    account=account,
                    credential_id=credential.credential_id,
                    public_key=cbor.encode(dict(credential.public_key)),
                    sign_count=made.counter,
                    name=name or _("Passkey %(number)d") % {"number": number},
                    added_at=at,
                )
        except IntegrityError:  # another account has registered it at the same instant
            raise PasskeyOfAnother from None
        second_factor.note_added(account=account, here=here, at=at)
    return passkey


def begin_proof(*, account: Account, at: datetime) -> tuple[dict[str, Any], Challenge]:
    """Return what a browser needs to show one of the account's passkeys, and the challenge."""
    own = Passkey.objects.filter(account=account, blocked_at=None)
    options, state = _server().authenticate_begin(
        _descriptors(own.values_list("credential_id", flat=True)),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _json(options), Challenge(state["challenge"], account.pk, False, int(at.timestamp()))


def prove(*, account: Account, challenge: Challenge | None, sent: str, at: datetime) -> Passkey:
    """Check a passkey that somebody shows as this account, and return it.

    Args:
        sent: the answer of the authenticator as JSON.

    Raises:
        PasskeyRefused: as `register`, or the signature is wrong, or nobody knows the passkey.
        PasskeyOfAnother: it is the passkey of another account.
        PasskeyBlocked: it was blocked before.
        PasskeyCloned: its count is not higher than before. It is blocked from now on.
    """
    try:
        return _prove(account, challenge, sent, at)
    except _NOT_ACCEPTED as refusal:
        is_clone = isinstance(refusal, PasskeyCloned)
        kind = AccountEventKind.FACTOR_BLOCKED if is_clone else AccountEventKind.FACTOR_FAILED
        sign_ins.note(account=account, kind=kind, at=at)
        raise


def _prove(account: Account, challenge: Challenge | None, sent: str, at: datetime) -> Passkey:
    asked = _use_up(challenge, account=account, is_registration=False, at=at)
    response = read_answer(sent)
    with transaction.atomic():
        passkey = _locked(account, response)
        _verify(asked, passkey, response)
        count = response.response.authenticator_data.counter
        is_cloned = bool(count or passkey.sign_count) and count <= passkey.sign_count
        if is_cloned:
            passkey.blocked_at = at
        else:
            passkey.sign_count, passkey.last_used = count, at
        passkey.save(update_fields=["blocked_at", "sign_count", "last_used"])
    if is_cloned:  # raised here, because a refusal inside would undo the block
        raise PasskeyCloned
    return passkey


def _use_up(
    challenge: Challenge | None, *, account: Account, is_registration: bool, at: datetime
) -> Challenge:
    """Return the challenge; refuse one that is missing, too old, used, or for something else."""
    if challenge is None:
        raise PasskeyRefused
    is_ours = (challenge.account, challenge.is_registration) == (account.pk, is_registration)
    age = at - datetime.fromtimestamp(challenge.at, UTC)
    if not is_ours or age > CHALLENGE_LIFE or not limits.take_if_left(_ONCE, challenge.text, at=at):
        raise PasskeyRefused
    return challenge


def _server() -> Fido2Server:
    host = urlsplit(settings.STAFF_URL).hostname or ""
    server = Fido2Server(
        PublicKeyCredentialRpEntity(name=settings.ISSUER, id=host),
        verify_origin=lambda origin: origin == settings.STAFF_URL,
    )
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=algorithm)
        for algorithm in _ALGORITHMS
    ]
    return server


def read_registration(challenge: Challenge, sent: str) -> AuthenticatorData:
    """Return what an authenticator says of a new passkey. Raises PasskeyRefused."""
    try:
        return _server().register_complete(challenge.state(), _object(sent))
    except _UNREADABLE:
        raise PasskeyRefused from None


def read_answer(sent: str) -> AuthenticationResponse:
    """Return what an authenticator answers, not verified yet. Raises PasskeyRefused."""
    try:
        return AuthenticationResponse.from_dict(_object(sent))
    except _UNREADABLE:
        raise PasskeyRefused from None


def _verify(challenge: Challenge, passkey: Passkey, response: AuthenticationResponse) -> None:
    key = CoseKey.parse(dict(_mapping(cbor.decode(bytes(passkey.public_key)))))
    known = AttestedCredentialData.create(Aaguid.NONE, bytes(passkey.credential_id), key)
    handle = response.response.user_handle
    if handle is not None and handle != _handle(passkey.account):
        raise PasskeyRefused
    try:
        _server().authenticate_complete(challenge.state(), [known], response)
    except _UNREADABLE:
        raise PasskeyRefused from None


def _locked(account: Account, response: AuthenticationResponse) -> Passkey:
    known = Passkey.objects.select_for_update(of=("self",)).select_related("account")
    passkey = known.filter(credential_id=response.raw_id).first()
    if passkey is None:
        raise PasskeyRefused
    if passkey.account_id != account.pk:
        raise PasskeyOfAnother
    if passkey.blocked_at is not None:
        raise PasskeyBlocked
    return passkey


def _refuse_known(account: Account, credential_id: bytes) -> None:
    known = Passkey.objects.filter(credential_id=credential_id).first()
    if known is not None:
        raise PasskeyKnown if known.account_id == account.pk else PasskeyOfAnother


def _handle(account: Account) -> bytes:
    """Return what an authenticator stores of the account: a keyed hash, which names nobody."""
    return vault.index("passkey", str(account.pk))


def _descriptors(ids: Any) -> list[PublicKeyCredentialDescriptor]:
    kind = PublicKeyCredentialType.PUBLIC_KEY
    return [PublicKeyCredentialDescriptor(type=kind, id=bytes(one)) for one in ids]


def _json(options: Any) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(dict(options)))["publicKey"]
    return read


def _object(sent: str) -> Mapping[str, Any]:
    return _mapping(json.loads(sent))


def _mapping(value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise PasskeyRefused
    return value
