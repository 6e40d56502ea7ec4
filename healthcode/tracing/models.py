"""Tables of tracing: places, who was there when, and officers' inquiries into cases."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Account, Person
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence
from healthcode.tracing.kinds import PlaceKind


class Place(models.Model):
    """A place where people are together: a venue, one run of a vehicle, a household, a meeting.

    `venue` is the number of a venue whose scans show who was there. If a source system reported the
    place, `source` is that system, and `reference` is its own name for the place. `area` is the
    code of the division, or "" if it is not known.
    """

    kind = models.CharField(max_length=10, choices=PlaceKind.choices)
    name = models.CharField(max_length=128, blank=True, default="")
    area = models.CharField(max_length=9, blank=True, default="")
    venue = models.BigIntegerField(null=True, unique=True)
    source = models.ForeignKey(Account, models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=64, null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="place_kind_known", condition=Q(kind__in=PlaceKind.values)),
            models.UniqueConstraint(
                fields=["source", "kind", "reference"], name="place_reference_once"
            ),
        ]


class Presence(models.Model):
    """A person was at a place from `starts` to `ends`.

    `sure` is true if somebody else saw the person there, such as a door or a ticket check. It is
    false if only the person said so, for example by scanning a picture at the venue. The migration
    partitions the table by `day` (Asia/Shanghai).
    """

    pk = models.CompositePrimaryKey("place", "starts", "person", "day")
    day = models.DateField()
    person = models.ForeignKey(
        Person, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    place = models.ForeignKey(
        Place, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    starts = models.DateTimeField()
    ends = models.DateTimeField()
    sure = models.BooleanField()
    carriage = models.SmallIntegerField(null=True)
    seat_row = models.SmallIntegerField(null=True)

    class Meta:
        managed = False


class Membership(models.Model):
    """A person lives in a household (a `Place`) from `starts` to `ends` (None: still)."""

    place = models.ForeignKey(Place, models.CASCADE, related_name="members")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    starts = models.DateTimeField()
    ends = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place", "person", "starts"], name="member_once"),
            models.CheckConstraint(
                name="membership_lasts", condition=Q(ends__isnull=True) | Q(ends__gt=F("starts"))
            ),
        ]


class Inquiry(models.Model):
    """An officer's search for the contacts of a case (a person known to be infected).

    The officer opens it (`opened_by`). A worker then finds the people who were scanned at the same
    places and times as the infected person, and sets `placed_at`. The officer checks the contacts
    found and confirms them (`confirmed_by`). Only then do colours change.

    When retention deletes the case, the database deletes the inquiry too: the migration adds a
    foreign key with ON DELETE CASCADE. The records of what the officer did (acts) stay.
    """

    case = models.ForeignKey(Evidence, models.CASCADE, related_name="+", db_constraint=False)
    infectious_from = models.DateTimeField()
    infectious_until = models.DateTimeField()
    opened_by = models.ForeignKey(Act, models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(db_default=Now())
    placed_at = models.DateTimeField(null=True)
    confirmed_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name_plural = "inquiries"
        constraints = [
            models.CheckConstraint(
                name="infectious_window_lasts",
                condition=Q(infectious_from__lt=F("infectious_until")),
            ),
        ]


class Meeting(models.Model):
    """A meeting of two people that the case of an inquiry told an officer about.

    `place` stands for this meeting alone, and has one presence for each of the two. An act enters
    the meeting; another act takes it back if it was entered by mistake.
    """

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="+", db_constraint=False)
    place = models.OneToOneField(Place, models.CASCADE, related_name="+")
    declared_by = models.ForeignKey(Act, models.PROTECT, related_name="+")
    retracted_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+")
