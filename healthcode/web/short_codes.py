"""Codes that people read on one screen and type on another: short, and used once."""

import secrets
from typing import Final

from healthcode.web import texts

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's Base32, which has no letters that look like digits."""

LENGTH: Final = 8
_LOOKALIKES: Final = str.maketrans("OIL", "011")


def new_short_code() -> str:
    """Return a new code in its one form: 8 characters with 40 random bits."""
    return "".join(secrets.choice(ALPHABET) for _place in range(LENGTH))


def shown(code: str) -> str:
    """Return a code as people read it, such as `7K3M-9QXT`."""
    return f"{code[:4]}-{code[4:]}"


def normalise_short_code(text: str) -> str:
    """Return a typed code in its one form: without spaces and dashes, in capitals, half width.

    The letters O, I and L are read as the digits that they look like.
    """
    return texts.number(text[:64]).translate(_LOOKALIKES)
