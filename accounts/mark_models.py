"""The marks of the secrets that belong to this database."""

from django.db import models
from django.db.models.functions import Now


class SecretMark(models.Model):
    """The mark of a secret that belongs to this database (`accounts.marks`).

    `key` is the id of the key when a setting has several.
    """

    setting = models.CharField(max_length=32)
    key = models.CharField(max_length=32, blank=True, default="")
    mark = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["setting", "key"], name="one_mark_a_secret"),
        ]
