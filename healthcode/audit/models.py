"""The tables of audits and of what they found."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Audit(models.Model):
    """One audit, and how far it has come.

    `night` is the day in Shanghai for which a task began it; None if somebody began it by hand. The
    audit has checked the `checked` people whose number is at most `after`.
    """

    night = models.DateField(null=True, unique=True)
    started_at = models.DateTimeField()
    after = models.BigIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)


class FindingKind(models.TextChoices):
    """What an audit found. The value is stored, so never rename it."""

    COLOUR = "colour", _("The stored colour of this person does not follow from the evidence.")


class AuditFinding(models.Model):
    """A row that contradicts another one: its kind, and the number of the row."""

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=16, choices=FindingKind.choices)
    number = models.BigIntegerField()
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audit", "kind", "number"], name="found_once"),
            models.CheckConstraint(
                name="finding_kind_known", condition=Q(kind__in=FindingKind.values)
            ),
        ]
