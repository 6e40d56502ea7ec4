"""Evidence: dated facts about a person, each with its source. Append-only."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Account, Act, Person
from healthcode.areas.models import Area


class EvidenceKind(models.TextChoices):
    """What a fact is; which traits each kind may have stands in `healthcode.evidence.traits`."""

    DECLARATION = "declaration"
    STAY = "stay"
    CONTACT = "contact"
    CASE = "case"
    TEST = "test"
    CHECK_IN = "check_in"


class Evidence(models.Model):
    """One fact: it holds from `starts` to `ends` (UTC, half-open; None while it goes on).

    `traits` are the words that a policy's rules match, such as `symptoms`, `close`, `positive`.
    `reference` is the source's own number for the line, which makes loading it twice harmless.
    `derived_from` is the fact without which this one would not be: a contact's case. It falls with
    it. No foreign key holds it, since retention may let go of the older one first.
    A fact is never changed. Two things may still be learnt about it, once each: when it ended
    (`end_received_at`), and that it was wrong (`withdrawn_by`, an officer's act). A trigger holds
    this; docs/decisions/0006-corrections.md says why.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="evidence", db_index=False)
    kind = models.CharField(max_length=12, choices=EvidenceKind.choices)
    starts = models.DateTimeField()
    ends = models.DateTimeField(null=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", db_index=False)
    traits = ArrayField(models.CharField(max_length=24), default=list)
    detail = models.JSONField(default=dict)
    day = models.DateField(null=True)
    source = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=64, null=True)
    derived_from = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    received_at = models.DateTimeField(db_default=Now())
    end_received_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(
        Act, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                name="evidence_kind_known", condition=Q(kind__in=EvidenceKind.values)
            ),
            models.CheckConstraint(
                name="evidence_ends_after_start",
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")),
            ),
            models.CheckConstraint(
                name="stay_has_an_area", condition=~Q(kind="stay") | Q(area__isnull=False)
            ),
            models.CheckConstraint(
                name="check_in_has_a_day", condition=~Q(kind="check_in") | Q(day__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["person", "day"],
                condition=Q(kind="check_in", withdrawn_by__isnull=True),
                name="one_check_in_a_day",
            ),
            models.UniqueConstraint(
                fields=["source", "kind", "reference"],
                condition=Q(reference__isnull=False),
                name="source_reference_once",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "kind"], name="evidence_of_person"),
            models.Index(
                fields=["derived_from"],
                condition=Q(derived_from__isnull=False),
                name="evidence_derived",
            ),
            # A changed level finds the people it touches by this one (prefix search on the code).
            models.Index(
                fields=["area", "person"],
                condition=Q(kind="stay"),
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="stays_in_area",
            ),
        ]
