"""The tables of acts and of the public log."""

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import Length
from django.db.models.lookups import Exact, LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, Person
from healthcode.acts import alarm_models as alarm_models
from healthcode.acts import log_models as log_models
from healthcode.core.log.leaves import SALT_BYTES
from healthcode.core.log.merkle import HASH_BYTES
from healthcode.core.log.tiles import LARGEST_ENTRY


class Act(models.Model):
    """The record of what somebody with authority did, for which area, and why (`ground`).

    For example, an officer publishes a risk map or withdraws evidence. `detail` says what was done
    (the map, the version of the policy). It does not identify a person. The row is never changed
    and never deleted.

    `people_before` and `people_after` count the people whom the act concerned, by colour (green,
    yellow, red); `worse` counts those who got a graver colour. The acts of version 1.0.0 have no
    role, no kind of ground and no counts.

    `confirmed_by` is the second person, if the act needed one.
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
    confirmed_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", db_index=False
    )

    class Meta:
        # The table was made by the accounts room and keeps its name (accounts_act).
        app_label = "accounts"
        constraints = [
            models.CheckConstraint(name="act_has_a_ground", condition=~Q(ground="")),
            models.CheckConstraint(
                name="act_confirmed_by_another", condition=~Q(confirmed_by=F("account"))
            ),
        ]
        indexes = [
            # Before each act: how many people did this account make worse off within a day?
            models.Index(
                fields=["account", "at"], condition=Q(worse__gt=0), name="acts_that_made_worse"
            ),
            # What was done about a person? Few acts are about one.
            models.Index(
                KeyTransform("person", "detail"),
                F("id").desc(),
                condition=Q(detail__has_key="person"),
                name="acts_about_person",
            ),
            # The same for acts about several registrations. There are fewer still.
            GinIndex(
                KeyTransform("registrations", "detail"),
                condition=Q(detail__has_key="registrations"),
                name="acts_about_registrations",
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


class PersonLook(models.Model):
    """The record that somebody with a role looked at the data of a person, and why.

    The person sees it, from `hidden_until` on if that is set: an inquiry may stay unknown for at
    most 14 days. `salt` and the record of the look give the digest in `LookDigest`, which stays
    when this row is deleted. A look from before the digests has no salt.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="looks")
    role = models.CharField(max_length=16)
    area = models.CharField(max_length=9, blank=True)
    person = models.ForeignKey(Person, models.CASCADE, related_name="+", db_index=False)
    what = models.CharField(max_length=16)
    ground_kind = models.CharField(max_length=16)
    ground = models.TextField()
    at = models.DateTimeField()
    hidden_until = models.DateTimeField(null=True)
    salt = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="look_has_a_ground", condition=~Q(ground="")),
            models.CheckConstraint(
                name="look_salt_length", condition=Exact(Length("salt"), SALT_BYTES)
            ),
            models.CheckConstraint(
                name="look_is_not_hidden_for_long",
                condition=Q(hidden_until__lte=F("at") + timedelta(days=14)),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-at"], name="looks_at_person"),
            models.Index(fields=["at"], name="looks_by_age"),
        ]


class LogLeaf(models.Model):
    """A leaf of the public log (docs/log.md): `entry` is what anybody can read.

    A leaf has no `position` until the sequencer gives it one. Apart from that, the row is never
    changed and never deleted. `salt` and the record of the act together give the digest in `entry`.
    A leaf of a batch has no act and no salt, because each line of the batch has a salt of its own.
    """

    kind = models.CharField(max_length=32)
    number = models.BigIntegerField()
    minute = models.DateTimeField()
    entry = models.BinaryField()
    salt = models.BinaryField(null=True)
    act = models.OneToOneField(Act, models.PROTECT, null=True, related_name="leaf")
    position = models.BigIntegerField(null=True, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_leaf_for_each"),
            models.CheckConstraint(name="leaf_number_of_its_act", condition=Q(number=F("act"))),
            models.CheckConstraint(
                name="leaf_of_an_act_has_a_salt",
                condition=Q(act=None, salt=None) | Q(act__isnull=False, salt__isnull=False),
            ),
            models.CheckConstraint(
                name="leaf_salt_length", condition=Exact(Length("salt"), SALT_BYTES)
            ),
            models.CheckConstraint(
                name="leaf_fits_a_bundle",
                condition=LessThanOrEqual(Length("entry"), LARGEST_ENTRY),
            ),
            models.CheckConstraint(name="leaf_position", condition=Q(position__gte=0)),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(position=None), name="leaves_without_position"),
        ]


class LookDigest(models.Model):
    """The digest of a look (`PersonLook`), which stays when the look is deleted.

    `look` is the number of the look, `area` the city of whoever looked, and `hour` the hour that
    the look fell in. After the hour, all looks of an hour and area get one leaf of the public log:
    `place` is the position of this digest in the tree of that leaf. A look that was deleted with
    its person names the act of the erasure. Apart from these three, the row is never changed and
    never deleted.
    """

    look = models.BigIntegerField(primary_key=True)
    area = models.CharField(max_length=4, blank=True)
    hour = models.DateTimeField()
    digest = models.BinaryField()
    leaf = models.ForeignKey(
        LogLeaf, models.PROTECT, null=True, related_name="looks", db_index=False
    )
    place = models.PositiveIntegerField(null=True)
    erased_by = models.ForeignKey(Act, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["leaf", "place"], name="one_look_at_its_place"),
            models.CheckConstraint(
                name="look_digest_length", condition=Exact(Length("digest"), HASH_BYTES)
            ),
            models.CheckConstraint(
                name="look_has_a_place_in_its_leaf",
                condition=Q(leaf=None, place=None) | Q(leaf__isnull=False, place__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["look"], condition=Q(leaf=None), name="looks_without_leaf"),
        ]


class ProposalState(models.TextChoices):
    """What has become of a proposal. One that still waits after its time has expired."""

    WAITING = "waiting", _("waits for a second person")
    CONFIRMED = "confirmed", _("confirmed")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Proposal(models.Model):
    """An act that waits until a second person confirms it.

    Somebody with authority proposes it. `payload` is the plan, from which the act can be done.
    `preview` is what it would do, as the proposer saw it. `fingerprint` is the SHA-256 of both. A
    second person confirms the proposal before `expires_at`, and then it becomes an act (`act`), or
    somebody withdraws it. The row changes once, when it is decided, and is never deleted.

    `is_alarm` is true if it waits because unusually many people would have turned red within an
    hour.
    """

    kind = models.CharField(max_length=32)
    proposed_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    role = models.CharField(max_length=16)
    area = models.CharField(max_length=9, blank=True)
    touched = ArrayField(models.CharField(max_length=9, blank=True))
    ground_kind = models.CharField(max_length=16)
    ground = models.TextField()
    payload = models.JSONField()
    preview = models.JSONField()
    fingerprint = models.CharField(max_length=64)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    is_alarm = models.BooleanField(db_default=False)
    state = models.CharField(
        max_length=9, choices=ProposalState.choices, default=ProposalState.WAITING
    )
    decided_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="+", db_index=False
    )
    decided_at = models.DateTimeField(null=True)
    decision_ground_kind = models.CharField(max_length=16, blank=True, default="")
    decision_ground = models.TextField(blank=True, default="")
    act = models.OneToOneField(Act, models.PROTECT, null=True, related_name="proposal")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="proposal_state_known", condition=Q(state__in=ProposalState.values)
            ),
            models.CheckConstraint(
                name="proposal_has_a_ground", condition=~Q(ground="") & ~Q(ground_kind="")
            ),
            models.CheckConstraint(
                name="proposal_expires_later", condition=Q(expires_at__gt=F("made_at"))
            ),
            models.CheckConstraint(
                name="proposal_decided_as_a_whole",
                condition=Q(
                    state="waiting",
                    decided_by__isnull=True,
                    decided_at__isnull=True,
                    decision_ground="",
                )
                | ~Q(state="waiting")
                & Q(decided_by__isnull=False, decided_at__isnull=False)
                & ~Q(decision_ground=""),
            ),
            models.CheckConstraint(
                name="proposal_confirmed_is_an_act",
                condition=Q(state="confirmed") ^ Q(act__isnull=True),
            ),
            models.CheckConstraint(
                name="proposal_confirmed_by_another",
                condition=~Q(state="confirmed") | ~Q(decided_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="proposal_confirmed_in_time",
                condition=~Q(state="confirmed") | Q(decided_at__lt=F("expires_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(state="waiting"), name="proposals_waiting"
            ),
        ]
