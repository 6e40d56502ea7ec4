"""An authenticator app, written from RFC 4226 and RFC 6238 with the standard library alone."""

import base64
import hashlib
import hmac
import struct
from datetime import datetime


def code_of(secret: str, at: datetime) -> str:
    """Return the six digits that the app shows at an instant."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.digest(key, struct.pack(">Q", int(at.timestamp()) // 30), hashlib.sha1)
    (number,) = struct.unpack_from(">I", mac, mac[-1] & 0xF)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06d}"
