"""Check the verifier's settings when a process starts."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from healthcode.core import CoreError
from verifier.recognition import alliance


@register("settings")
def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **options: Any
) -> Iterable[CheckMessage]:
    """Report an alliance that is configured without keys that can verify its lists."""
    if not alliance.is_followed():
        return []
    if not settings.ALLIANCE_KEYS:
        fault = "TRUST_LIST is set, but not ALLIANCE_KEYS, the file of the alliance's public keys."
        return [Error(fault, id="verifier.E001")]
    try:
        alliance.keys()
    except (OSError, CoreError) as error:
        fault = f"ALLIANCE_KEYS names a file without a readable JWK set: {error}"
        return [Error(fault, id="verifier.E002")]
    return []
