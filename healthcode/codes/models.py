"""Signing keys of this issuer. Public halves are for all; private halves are sealed."""

from django.db import models
from django.db.models.functions import Now


class SigningKey(models.Model):
    """An ES256 key. Signs from `not_before` until `signs_until`; verifies until `not_after`.

    `private_sealed` is encrypted (PKCS#8) with a secret only signing processes have.
    """

    kid = models.BinaryField(max_length=8, unique=True)
    public_spki = models.BinaryField()
    private_sealed = models.BinaryField()
    not_before = models.DateTimeField()
    signs_until = models.DateTimeField()
    not_after = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())


class StatusList(models.Model):
    """The newest signed status list of one day's codes, as published."""

    day = models.DateField(primary_key=True)
    token = models.BinaryField()
    built_at = models.DateTimeField()
