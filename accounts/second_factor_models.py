"""The tables of second factors: what staff show beside their password."""

from django.db import models
from django.db.models import Q

LONGEST_NAME = 64
LONGEST_CREDENTIAL_ID = 1023
"""In bytes (WebAuthn level 3, 5.1)."""


class Passkey(models.Model):
    """A passkey (WebAuthn) with which somebody of the staff logs in.

    `public_key` is a COSE key. An authenticator that counts its signatures sends a higher
    `sign_count` each time; others always send 0. `blocked_at` is when a count was not higher: then
    there are two copies of the authenticator, and neither is accepted from then on.
    """

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(max_length=LONGEST_CREDENTIAL_ID, unique=True)
    public_key = models.BinaryField(max_length=2048)
    sign_count = models.BigIntegerField()
    name = models.CharField(max_length=LONGEST_NAME)
    added_at = models.DateTimeField()
    last_used = models.DateTimeField(null=True)
    blocked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="passkey_counts_upwards", condition=Q(sign_count__gte=0, sign_count__lt=2**32)
            ),
        ]


class AuthenticatorApp(models.Model):
    """An app that shows a new six-digit code every 30 seconds (TOTP, RFC 6238).

    The vault seals its secret. `last_step` is the time step of the newest code that was accepted:
    neither it nor an older one is accepted again.
    """

    account = models.OneToOneField(
        "accounts.Account", models.CASCADE, primary_key=True, related_name="authenticator_app"
    )
    sealed = models.BinaryField()
    last_step = models.BigIntegerField()
    added_at = models.DateTimeField()
    last_used = models.DateTimeField(null=True)

    @property
    def bound_to(self) -> bytes:
        """Return what the sealed secret is bound to: the number of the account."""
        return str(self.account_id).encode()
