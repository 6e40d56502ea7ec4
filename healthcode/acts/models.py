"""The table of acts."""

from django.db import models
from django.db.models import Q

from accounts.models import Account


class Act(models.Model):
    """The record of what somebody with authority did, for which area, and why (`ground`).

    For example, an officer publishes a risk map or withdraws evidence. `detail` says what was done
    (the map, the version of the policy). It does not identify a person. The row is never changed
    and never deleted.
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
