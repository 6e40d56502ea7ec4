"""Refuse to start with settings that would fail only when the first code is signed."""

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
DAY_SECONDS: Final = 24 * 3600


@register("settings")
def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **options: Any
) -> Iterable[CheckMessage]:
    """Check that every code will fit its QR picture, and that the settings of codes go together."""
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
                "Colour changes must be kept longer than the codes that they supersede: set "
                "COLOUR_RETENTION_DAYS to at least a day more than PAPER_CODE_SECONDS.",
                id="codes.E004",
            )
        )
    if bool(settings.STATUS_INDEX_KEY) != bool(settings.SIGNING_KEY_SECRET):
        faults.append(
            Error(
                "SIGNING_KEY_SECRET and STATUS_INDEX_KEY go together: set both for a process that "
                "signs, and neither for one that does not.",
                id="codes.E003",
            )
        )
    return faults


def largest_code() -> str:
    """Build the longest code that these settings allow, with a signature of zeros.

    Raises:
        CodeTooLarge: the code does not fit QR version 10 at level M.
        MalformedCode: ISSUER, STATUS_BASE_URL or a lifetime has a value that no code may carry.
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
