"""The tables of audits and of what they found."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Audit(models.Model):
    """One audit, and how far it has come.

    `night` is the day in Shanghai for which a task began it; None if somebody began it by hand. The
    audit has checked the `checked` people whose number is at most `after`; at `colours_done_at` it
    had checked everybody. Then it has compared `leaves` leaves of the public log with their acts.
    """

    night = models.DateField(null=True, unique=True)
    started_at = models.DateTimeField()
    after = models.BigIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    colours_done_at = models.DateTimeField(null=True)
    leaves = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)


class FindingKind(models.TextChoices):
    """What an audit found. The value is stored, so never rename it.

    All but the first are those of `LogFindingKind`, which says what the number of each is.
    """

    COLOUR = "colour", _("The stored colour of this person does not follow from the evidence.")
    ACT_EDITED = "act-edited", _("This act was changed after it was recorded.")
    ACT_MISSING = "act-missing", _("This act was deleted after it was recorded.")
    ACT_NOT_LOGGED = "act-not-logged", _("This act is not in the public log.")
    ALARM_EDITED = "alarm-edited", _("This alarm is not the one of the public log.")
    LEAF_EDITED = "leaf-edited", _("This leaf of the public log was changed.")
    LEAF_MISSING = "leaf-missing", _("This leaf of the public log was deleted.")
    LOOK_EDITED = "look-edited", _("This look at a person was changed after it was recorded.")
    LOOK_MISSING = "look-missing", _("This look at a person was deleted, by no rule.")
    LOOK_NOT_LOGGED = "look-not-logged", _("This look at a person is not in the public log.")
    LOOKS_EDITED = (
        "looks-edited",
        _("The looks of the leaf with this number are not those of the public log."),
    )
    TILE_WRONG = "tile-wrong", _("The tile from this leaf on does not follow from its leaves.")
    CHECKPOINT_WRONG = (
        "checkpoint-wrong",
        _("The checkpoint of this size is not signed, or is not that of its leaves."),
    )


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
