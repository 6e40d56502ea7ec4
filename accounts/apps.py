"""The accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "accounts"

    def ready(self) -> None:
        """Refuse to start with keys or a sender that would fail at the first login."""
        from accounts import schema, sms, vault  # noqa: F401  models must be ready

        vault.check_keys()
        sms.sender()
