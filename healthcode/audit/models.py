"""The tables of audits and of what they found."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Audit(models.Model):
    """One audit, and how far it has come.

    `night` is the day in Shanghai for which a task began it; None if somebody began it by hand. The
    audit has checked the `checked` people whose number is at most `after`; at `colours_done_at` it
    had checked everybody. Then it has compared the reports of sources whose number is at most
    `reports`, with `lines` lines, the facts up to number `facts`, the notes of what was forgotten
    up to number `notes`, and at last `leaves` leaves of the public log with their acts.
    """

    night = models.DateField(null=True, unique=True)
    started_at = models.DateTimeField()
    after = models.BigIntegerField(default=0)
    checked = models.PositiveIntegerField(default=0)
    colours_done_at = models.DateTimeField(null=True)
    reports = models.BigIntegerField(db_default=0, default=0)
    lines = models.BigIntegerField(db_default=0, default=0)
    reports_done_at = models.DateTimeField(null=True)
    facts = models.BigIntegerField(db_default=0, default=0)
    facts_done_at = models.DateTimeField(null=True)
    notes = models.BigIntegerField(db_default=0, default=0)
    notes_done_at = models.DateTimeField(null=True)
    leaves = models.BigIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)


class FindingKind(models.TextChoices):
    """What an audit found. The value is stored, so never rename it.

    All but the first two are those of `LogFindingKind` and `FactFindingKind`, which say what the
    number of each is.
    """

    COLOUR = "colour", _("The stored colour of this person does not follow from the evidence.")
    MERGED = (
        "merged",
        _("This person is merged with others than the acts say, or with nobody although they do."),
    )
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
    FACT_EDITED = "fact-edited", _("This fact is not what its source reported.")
    HELD_EDITED = (
        "held-edited",
        _("This held line is not what its source reported, or not what officers decided about it."),
    )
    FACT_TWICE = (
        "fact-twice",
        _("Another row stands for the line of this fact, or the line was forgotten."),
    )
    FACT_UNCONFIRMED = (
        "fact-unconfirmed",
        _("The line of this fact was held, and no officer confirmed it."),
    )
    FACT_MISSING = (
        "fact-missing",
        _("This line of this report is neither stored nor forgotten by rule."),
    )
    FACT_UNREPORTED = "fact-unreported", _("This fact is of a source, but no report has it.")
    WITHDRAWAL_EDITED = (
        "withdrawal-edited",
        _("The withdrawal of this fact is not that of an act."),
    )
    REPORT_EDITED = "report-edited", _("This report is not the one of its leaf in the public log.")
    REPORT_MISSING = "report-missing", _("This report was deleted after it was recorded.")
    REPORT_NOT_LOGGED = "report-not-logged", _("This report is not in the public log.")
    NOTE_EDITED = (
        "note-edited",
        _("This note of what was forgotten is not the one of its leaf in the public log."),
    )
    NOTE_MISSING = "note-missing", _("This note of what was forgotten was deleted.")
    NOTE_NOT_LOGGED = (
        "note-not-logged",
        _("This note of what was forgotten is not in the public log."),
    )


class AuditFinding(models.Model):
    """A row that contradicts another one: its kind, and the number of the row.

    If a line of a report is missing, the number is that of the report, and `line` that of the line.
    """

    audit = models.ForeignKey(Audit, models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=24, choices=FindingKind.choices)
    number = models.BigIntegerField()
    line = models.PositiveIntegerField(db_default=0, default=0)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["audit", "kind", "number", "line"], name="found_once"),
            models.CheckConstraint(
                name="finding_kind_known", condition=Q(kind__in=FindingKind.values)
            ),
        ]
