"""The table of acts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Account


class Act(models.Model):
    """The record of what somebody with authority did, for which area, and why (`ground`).

    For example, an officer publishes a risk map or withdraws evidence. `detail` says what was done
    (the map, the version of the policy). It does not identify a person. The row is never changed
    and never deleted.

    `people_before` and `people_after` count the people whom the act concerned, by colour (green,
    yellow, red); `worse` counts those who got a graver colour. The acts of version 1.0.0 have no
    role, no kind of ground and no counts.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="acts")
    role = models.CharField(max_length=16, blank=True, db_default="")
    kind = models.CharField(max_length=32)
    area = models.CharField(max_length=9, blank=True, default="")
    ground_kind = models.CharField(max_length=16, blank=True, db_default="")
    ground = models.TextField()
    detail = models.JSONField()
    people_before = ArrayField(models.PositiveIntegerField(), size=3, null=True)
    people_after = ArrayField(models.PositiveIntegerField(), size=3, null=True)
    worse = models.PositiveIntegerField(db_default=0)
    at = models.DateTimeField()

    class Meta:
        # The table was made by the accounts room and keeps its name (accounts_act).
        app_label = "accounts"
        constraints = [
            models.CheckConstraint(name="act_has_a_ground", condition=~Q(ground="")),
        ]
        indexes = [
            # Before each act: how many people did this account make worse off within a day?
            models.Index(
                fields=["account", "at"], condition=Q(worse__gt=0), name="acts_that_made_worse"
            ),
        ]


class ActArea(models.Model):
    """An area that an act touches: the act names it, or people who live there change colour by it.

    The officers of the area see the act on their desk. `people` counts those who change colour.
    """

    act = models.ForeignKey(Act, models.CASCADE, related_name="areas", db_index=False)
    area = models.CharField(max_length=9, blank=True)
    people = models.PositiveIntegerField()

    class Meta:
        app_label = "accounts"
        constraints = [
            models.UniqueConstraint(fields=["act", "area"], name="act_filed_once_an_area"),
        ]
        indexes = [
            models.Index(
                fields=["area", "-act"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="acts_of_area",
            ),
        ]
