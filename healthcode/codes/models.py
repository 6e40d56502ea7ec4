"""Tables of this issuer's signing keys and of the status lists that it publishes.

Anybody may see a key's public half. The private half is encrypted.
"""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class SigningKey(models.Model):
    """An ES256 key: signs from `not_before` until `signs_until`, verifies until `not_after`.

    `private_sealed` is the private key, encrypted (PKCS#8) with a secret that only signing
    processes have.
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
    """The newest signed status list for the codes of one day and of one part of the people.

    The list is for the people from number `first_person` on. `uri` is its address, and `places` its
    size in bits. At one address, the size never changes. People who do not fit get another list,
    with a further `part`. `kid` is the id of the key that signed the list. `seen` is the snapshot
    of the database from which the list was built: the list contains all colour changes that are
    visible in this snapshot.
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
