"""Check the settings of the acts room when a process starts."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, register

from healthcode.acts.witnessing import files


@register("settings")
def check_settings(
    app_configs: Sequence[AppConfig] | None = None, **options: Any
) -> Iterable[CheckMessage]:
    """Report a file about witnesses that cannot be used."""
    return [Error(fault, id="acts.E001") for fault in files.faults()]
