"""Tables of evidence (dated facts about people), of the sources that report it, and of signers.

The signers sign EU certificates.
"""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Grant, Person
from healthcode.acts.models import Act
from healthcode.areas.models import Area


class EvidenceKind(models.TextChoices):
    """What a fact is about; `healthcode.evidence.kinds` has a record of each kind."""

    DECLARATION = "declaration"
    STAY = "stay"
    CONTACT = "contact"
    CASE = "case"
    TEST = "test"
    CHECK_IN = "check_in"
    RECOVERY = "recovery"
    VACCINATION = "vaccination"


# Facts of these kinds last. All others happened at one moment, known to the instant or to the day.
LASTING: Final = (EvidenceKind.STAY, EvidenceKind.CONTACT, EvidenceKind.CASE)


class ReportKind(models.TextChoices):
    """What sources report, by the word in the address of the interface. A grant names some."""

    STAYS = "stays", _("stays")
    CONTACTS = "contacts", _("contacts")
    CASES = "cases", _("cases")
    TESTS = "tests", _("tests")
    PRESENCES = "presences", _("presences")


class SourceGrant(models.Model):
    """What a source may report, and how many people it may make red in a day without an officer.

    The area is that of the grant: the home of the person or the place of the fact is in it.
    `kinds` are values of `ReportKind`. `reddening_lines_a_day` is the budget; None means the figure
    of the policy. `spent` is how much of it was used on the day `spent_on` (Asia/Shanghai). The
    grants of version 1.0.0 have no act.
    """

    grant = models.OneToOneField(Grant, models.CASCADE, primary_key=True, related_name="reporting")
    kinds = ArrayField(models.CharField(max_length=9, choices=ReportKind.choices))
    reddening_lines_a_day = models.PositiveIntegerField(null=True)
    granted_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+")
    spent_on = models.DateField(null=True)
    spent = models.PositiveIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="source_grant_kinds_known",
                condition=Q(kinds__contained_by=ReportKind.values) & Q(kinds__len__gt=0),
            ),
        ]


class SourceBatch(models.Model):
    """A report of a source: how many of its lines were recorded, held, known before or refused.

    `digests` has 32 bytes for each line that was new, in the order of the lines: SHA-256 of a salt
    and the line (`healthcode.evidence.digests`). `lines` says which lines these are, and `waiting`
    which of them were held; both have a bit for each line (`healthcode.evidence.bits`).
    A report of presences has one digest, of all its lines.

    `salt` and the record of this row give one more digest. `root` is the root of the Merkle tree
    over the others and it, and the digest of the report's leaf in the public log (kind
    `cases-reported` and so on). A report without a salt has the root over `digests` alone.
    Salt and line are in `Evidence` or `HeldLine` and are deleted with the fact; the digests stay.
    """

    source = models.ForeignKey(Account, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=9, choices=ReportKind.choices)
    at = models.DateTimeField()
    recorded = models.PositiveIntegerField()
    known = models.PositiveIntegerField()
    held = models.PositiveIntegerField()
    refused = models.PositiveIntegerField()
    root = models.BinaryField(max_length=32)
    digests = models.BinaryField()
    lines = models.BinaryField(db_default=b"")
    waiting = models.BinaryField(db_default=b"")
    salt = models.BinaryField(max_length=16, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="source_batch_kind_known", condition=Q(kind__in=ReportKind.values)
            ),
        ]


class HeldWhy(models.TextChoices):
    """Why a line waits for an officer."""

    KIND = "kind", _("The source may not report this kind.")
    AREA = "area", _("Outside the area of the source.")
    BUDGET = "budget", _("The source has made enough people red today.")
    ALARM = "alarm", _("Unusually many people would turn red by this source within an hour.")


class HeldLine(models.Model):
    """A line of a source that has no effect until an officer confirms it.

    The members are those of `Evidence`. When the officer confirms the line, it becomes evidence and
    this row is deleted. `rejected_by` is the act by which an officer rejected it. It is the act of
    a confirmation if the line could not become evidence, because its reference was taken by then.
    """

    batch = models.ForeignKey(
        SourceBatch, models.CASCADE, related_name="held_lines", db_index=False
    )
    line = models.PositiveIntegerField()
    why = models.CharField(max_length=6, choices=HeldWhy.choices)
    source = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="held_lines")
    kind = models.CharField(max_length=12, choices=EvidenceKind.choices)
    starts = models.DateTimeField()
    starts_by = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", db_index=False)
    traits = ArrayField(models.CharField(max_length=24), default=list)
    reference = models.CharField(max_length=64, null=True)
    salt = models.BinaryField(max_length=16)
    rejected_by = models.ForeignKey(
        Act, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="held_line_why_known", condition=Q(why__in=HeldWhy.values)),
            models.CheckConstraint(
                name="held_line_kind_known", condition=Q(kind__in=EvidenceKind.values)
            ),
            models.UniqueConstraint(fields=["batch", "line"], name="held_line_once_a_batch"),
            # The same line sent again is the same held line.
            models.UniqueConstraint(
                fields=[
                    "source",
                    "kind",
                    "reference",
                    "person",
                    "starts",
                    "starts_by",
                    "ends",
                    "area",
                    "traits",
                ],
                condition=Q(reference__isnull=False),
                nulls_distinct=False,
                name="held_reference_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["batch"], condition=Q(rejected_by__isnull=True), name="held_lines_waiting"
            ),
        ]


class Evidence(models.Model):
    """A dated fact about a person: a declaration, stay, contact, case, test, check-in and so on.

    The fact is true from `starts` to `ends` (UTC, half-open). `ends` is None if it still goes on.
    For something that happened at one moment, such as a test, `starts` and `ends` are equal. If
    only days are known, `starts` is the midnight that begins the first day on which the fact can be
    true, and `ends` is the midnight that ends the last such day. For a case, `starts` is when it
    was confirmed; if only the day is known, `starts` is the beginning of that day and `starts_by`
    its end.

    `traits` are the words that the rules of a policy match, such as `symptoms`, `close`,
    `positive`. `reference` is the source's own number for the fact, so that the same fact is stored
    only once. `certificate` is a keyed digest of the EU certificate that attests the fact. So a
    certificate counts once, for one person.

    `derived_from` is the fact from which this one follows: a contact follows from a case, and is
    withdrawn with it. It has no foreign key, because retention may delete the older fact first.

    A fact that a source reported has the number of the report (`batch`), its line there, and the
    salt of the line's digest. If a later line brought its end, `end_batch`, `end_line` and
    `end_salt` are those of that line. They have no foreign key, because it would read the whole
    table when the service is upgraded.

    The service's database role cannot change or delete facts, and a trigger prevents changes by the
    owner. Two things may be added, each once, by a function of the owner: the end of the fact
    (`ends`, with the time `end_received_at` at which the service learnt it) and its withdrawal
    (`withdrawn_by`). See docs/decisions/0006-corrections.md and 0042-two-database-roles.md.
    """

    person = models.ForeignKey(Person, models.CASCADE, related_name="evidence", db_index=False)
    kind = models.CharField(max_length=12, choices=EvidenceKind.choices)
    starts = models.DateTimeField()
    starts_by = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    area = models.ForeignKey(Area, models.PROTECT, null=True, related_name="+", db_index=False)
    traits = ArrayField(models.CharField(max_length=24), default=list)
    detail = models.JSONField(default=dict)
    day = models.DateField(null=True)
    source = models.ForeignKey(Account, models.PROTECT, related_name="+", db_index=False)
    reference = models.CharField(max_length=64, null=True)
    certificate = models.BinaryField(max_length=32, null=True)
    derived_from = models.ForeignKey(
        "self",
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    batch = models.ForeignKey(
        SourceBatch,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    line = models.PositiveIntegerField(null=True)
    salt = models.BinaryField(max_length=16, null=True)
    end_batch = models.ForeignKey(
        SourceBatch,
        models.DO_NOTHING,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    end_line = models.PositiveIntegerField(null=True)
    end_salt = models.BinaryField(max_length=16, null=True)
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
                name="evidence_starts_by_after_start",
                condition=Q(starts_by__isnull=True) | Q(starts_by__gt=F("starts")),
            ),
            models.CheckConstraint(
                name="only_what_lasts_goes_on",
                condition=Q(kind__in=LASTING) | Q(ends__isnull=False),
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
            models.UniqueConstraint(
                fields=["certificate"],
                condition=Q(certificate__isnull=False, withdrawn_by__isnull=True),
                name="certificate_counts_once",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "kind"], name="evidence_of_person"),
            models.Index(
                fields=["derived_from"],
                condition=Q(derived_from__isnull=False),
                name="evidence_derived",
            ),
            # Whoever withdraws a whole report finds its facts.
            models.Index(
                fields=["batch"],
                condition=Q(batch__isnull=False),
                name="evidence_of_report",
            ),
            # When a level changes, this finds the people with stays there by the code's prefix.
            models.Index(
                fields=["area", "person"],
                condition=Q(kind="stay"),
                opclasses=["varchar_pattern_ops", "int8_ops"],
                name="stays_in_area",
            ),
            models.Index(
                fields=["end_batch", "end_line"],
                condition=Q(end_batch__isnull=False),
                name="evidence_ended_by_batch",
            ),
        ]


class ForgottenCause(models.TextChoices):
    """Why facts were deleted."""

    RETENTION = "retention"
    ERASURE = "erasure"
    SUNSET = "sunset"


class Forgotten(models.Model):
    """The note that facts and held lines were deleted: how many, about how many people, and why.

    An erasure has a note of its own, written at `at` by the clock of the database. What retention
    deletes on one `day` (Asia/Shanghai) has one note, begun at `at`. The owner's functions
    write it with the deletion, together with the lines of each report (`ForgottenLines`). So an
    audit can tell lines that were forgotten by rule from lines that are missing. When the day is
    over, the note becomes a leaf of the public log, with the digest of `salt` and the note's
    record.
    """

    cause = models.CharField(max_length=12, choices=ForgottenCause.choices)
    facts = models.PositiveBigIntegerField()
    concerned = models.PositiveBigIntegerField(db_default=0)
    day = models.DateField()
    at = models.DateTimeField()
    salt = models.BinaryField(max_length=16)

    class Meta:
        verbose_name_plural = "forgotten"


class ForgottenLines(models.Model):
    """The lines of one report that a note says were deleted, one bit a line (`evidence.bits`)."""

    forgotten = models.ForeignKey(Forgotten, models.PROTECT, related_name="lines")
    batch = models.ForeignKey(SourceBatch, models.PROTECT, related_name="+", db_index=False)
    lines = models.BinaryField()

    class Meta:
        verbose_name_plural = "forgotten lines"
        constraints = [
            models.UniqueConstraint(
                fields=["batch", "forgotten"], name="forgotten_lines_once_a_note"
            ),
        ]


class DocumentSigner(models.Model):
    """An X.509 certificate whose key signs EU certificates for a country, and which this service
    trusts.

    `kid` is the key identifier in EU certificates. `digest` is the SHA-256 of the X.509
    certificate. `not_before` and `not_after` are copied from it. The row of a withdrawn signer
    stays, so that a later file cannot bring the signer back unnoticed.
    """

    country = models.CharField(max_length=2)
    kid = models.BinaryField(max_length=8)
    digest = models.BinaryField(max_length=32)
    certificate = models.BinaryField()
    not_before = models.DateTimeField()
    not_after = models.DateTimeField()
    added_by = models.ForeignKey(Act, models.PROTECT, related_name="+")
    withdrawn_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["country", "digest"],
                condition=Q(withdrawn_by__isnull=True),
                name="document_signer_once",
            ),
            models.CheckConstraint(
                name="document_signer_has_a_country", condition=Q(country__regex="^[A-Z]{2}$")
            ),
        ]
        indexes = [models.Index(fields=["kid"], name="document_signer_by_key")]
