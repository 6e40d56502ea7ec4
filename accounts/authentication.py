"""The bearer tokens of the HTTP interface.

A request costs one look-up by the unique index on the token's digest. The same query reads the
account and its roles. Nothing is cached, so that a revoked token stops working at once.
"""

import hashlib
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import Account, Role, Token
from healthcode.web.bearer import Bearer

MOST_BYTES = 128

# A migration made this function, and connections keep its plan. Django reads the account's other
# fields when they are used.
FIND = "SELECT * FROM accounts_token_of(%s, %s)"


def digest(token: str) -> bytes:
    """Return the SHA-256 of a token. Only this is stored; a random token needs no slow hash."""
    return hashlib.sha256(token.encode()).digest()


class BearerAuthentication(Bearer):
    """Set `request.user` to the token's Account, and `request.auth` to the Token."""

    def holder(self, token: str, request: Request) -> tuple[Account, object]:
        """Return the account and the token. Raises AuthenticationFailed, see `ask`."""
        account, held, _more = ask(FIND, token)
        return account, held


def ask(
    statement: str, token: str, *bound: str | int | None
) -> tuple[Account, Token, tuple[Any, ...]]:
    """Return the account of a token, the token, and the columns of `statement` beyond `FIND`'s.

    The statement takes the token's digest, the time, and `bound`.

    Raises:
        AuthenticationFailed: the token is unknown or expired, or its account is closed.
    """
    row = None
    if token.isascii() and len(token) <= MOST_BYTES:
        with connection.cursor() as cursor:
            cursor.execute(statement, [digest(token), timezone.now(), *bound])
            row = cursor.fetchone()
    if row is None:
        raise AuthenticationFailed(_("The token is no longer valid. Please log in again."))
    token_id, expires_at, scope, account_id, grants, *more = row
    account = Account.from_db(connection.alias, ["id", "is_active"], [account_id, True])
    pairs = (grant.split(":", 1) for grant in grants)
    account.held = frozenset((Role(role), area) for role, area in pairs)
    held = Token.from_db(
        connection.alias,
        ["id", "expires_at", "scope", "account_id"],
        [token_id, expires_at, scope, account_id],
    )
    held.account = account
    return account, held, tuple(more)
