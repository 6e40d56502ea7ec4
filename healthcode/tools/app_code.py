"""`python -m healthcode.tools.app_code SECRET`: print what an authenticator app shows now.

It is for `make code`, with which somebody without such an app logs in to the demo.
"""

import base64
import binascii
import sys
import time

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP


def main(secret: str) -> None:
    """Print the six digits of this moment for the secret that the page shows."""
    try:
        key = base64.b32decode("".join(secret.split()).upper())
        totp = TOTP(key, 6, SHA1(), 30)  # noqa: S303 - RFC 6238 demands it
    except (binascii.Error, ValueError):
        sys.exit('Write the text below the picture: make code SECRET="ABCD EFGH …"')
    print(totp.generate(int(time.time())).decode())


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]))
