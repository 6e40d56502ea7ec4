"""Where people were together, and the inquiries that look from a case to its contacts."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from accounts.models import Account, Person
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence
from healthcode.tracing.kinds import PlaceKind


class Place(models.Model):
    """Something in which people are together: a venue, one run of a vehicle, a household.

    `venue` is the number of the venue at whose door scans were made; `reference` is its source's
    own name for any other. `area` is a division's code, as far as it is known.
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
    """Somebody was at a place. The table is partitioned by `day` (Asia/Shanghai) in the migration.

    `sure`: somebody else saw the person there (a door, a ticket check). What a person alone sent
    in, such as a venue's picture that they scanned, is not sure.
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
    """A person lives in a household (a `Place`) from `starts` to `ends`; None: still."""

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
    """An officer's search for the contacts of a case over its infectious window.

    Opened by an act; `placed_at` is when the scans that it needs had been resolved. Nobody's
    colour follows from it before `confirmed_by`, a second act. It goes when retention lets go of
    the case; the migration's foreign key sees to that, and the acts stay.
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
    """The case of an inquiry told an officer whom it met; `place` is where, for the two of them.

    Entered by an act and, where it was a mistake, taken back by another.
    """

    inquiry = models.ForeignKey(Inquiry, models.CASCADE, related_name="+", db_constraint=False)
    place = models.OneToOneField(Place, models.CASCADE, related_name="+")
    declared_by = models.ForeignKey(Act, models.PROTECT, related_name="+")
    retracted_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+")
