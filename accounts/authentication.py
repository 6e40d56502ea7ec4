"""Bearer tokens of the HTTP interface.

A request costs one look-up by the unique index on the token's digest, which brings the account
and its roles along. There is no cache on purpose: a token that is revoked stops working at once.
"""

import hashlib

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Value
from django.db.models.functions import Concat
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import Account, Grant, Role, Token

MOST_BYTES = 128


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
    grants = Grant.objects.filter(account=OuterRef("account_id")).values_list(
        Concat("role", Value(":"), "area")
    )
    token = (
        Token.objects.select_related("account")
        .filter(account__is_active=True, expires_at__gt=timezone.now())
        .annotate(held=ArraySubquery(grants))
        .filter(digest=digest(credentials.decode()))
        .first()
    )
    if token is not None:
        pairs = (grant.split(":", 1) for grant in token.held)
        token.account.held = frozenset((Role(role), area) for role, area in pairs)
    return token
