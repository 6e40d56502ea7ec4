"""Partners' systems: their keys, tokens, scopes and quotas, and the record of their calls.

To show who it is, a partner sends a JWT signed by its own key (RFC 7523). In return it gets a token
that is valid for ten minutes (RFC 6749, client credentials). This service stores no secret of a
partner.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from accounts import grants, limits
from accounts.authentication import digest
from accounts.errors import invalid
from accounts.in_force import in_force
from accounts.models import Account, Grant, Role, Token
from accounts.services import add_staff
from healthcode.core import Outcome, strict_json
from healthcode.core.claims import INVISIBLE
from healthcode.web.errors import Forbidden, InvalidInput, Refusal, TooMany
from healthcode.web.fields import one_line
from healthcode.web.texts import read_utf8
from verifier.errors import InvalidClient, InvalidScope
from verifier.models import Partner, PartnerAssertion, PartnerCall

VERIFY, SANDBOX = "verify", "sandbox"
SCOPES: Final = (VERIFY, SANDBOX)
"""What a partner may ask for: verdicts on real codes, and on specimens."""

TOKEN_LIFE: Final = timedelta(minutes=10)
ASSERTION_LIFE: Final = timedelta(minutes=10)
"""The longest life of an assertion. Its `jti` is kept until it can no longer be used."""

LEEWAY_SECONDS: Final = 60
CODES_PER_MINUTE: Final = 6000
LARGEST_QUOTA: Final = 1_000_000
LONGEST_CONTACT: Final = 128
CALLS_KEPT: Final = timedelta(days=180)
TOKEN_PATH: Final = "/api/v1/oauth/token"  # noqa: S105 - an address
ALGORITHMS: Final = ("ES256", "PS256")
_MOST_KEYS: Final = 10
_MOST_JTI: Final = 128
_LEAST_RSA_BITS: Final = 2048
_WRONG: Final = limits.Limit(
    "partner-assertions", most=60, within=timedelta(minutes=1), at_doors=True
)


@dataclass(frozen=True, slots=True)
class Granted:
    """A new token, its expiry and its scopes. The token is sent only once."""

    token: str = field(repr=False)
    expires_at: datetime
    scopes: tuple[str, ...]


def register(
    *,
    name: str,
    keys: bytes,
    scopes: Collection[str],
    codes_per_minute: int,
    contact: str,
    at: datetime,
    granted_by: Account | None = None,
) -> Partner:
    """Register a partner, or change a known one. `keys` is its JWK set, public keys only.

    Raises:
        InvalidInput: for a bad key set, unknown scopes, a quota beyond `LARGEST_QUOTA`, a contact
            that is too long or unreadable.
    """
    read = _read_keys(keys)
    if not scopes or set(scopes) - set(SCOPES) or not 1 <= codes_per_minute <= LARGEST_QUOTA:
        raise InvalidInput(
            _("Choose scopes from verify and sandbox, and a quota from 1 to 1,000,000.")
        )
    whom = one_line(contact, "/contact")
    if len(whom) > LONGEST_CONTACT:
        raise invalid("/contact", _("This is too long. Give at most 128 characters."))
    with transaction.atomic():
        account = add_staff(
            username=name,
            password=None,
            role=Role.PARTNER,
            area="",
            granted_by=granted_by,
            at=at,
        )
        partner, _made = Partner.objects.update_or_create(
            account=account,
            defaults={
                "keys": read.as_dict(private=False),
                "scopes": " ".join(sorted(set(scopes))),
                "codes_per_minute": codes_per_minute,
                "contact": whom,
            },
        )
    return partner


@transaction.atomic
def end(*, partner: Partner, at: datetime) -> None:
    """End a partner's system: its keys and tokens are worth nothing. Its calls stay on record."""
    account = partner.account
    partner.delete()
    for grant in Grant.objects.in_force(at).filter(account=account, role=Role.PARTNER):
        grants.take_back(grant=grant, at=at)
    Token.objects.filter(account=account).delete()


def grant(*, assertion: str, scope: str, sender: str, at: datetime) -> Granted:
    """Give a token to the partner that signed `assertion`. Each assertion works once.

    `scope` lists the scopes that the partner asks for, separated by spaces. If it is empty, the
    partner gets all scopes that it may have.

    Raises:
        InvalidClient: the partner is unknown or closed, or the assertion is wrongly signed, out of
            date or already used.
        InvalidScope: the partner may not have one of the scopes.
        TooMany: too many wrong assertions came from `sender`, a network address.
    """
    limits.take([(_WRONG, sender)], at=at)
    partner, claims = _authenticate(assertion, at=at)
    limits.forgive(_WRONG, sender)
    try:
        _use_up(partner, claims, at=at)
        scopes = _granted_scopes(partner, scope)
    except Refusal as refusal:
        _write_down(partner.account, "token", codes=0, refused=refusal.slug, at=at)
        raise
    token = _issue(partner, scopes, expires_at=at + TOKEN_LIFE)
    _write_down(partner.account, "token", codes=0, refused="", at=at)
    return Granted(token, at + TOKEN_LIFE, scopes)


def take(
    *, account: Account, token_scope: str, scope: str, codes: int, at: datetime
) -> PartnerCall:
    """Count `codes` against the partner's quota, and record the call, even a refused one.

    A token without scopes was issued by hand and has all scopes.

    Raises:
        Forbidden: the token lacks `scope`.
        TooMany: the rest of this minute's quota is smaller than `codes`.
    """
    refusal: Refusal | None = None
    if token_scope and scope not in token_scope.split():
        refusal = Forbidden(_("This token lacks the scope for this call. Ask for one that has it."))
    elif not _count(account, codes, at):
        refusal = TooMany(
            _(
                "Your quota for this minute is used up. Send fewer codes, or ask for a larger "
                "quota."
            ),
            retry_after=60 - at.second,
        )
    refused = refusal.slug if refusal else ""
    call = _write_down(account, scope, codes=codes, refused=refused, at=at)
    if refusal is not None:
        raise refusal
    return call


def answered(call: PartnerCall, outcomes: Iterable[Outcome]) -> None:
    """Add to a call the counts of its verdicts. `outcomes` has one for each code."""
    counted = Counter(outcomes)
    PartnerCall.objects.filter(pk=call.pk).update(
        passes=counted[Outcome.PASS],
        cautions=counted[Outcome.CAUTION],
        refusals=counted[Outcome.REFUSE],
    )


def forget_assertions(*, at: datetime) -> int:
    """Delete assertions that have expired and cannot be used again. Return how many."""
    return PartnerAssertion.objects.filter(expires_at__lt=at).delete()[0]


def forget_calls(*, at: datetime) -> int:
    """Delete the records of calls older than `CALLS_KEPT`. Return how many."""
    return PartnerCall.objects.filter(at__lt=at - CALLS_KEPT).delete()[0]


def audience() -> tuple[str, ...]:
    """Return the allowed audiences (`aud`): this service's address or its token endpoint."""
    return (settings.BASE_URL, settings.BASE_URL + TOKEN_PATH)


def _authenticate(assertion: str, *, at: datetime) -> tuple[Partner, dict[str, Any]]:
    # The unverified `iss` only selects the keys. Every claim is read again from the verified token.
    try:
        claimed = strict_json.read(jws.extract_compact(assertion.encode()).payload.decode())
        name = claimed.get("iss") if isinstance(claimed, dict) else None
        partner = _partner_named(name, at)
        claims = jwt.decode(
            assertion, KeySet.import_key_set(partner.keys), algorithms=ALGORITHMS
        ).claims
        _registry(str(partner.account.username), at).validate(claims)
    except (JoseError, ValueError, RecursionError) as error:
        raise InvalidClient from error
    latest = int((at + ASSERTION_LIFE).timestamp()) + LEEWAY_SECONDS
    # Python's JSON reads NaN as a number, and no comparison with NaN is true.
    if type(claims["exp"]) is not int or claims["exp"] > latest:
        raise InvalidClient
    return partner, claims


def _registry(name: str, at: datetime) -> jwt.JWTClaimsRegistry:
    """Return the rules for the claims (RFC 7523, section 3)."""
    return jwt.JWTClaimsRegistry(
        now=int(at.timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": name},
        sub={"essential": True, "value": name},
        aud={"essential": True, "values": list(audience())},
        exp={"essential": True},
        jti={"essential": True},
    )


def _partner_named(name: object, at: datetime) -> Partner:
    if isinstance(name, str) and not INVISIBLE.search(name):
        # A process of doors may not read the other columns.
        found = (
            Partner.objects.select_related("account")
            .only("keys", "scopes", "codes_per_minute", "account__username")
            .filter(
                in_force(at, "account__grants__"),
                account__grants__role=Role.PARTNER,
                account__username=name,
                account__is_active=True,
            )
        )
        partner = found.first()
        if partner is not None:
            return partner
    raise InvalidClient


def _use_up(partner: Partner, claims: dict[str, Any], *, at: datetime) -> None:
    jti = claims["jti"]
    if not isinstance(jti, str) or not 0 < len(jti) <= _MOST_JTI:
        raise InvalidClient
    jti_hash = sha256(jti.encode("utf-8", "surrogatepass")).digest()
    remembered_until = at + ASSERTION_LIFE + timedelta(seconds=2 * LEEWAY_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO verifier_partnerassertion (partner_id, jti_hash, expires_at)"
            " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [partner.pk, jti_hash, remembered_until],
        )
        if cursor.rowcount != 1:
            raise InvalidClient


def _issue(partner: Partner, scopes: Iterable[str], *, expires_at: datetime) -> str:
    """Make a token by a function of the owner, which makes tokens of partners only.

    A process of doors may not add to the table, because its rows could be tokens of officers.
    """
    token = secrets.token_urlsafe(32)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT issue_partner_token(%s, %s, %s, %s)",
            [partner.pk, digest(token), " ".join(scopes), expires_at],
        )
    return token


def _granted_scopes(partner: Partner, asked: str) -> tuple[str, ...]:
    allowed = partner.scopes.split()
    wanted = asked.split() or allowed
    if set(wanted) - set(allowed):
        raise InvalidScope
    return tuple(scope for scope in SCOPES if scope in wanted)


def _read_keys(keys: bytes) -> KeySet:
    """Read a partner's JWK set. Raises InvalidInput."""
    try:
        given = strict_json.read(read_utf8(keys))
        read = KeySet.import_key_set(given)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(_("The keys are not a JWK set.")) from error
    names = {key.kid for key in read.keys}
    if not 0 < len(read.keys) <= _MOST_KEYS or len(names) < len(read.keys):
        raise InvalidInput(_("Give a JWK set of 1 to 10 keys. Each key needs its own kid."))
    if any(key.is_private for key in read.keys):
        raise InvalidInput(_("Send only public keys. A private key must never leave its owner."))
    if not all(_is_good(key) for key in read.keys):
        raise InvalidInput(_("Use P-256 keys, or RSA keys of at least 2048 bits."))
    return read


def _is_good(key: object) -> bool:
    if isinstance(key, RSAKey):
        return bool(key.public_key.key_size >= _LEAST_RSA_BITS)
    return isinstance(key, ECKey) and bool(key.curve_name == "P-256")


def _count(account: Account, codes: int, at: datetime) -> bool:
    """Add `codes` to the minute's count. Return False when the quota does not allow them."""
    quota = _quota(account)
    if codes > quota:
        return False
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {
                "account": account.pk,
                "minute": at.replace(second=0, microsecond=0),
                "codes": codes,
                "quota": quota,
            },
        )
        return bool(cursor.rowcount == 1)


_COUNT: Final = """
INSERT INTO verifier_partneruse AS used (account_id, minute, codes)
VALUES (%(account)s, %(minute)s, %(codes)s)
ON CONFLICT (account_id) DO UPDATE SET
    minute = EXCLUDED.minute,
    codes = EXCLUDED.codes + CASE WHEN used.minute = EXCLUDED.minute THEN used.codes ELSE 0 END
WHERE used.minute <> EXCLUDED.minute OR used.codes + EXCLUDED.codes <= %(quota)s
"""


def _quota(account: Account) -> int:
    own = Partner.objects.filter(pk=account.pk).values_list("codes_per_minute", flat=True).first()
    return CODES_PER_MINUTE if own is None else own


def _write_down(
    account: Account, call: str, *, codes: int, refused: str, at: datetime
) -> PartnerCall:
    return PartnerCall.objects.create(
        account=account, call=call, codes=codes, refused=refused, at=at
    )
