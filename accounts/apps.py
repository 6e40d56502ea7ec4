"""The accounts room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """See docs/architecture.md for what this room does."""

    name = "accounts"
