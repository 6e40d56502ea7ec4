"""Phone numbers in sessions. They are sealed there, because sessions are in the database."""

from base64 import b64decode, b64encode

from accounts import vault


def sealed(number: str) -> str:
    """Seal a phone number for the session."""
    return b64encode(vault.seal(number, field=vault.Field.SESSION_PHONE, row=b"")).decode()


def unsealed(text: str) -> str:
    """Return the phone number that `sealed` sealed. Raises `vault.VaultError` if it cannot."""
    return vault.unseal(b64decode(text), field=vault.Field.SESSION_PHONE, row=b"")
