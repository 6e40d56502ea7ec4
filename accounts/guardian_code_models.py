"""The codes by which one guardian of a person lets another one join."""

from django.db import models
from django.db.models import Q


class CodeEnding(models.TextChoices):
    """Why nobody can join with a guardian code any more. A replaced code is withdrawn, too."""

    USED = "used"
    WITHDRAWN = "withdrawn"


class GuardianCode(models.Model):
    """The right of one more account to look after a person, which `account` gave.

    The code itself is shown once; `digest` is its keyed hash. `ending` is "" while it is open.
    """

    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="+")
    person = models.ForeignKey("accounts.Person", models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    ending = models.CharField(max_length=9, choices=CodeEnding.choices, blank=True, default="")

    class Meta:
        app_label = "accounts"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "person"],
                condition=Q(ending=""),
                name="one_open_guardian_code",
            ),
            models.CheckConstraint(
                name="guardian_code_ending_known",
                condition=Q(ending__in=["", *CodeEnding.values]),
            ),
        ]
