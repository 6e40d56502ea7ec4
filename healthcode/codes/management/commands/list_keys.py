"""`manage.py list_keys`: list the signing keys and what each is used for now."""

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from healthcode.codes.models import SigningKey
from healthcode.web.days import SHANGHAI


class Command(BaseCommand):
    """See docs/howto/rotate-keys.md."""

    help = "List the signing keys with their times (Asia/Shanghai), the oldest first."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print a line for each key."""
        at = timezone.now()
        self.stdout.write(
            f"{'key':16}  {'signs from':16}  {'until':16}  {'verifies until':16}  now"
        )
        for key in SigningKey.objects.order_by("not_before", "id"):
            times = (key.not_before, key.signs_until, key.not_after)
            shown = "  ".join(f"{time.astimezone(SHANGHAI):%Y-%m-%d %H:%M}" for time in times)
            self.stdout.write(f"{bytes(key.kid).hex()}  {shown}  {_state(key, at)}")


def _state(key: SigningKey, at: datetime) -> str:
    if key.withdrawn_at is not None:
        return f"withdrawn {key.withdrawn_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if at < key.not_before:
        return "waits"
    if at < key.signs_until:
        return "signs"
    return "verifies" if at < key.not_after else "over"
