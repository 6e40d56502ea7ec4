"""Signing keys of this issuer and the status lists it publishes.

Of a key the public half is for all; the private half is sealed.
"""

from django.db import models
from django.db.models import F, Q
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

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="key_signs_within_its_life",
                condition=Q(not_before__lt=F("signs_until"), signs_until__lt=F("not_after")),
            ),
        ]


class StatusList(models.Model):
    """The newest signed status list about a day's codes of some people, as published.

    The people of a list are those from number `first_person` on, for as many as its `places`, the
    size in bits, have room for; people who come after a day's last list get a further `part`. The
    size of a list never changes, since verifiers know it by its address, `uri`. `kid` signed it,
    and `seen` is the snapshot of the database whose changes it knows (`codes.status_lists`).
    """

    day = models.DateField()
    part = models.PositiveSmallIntegerField()
    first_person = models.BigIntegerField()
    places = models.PositiveIntegerField()
    uri = models.CharField(max_length=200)
    kid = models.BinaryField(max_length=8)
    seen = models.TextField()
    token = models.BinaryField()
    built_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "part"], name="one_list_a_day_and_part"),
            models.UniqueConstraint(fields=["day", "first_person"], name="lists_of_a_day_apart"),
        ]
