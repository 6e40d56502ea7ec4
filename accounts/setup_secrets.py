"""The secret of an authenticator app between its picture and its first code.

The session holds it, sealed, because sessions are in the database.
"""

from base64 import b64decode, b64encode
from typing import Final

import qrcode
from django.http import HttpRequest
from qrcode.constants import ERROR_CORRECT_M
from qrcode.image.svg import SvgPathImage

from accounts import authenticator_apps, vault
from accounts.models import Account

_KEY: Final = "new_app_secret"


def secret_of(request: HttpRequest, account: Account) -> str:
    """Return the secret that this session offers to the account, a new one the first time."""
    row, kept = str(account.pk).encode(), request.session.get(_KEY)
    if kept is not None:
        try:
            return vault.unseal(b64decode(kept), field=vault.Field.NEW_APP_SECRET, row=row)
        except vault.VaultError:  # it was for another account, or its key is gone
            pass
    secret = authenticator_apps.new_secret()
    sealed = vault.seal(secret, field=vault.Field.NEW_APP_SECRET, row=row)
    request.session[_KEY] = b64encode(sealed).decode()
    return secret


def forget(request: HttpRequest) -> None:
    """Remove the secret from the session, once the account has it."""
    request.session.pop(_KEY, None)


def picture_of(secret: str, *, account: Account) -> str:
    """Return the QR picture that an app reads, as a data: address of an SVG."""
    symbol = qrcode.QRCode(error_correction=ERROR_CORRECT_M, image_factory=SvgPathImage)
    symbol.add_data(authenticator_apps.address_of(secret, account=account))
    svg = symbol.make_image().to_string(encoding="unicode")
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"
