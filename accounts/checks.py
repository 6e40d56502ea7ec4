"""Check settings before the service starts that would otherwise fail at the first login."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import ImproperlyConfigured

from accounts import identity_check, sms, vault


@register("settings")
def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **options: Any
) -> Iterable[CheckMessage]:
    """Check the keys of the vault, and the classes that send codes and know names.

    A process of doors has none of them.
    """
    if settings.SERVES_DOORS_ONLY:
        return
    for check in (vault.check_keys, sms.sender, identity_check.register):
        try:
            check()
        except ImproperlyConfigured as fault:
            yield Error(str(fault), id="accounts.E001")
