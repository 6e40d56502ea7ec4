"""Settings that would fail only at the first code are refused before the service starts."""

import base64
import binascii
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, Final

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from healthcode.codes.status_lists.indexes import LARGEST, uri_of
from healthcode.core import (
    Algorithm,
    CodeTooLarge,
    Colour,
    HealthCode,
    Kind,
    MalformedCode,
    StatusRef,
    sign,
)

LONGEST_HOLDER: Final = "*" * 12
LATEST_POLICY: Final = 2**16 - 1
LATEST_PART: Final = 9
LEAST_KEY_BYTES: Final = 16
DAY_SECONDS: Final = 24 * 3600


@register
def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **options: Any
) -> Iterable[CheckMessage]:
    """That every code will fit its QR picture, and that the status index key is a key."""
    faults = []
    try:
        largest_code()
    except CodeTooLarge as error:
        faults.append(
            Error(
                f"Codes would not fit QR version 10 at level M: {error}. "
                "Choose a shorter STATUS_BASE_URL.",
                id="codes.E001",
            )
        )
    except MalformedCode as error:
        faults.append(Error(f"Settings of codes are wrong: {error}.", id="codes.E002"))
    if settings.COLOUR_RETENTION_DAYS * DAY_SECONDS < settings.PAPER_CODE_SECONDS + DAY_SECONDS:
        faults.append(
            Error(
                "Changes of colour must outlive the codes that they supersede: set "
                "COLOUR_RETENTION_DAYS to a day more than PAPER_CODE_SECONDS at least.",
                id="codes.E004",
            )
        )
    if settings.STATUS_INDEX_KEY and not _is_key(settings.STATUS_INDEX_KEY):
        faults.append(
            Error(
                f"STATUS_INDEX_KEY is not the Base64 of at least {LEAST_KEY_BYTES} bytes.",
                id="codes.E003",
            )
        )
    return faults


def largest_code() -> str:
    """The longest code that these settings can lead to, with a signature of zeros.

    Raises:
        CodeTooLarge: it is beyond QR version 10 at level M.
        MalformedCode: ISSUER, STATUS_BASE_URL or a lifetime is not what a code may carry.
    """
    issued_at = 2**31
    code = HealthCode(
        issuer=settings.ISSUER,
        issued_at=issued_at,
        expires_at=issued_at + settings.PAPER_CODE_SECONDS,
        colour=Colour.RED,
        kind=Kind.PAPER,
        policy=LATEST_POLICY,
        holder=LONGEST_HOLDER,
        status=StatusRef(LARGEST - 1, uri_of(date.max, LATEST_PART)),
        phone_key=None,
    )
    return sign(code, kid=bytes(8), algorithm=Algorithm.ES256, signer=lambda _: bytes(64))


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) >= LEAST_KEY_BYTES
    except binascii.Error:
        return False
