from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        """Register the checks of this room's settings."""
        from accounts import checks, schema  # noqa: F401  registers them
