"""The tables of alarms: what raised one, who was told of it, and who looks unusually often."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class AlarmBy(models.TextChoices):
    """What the people have in common who would turn red within an hour."""

    OFFICER = "officer", _("by one officer")
    SOURCE = "source", _("by one source")
    VENUE = "venue", _("at one venue")


class Alarm(models.Model):
    """Unusually many people would have turned red by one officer or source, or at one venue.

    `number` is that of the account, or of the place. `people` counts those who turned red within
    the minutes of the policy together with those who would have. What raised the alarm waits: as
    `proposal`, or, for a source, as held lines. The row is a leaf of the public log, and is never
    changed or deleted; `salt` and the record of the row give the digest of the leaf.
    """

    by = models.CharField(max_length=7, choices=AlarmBy.choices)
    number = models.BigIntegerField()
    area = models.CharField(max_length=9, blank=True)
    people = models.PositiveIntegerField()
    at = models.DateTimeField()
    salt = models.BinaryField(max_length=16)
    proposal = models.OneToOneField(
        "acts.Proposal", models.PROTECT, null=True, related_name="alarm"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="alarm_by_known", condition=Q(by__in=AlarmBy.values)),
            models.CheckConstraint(
                name="alarm_of_a_proposal_or_a_source",
                condition=Q(by="source") ^ Q(proposal__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["at"], name="alarms_by_age")]


class AlarmMessage(models.Model):
    """A text message to somebody who can answer an alarm.

    `area` is the area by which the account can answer. Whoever sends the message first writes
    `tried_at`, so that nobody sends it twice. `told_at` is when the message was accepted;
    `is_refused` is true if it was not, and somebody may try again. If neither is so, the process
    that tried it ended, and nobody knows whether the message was sent.
    """

    alarm = models.ForeignKey(Alarm, models.PROTECT, related_name="messages")
    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=9, blank=True)
    tries = models.PositiveSmallIntegerField(default=1)
    tried_at = models.DateTimeField()
    is_refused = models.BooleanField(default=False)
    told_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alarm", "account"], name="alarm_told_once"),
            models.CheckConstraint(
                name="alarm_told_or_refused", condition=~Q(is_refused=True, told_at__isnull=False)
            ),
        ]


class UnusualLooks(models.Model):
    """How often an account looked at people's data by the end of an unusual hour.

    `looks` counts those of the 60 minutes before the last one. `hour` is the hour that had begun
    then. The officers of `area` see it on their desk.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    area = models.CharField(max_length=9, blank=True)
    hour = models.DateTimeField()
    looks = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["hour", "account", "area"], name="unusual_looks_once_an_hour"
            ),
        ]
