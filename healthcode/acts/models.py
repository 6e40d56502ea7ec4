"""The acts of record."""

from django.db import models
from django.db.models import Q

from accounts.models import Account


class Act(models.Model):
    """What somebody with authority did, on what ground. Kept for good, never changed.

    `detail` is the act itself (a map, a policy's version, the evidence withdrawn), without
    anything that identifies a person.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="acts")
    kind = models.CharField(max_length=32)
    area = models.CharField(max_length=9, blank=True, default="")
    ground = models.TextField()
    detail = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        # The table was made by the accounts room and keeps its name (accounts_act).
        app_label = "accounts"
        constraints = [
            models.CheckConstraint(name="act_has_a_ground", condition=~Q(ground="")),
        ]
