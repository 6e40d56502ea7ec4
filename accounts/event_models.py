"""The table of what happened to the login of an account, which its owner can read."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class AccountEventKind(models.TextChoices):
    """What happened to the login of an account. Values are never renamed, metrics contain them."""

    LOGGED_IN = "logged_in", _("Login")
    WRONG_CODE = "wrong_code", _("Wrong code from a text message")
    WRONG_PASSWORD = "wrong_password", _("Wrong password")
    HELD_OFF = "held_off", _("Login held off after too many tries")
    CHECK_FAILED = "check_failed", _("Wrong answer to the question about the document")
    FACTOR_ADDED = "factor_added", _("Second factor added")
    FACTOR_REMOVED = "factor_removed", _("Second factor removed")
    FACTOR_FAILED = "factor_failed", _("Second factor not accepted")
    FACTOR_BLOCKED = "factor_blocked", _("Passkey blocked, because there may be a copy of it")
    LOGGED_OUT = "logged_out", _("Logout")
    DEVICE_ENDED = "device_ended", _("Device logged out from the list of devices")
    IDLE_ENDED = "idle_ended", _("Logged out after a time without use")
    OFFICE_ENDED = "office_ended", _("Logged out by an administrator")
    PHONE_CHANGED = "phone_changed", _("Telephone number changed")
    PASSWORD_CHOSEN = "password_chosen", _("Password chosen")
    TOKEN_MADE = "token_made", _("Token for programs made")


class AccountEvent(models.Model):
    """How often something happened to the login of an account within an hour or a day.

    The row has no address, no code and no password. `period` is the beginning of the hour; of the
    day in Shanghai for what strangers can cause, so that nobody can fill somebody else's list.
    `device` is a value of `DeviceKind`, or "" where the service does not know it.
    """

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="events")
    kind = models.CharField(max_length=16, choices=AccountEventKind.choices)
    device = models.CharField(max_length=8, blank=True, default="")
    period = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "kind", "device", "period"], name="one_count_a_period"
            ),
            models.CheckConstraint(
                name="event_kind_known", condition=Q(kind__in=AccountEventKind.values)
            ),
        ]
