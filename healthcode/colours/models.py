"""Tables of policies, of each person's colour, of its changes, and of recomputations."""

from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Func, Q
from django.db.models.functions import Cast, Now

from accounts.models import Person
from healthcode.acts.models import Act
from healthcode.core import Colour

COLOUR_CHOICES: Final = [(colour.value, colour.label) for colour in Colour]


class Policy(models.Model):
    """A published policy: its TOML text and the time from which it holds."""

    version = models.PositiveIntegerField(primary_key=True)
    text = models.TextField()
    holds_from = models.DateTimeField()
    act = models.ForeignKey(Act, models.PROTECT, related_name="+")


class PersonColour(models.Model):
    """The colour that a person has now. `next_change_at` is when time alone will change it next.

    `changes` counts the person's colour changes, and how often all their codes were ended. The
    status index of their codes depends on it.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="colour")
    colour = models.PositiveSmallIntegerField(choices=COLOUR_CHOICES)
    since = models.DateTimeField()
    next_change_at = models.DateTimeField(null=True)
    policy = models.ForeignKey(Policy, models.PROTECT, related_name="+", db_index=False)
    changes = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(name="colour_known", condition=Q(colour__in=list(Colour))),
        ]
        indexes = [
            models.Index(
                fields=["next_change_at"],
                condition=Q(next_change_at__isnull=False),
                name="colours_due",
            ),
        ]


class Cause(models.TextChoices):
    """What made a recomputation necessary."""

    LEVELS = "levels"
    EVIDENCE = "evidence"
    POLICY = "policy"


class RecomputationState(models.TextChoices):
    """How far a recomputation has come."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Recomputation(models.Model):
    """A recomputation, stored in the same transaction as the act or evidence that causes it.

    The people whom it affects depend on `cause`. For `levels`: people with stays in `areas` (or in
    areas below them) that end after `touches_from`. For `evidence`: the people in `people`. For
    `policy`: everybody.
    """

    cause = models.CharField(max_length=8, choices=Cause.choices)
    act = models.ForeignKey(Act, models.PROTECT, null=True, related_name="recomputations")
    areas = ArrayField(models.CharField(max_length=9), default=list)
    touches_from = models.DateTimeField(null=True)
    people = ArrayField(models.BigIntegerField(), default=list)
    state = models.CharField(
        max_length=7, choices=RecomputationState.choices, default=RecomputationState.PENDING
    )
    people_found = models.PositiveIntegerField(null=True)
    people_done = models.PositiveIntegerField(default=0)
    people_changed = models.PositiveIntegerField(default=0)
    failure = models.TextField(blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True)
    # When the sweep wakes a worker for it, unless it has made progress by then.
    wake_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="recomputation_cause_known", condition=Q(cause__in=Cause.values)
            ),
            models.CheckConstraint(
                name="recomputation_state_known",
                condition=Q(state__in=RecomputationState.values),
            ),
            models.CheckConstraint(
                name="recomputation_done_is_finished",
                condition=Q(state="done") ^ Q(finished_at__isnull=True),
            ),
            models.UniqueConstraint(
                fields=["act"], condition=Q(cause="policy"), name="one_recomputation_a_policy"
            ),
        ]
        indexes = [
            models.Index(
                fields=["wake_at"],
                condition=Q(finished_at__isnull=True),
                name="recomputations_open",
            ),
        ]


class RecomputationBatch(models.Model):
    """People whom one transaction of a recomputation has still to decide; deleted when done.

    The row lists people instead of a range of ids. So the cost depends on how many people are
    affected, and not on how they are spread over the population.
    """

    recomputation = models.ForeignKey(Recomputation, models.CASCADE, related_name="batches")
    people = ArrayField(models.BigIntegerField())
    tries = models.PositiveSmallIntegerField(default=0)


class ColourChange(models.Model):
    """A change of a person's colour, or the end of their codes with the colour unchanged.

    `number` counts the person's changes. `before` is the earlier colour; the person had it from
    `since` to `at`. `recomputation` is the recomputation that changed the colour. It is None if
    time alone or the person's own report changed it.

    The database does not check `person` and `recomputation` as foreign keys, because that would
    double the cost of a recomputation and lock every person. The statement that writes these rows
    has already locked the people.

    There is no index by person, so a query for one person reads the whole log of four weeks.
    docs/decisions/0024-the-log-of-changes.md gives the reasons. The BRIN index on `at` and
    `transaction` is small, because rows arrive in the order of time.

    The publisher of status lists looks for rows that were committed since its last run. It compares
    `transaction`, because a row may be committed long after its time `at`.
    """

    person = models.ForeignKey(
        Person, models.CASCADE, related_name="colour_changes", db_index=False, db_constraint=False
    )
    since = models.DateTimeField()
    at = models.DateTimeField()
    recomputation = models.ForeignKey(
        Recomputation,
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    transaction = models.BigIntegerField(
        db_default=Cast(
            Cast(Func(function="pg_current_xact_id"), models.TextField()), models.BigIntegerField()
        )
    )
    number = models.PositiveIntegerField()
    before = models.PositiveSmallIntegerField(choices=COLOUR_CHOICES)
    after = models.PositiveSmallIntegerField(choices=COLOUR_CHOICES)

    class Meta:
        indexes = [
            BrinIndex(fields=["at", "transaction"], name="changes_in_time", autosummarize=True)
        ]


class ReddenedBy(models.Model):
    """How many people turned red at a moment by one source, or by having been at one venue.

    `number` is that of the source's account, or of the place. What officers reddened is in their
    acts. Alarms ask for it within the last hours.
    """

    by = models.CharField(max_length=7)
    number = models.BigIntegerField()
    people = models.PositiveIntegerField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["by", "number", "at"], name="reddened_by_lately")]


class TurnedRed(models.Model):
    """How many people of a county turned red on a day, whatever they were before.

    The row without an area says how many that were everywhere; it is there for each counted day.
    """

    day = models.DateField()
    area = models.CharField(max_length=6, blank=True)
    people = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["day", "area"], name="turned_red_counted_once"),
        ]
