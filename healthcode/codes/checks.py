"""Settings that would fail only at the first code are refused before the service starts."""

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
    """That every code will fit its QR picture, and that who signs can number what it signed."""
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
    if bool(settings.STATUS_INDEX_KEY) != bool(settings.SIGNING_KEY_SECRET):
        faults.append(
            Error(
                "SIGNING_KEY_SECRET and STATUS_INDEX_KEY go together: give this process both, or "
                "neither when it does not sign.",
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
