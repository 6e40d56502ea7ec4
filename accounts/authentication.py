"""Bearer tokens of the HTTP interface.

A request costs one look-up by the unique index on the token's digest, which brings the account
and its roles along. There is no cache on purpose: a token that is revoked stops working at once.
"""

import hashlib

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import Account, Role, Token

MOST_BYTES = 128

# A function of the migration's, whose plan connections keep. The other fields of the account are
# read when somebody wants them.
FIND = "SELECT * FROM accounts_token_of(%s, %s)"


def digest(token: str) -> bytes:
    """What is kept of a token: its SHA-256. A random token needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; `request.user` is the Account, `request.auth` the Token."""

    def authenticate(self, request: Request) -> tuple[Account, Token] | None:
        """The account of the token; None when the request carries none.

        Raises:
            AuthenticationFailed: the token is unknown or expired, or its account is closed.
        """
        scheme, _space, credentials = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = _find(credentials.strip())
        if token is None:
            raise AuthenticationFailed(_("The token is not valid any more. Log in again."))
        return token.account, token

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        return "Bearer"


def _find(credentials: bytes) -> Token | None:
    if not credentials.isascii() or len(credentials) > MOST_BYTES:
        return None
    with connection.cursor() as cursor:
        cursor.execute(FIND, [digest(credentials.decode()), timezone.now()])
        row = cursor.fetchone()
    if row is None:
        return None
    token_id, expires_at, scope, account_id, grants = row
    account = Account.from_db(connection.alias, ["id", "is_active"], [account_id, True])
    pairs = (grant.split(":", 1) for grant in grants)
    account.held = frozenset((Role(role), area) for role, area in pairs)
    token = Token.from_db(
        connection.alias,
        ["id", "expires_at", "scope", "account_id"],
        [token_id, expires_at, scope, account_id],
    )
    token.account = account
    return token
