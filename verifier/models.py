"""Venues, their devices and scans, the issuers whose codes they can check, and partners."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Account


class VenueKind(models.TextChoices):
    """The kind of a venue. Tracing estimates from it how long visits last.

    See docs/reference/tracing.md.
    """

    RESTAURANT = "restaurant", _("restaurant")
    SHOP = "shop", _("shop")
    MARKET = "market", _("market")
    OFFICE = "office", _("workplace")
    SCHOOL = "school", _("school")
    HOSPITAL = "hospital", _("hospital")
    STATION = "station", _("station or airport")
    LEISURE = "leisure", _("cinema, gym or the like")
    OTHER = "other", _("other venue")


class Venue(models.Model):
    """A place with a door. `yellow` is the outcome that a yellow code gets here.

    `manager` answers for it, and may name deputies for the daily work. After `closed_at`, no device
    scans here.
    """

    name = models.CharField(max_length=128)
    area = models.CharField(max_length=9)
    manager = models.ForeignKey(Account, models.PROTECT, related_name="venues")
    yellow = models.CharField(
        max_length=8, choices=[("caution", "caution"), ("refuse", "refuse")], default="caution"
    )
    kind = models.CharField(max_length=10, choices=VenueKind.choices, default=VenueKind.OTHER.value)
    created_at = models.DateTimeField(db_default=Now())
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="venue_kind_known", condition=Q(kind__in=VenueKind.values)),
            models.CheckConstraint(
                name="venue_yellow_known", condition=Q(yellow__in=["caution", "refuse"])
            ),
        ]


class Deputy(models.Model):
    """Somebody who does the daily work at a venue for its manager: devices, scans, yellow codes."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="deputies", db_index=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="+")
    since = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["venue", "account"], name="deputy_once_a_venue"),
        ]


class HandOver(models.Model):
    """A manager's offer of a venue to a colleague, who has not answered yet.

    The ground is that of the act, which is recorded when the colleague accepts.
    """

    venue = models.OneToOneField(Venue, models.CASCADE, primary_key=True, related_name="hand_over")
    offered_by = models.ForeignKey(Account, models.PROTECT, related_name="+")
    to = models.ForeignKey(Account, models.PROTECT, related_name="+")
    ground_kind = models.CharField(max_length=16)
    ground = models.TextField()
    offered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="venue_offered_to_another", condition=~Q(to=F("offered_by"))
            ),
            models.CheckConstraint(name="hand_over_has_a_ground", condition=~Q(ground="")),
        ]


class Device(models.Model):
    """A phone or scanner at a venue, enrolled with a one-time code. Its token is stored hashed.

    `at_exit`: the people it scans are leaving. `last_seen_at`: when it last called the service,
    to the hour.
    """

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="devices")
    label = models.CharField(max_length=64)
    at_exit = models.BooleanField(default=False)
    enrolment_hash = models.BinaryField(max_length=32, null=True, unique=True)
    enrolment_expires_at = models.DateTimeField(null=True)
    token_hash = models.BinaryField(max_length=32, null=True, unique=True)
    enrolled_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())


class Scan(models.Model):
    """One scan of a code at a door. The migration partitions the table by `day` (Asia/Shanghai).

    The row holds no name and no person. `status_uri` and `status_idx` are the code's position in a
    status list. This position changes every day and with every change of colour. Only the issuer of
    the code can tell which person it belongs to.

    `code_digest` shows whether a second scan with the same id is a repeat (same code) or a mistake.
    `shown_at` is when the phone made the picture; it is null for a paper card. `given_outcome` and
    `given_reason` are the verdict of a door without network. `outcome` and `reason` are the
    server's verdict.
    """

    pk = models.CompositePrimaryKey("day", "id")
    day = models.DateField()
    id = models.UUIDField()
    venue = models.ForeignKey(
        Venue, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    device = models.ForeignKey(
        Device, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    scanned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    offline = models.BooleanField(default=False)
    outcome = models.CharField(max_length=8)
    reason = models.CharField(max_length=20)
    given_outcome = models.CharField(max_length=8, blank=True, default="")
    given_reason = models.CharField(max_length=20, blank=True, default="")
    colour = models.PositiveSmallIntegerField(null=True)
    issuer = models.CharField(max_length=16, blank=True, default="")
    issued_at = models.DateTimeField(null=True)
    shown_at = models.DateTimeField(null=True)
    age_seconds = models.IntegerField(null=True)
    status_uri = models.CharField(max_length=64, blank=True, default="")
    status_idx = models.BigIntegerField(null=True)
    code_digest = models.BinaryField(max_length=32)

    class Meta:
        managed = False


class Doubt(models.Model):
    """The suspicion that a picture of a code is a copy, such as a screenshot.

    The page of the venue shows a doubt. For ten minutes, the scanners at its doors show it too.

    `kind` is `elsewhere` if the picture was scanned here and in another city while it was valid. It
    is `often` if the picture was scanned more than five times here. A doubt is no proof, so no
    verdict depends on it.

    `tag` stands for the holder at this venue on this day. At another venue or on another day, the
    same holder has another tag (verifier/doors/doubts.py). `devices` are the venue's devices that
    scanned the picture.
    """

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="doubts")
    day = models.DateField()
    tag = models.CharField(max_length=8)
    kind = models.CharField(max_length=9, choices=[("elsewhere", "elsewhere"), ("often", "often")])
    shown_at = models.DateTimeField()
    scans = models.PositiveIntegerField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    devices = ArrayField(models.BigIntegerField())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["venue", "day", "tag", "kind", "shown_at"], name="one_doubt_a_picture"
            ),
        ]


class DoubtsLooked(models.Model):
    """How far the search for doubts has come, in a single row.

    The scans received up to `upto` have been searched. The next run begins there.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    upto = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_look_at_doubts", condition=Q(id=1)),
        ]


class TrustedIssuer(models.Model):
    """An issuer that an operator here trusts by hand, and the address where it publishes.

    Its keys come from that address, even when the alliance's trust list names the same issuer.
    """

    name = models.CharField(max_length=16, primary_key=True)
    base_url = models.URLField()
    added_at = models.DateTimeField(db_default=Now())


class TrustList(models.Model):
    """The last valid trust list of the alliance that this verifier follows, as it was signed.

    `confirmed_at` is when its source last answered with this list and no newer one.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token = models.TextField()
    etag = models.CharField(max_length=80, blank=True, default="")
    confirmed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_trust_list", condition=Q(id=1)),
        ]


class Publication(models.Model):
    """The last valid copy of an issuer's keys or of one of its status lists.

    Keys are kept only of issuers trusted by hand: the keys of others are in the trust list.
    """

    issuer = models.CharField(max_length=16, db_index=True)
    uri = models.CharField(max_length=200, unique=True)
    kind = models.CharField(max_length=8, choices=[("keys", "keys"), ("status", "status")])
    body = models.BinaryField()
    etag = models.CharField(max_length=80, blank=True, default="")
    as_of = models.DateTimeField()
    changed_at = models.DateTimeField(db_index=True)


class Partner(models.Model):
    """A partner's system: the public keys it signs with (JWK set), its scopes and its quota."""

    account = models.OneToOneField(
        Account, models.PROTECT, primary_key=True, related_name="partner"
    )
    keys = models.JSONField()
    scopes = models.CharField(max_length=64)
    codes_per_minute = models.PositiveIntegerField()
    contact = models.CharField(max_length=128, blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())


class PartnerAssertion(models.Model):
    """An assertion that was used, kept until it has expired so that nobody can use it twice."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    jti_hash = models.BinaryField(max_length=32)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "jti_hash"], name="assertion_once"),
        ]


class PartnerUse(models.Model):
    """How many codes a partner sent in its current minute, which its quota limits."""

    account = models.OneToOneField(Account, models.CASCADE, primary_key=True, related_name="+")
    minute = models.DateTimeField()
    codes = models.PositiveIntegerField()


class PartnerCall(models.Model):
    """A call of a partner: its time, its number of codes, and why it was refused, if it was.

    `passes`, `cautions` and `refusals` count the verdicts. They are null where none was given.
    Nothing of the codes is kept.
    """

    account = models.ForeignKey(Account, models.PROTECT, related_name="partner_calls")
    at = models.DateTimeField()
    call = models.CharField(max_length=8)
    codes = models.PositiveIntegerField()
    refused = models.CharField(max_length=32, blank=True, default="")
    passes = models.PositiveIntegerField(null=True)
    cautions = models.PositiveIntegerField(null=True)
    refusals = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["account", "at"], name="calls_of_partner")]
        constraints = [
            models.CheckConstraint(
                name="one_verdict_a_code",
                condition=Q(passes=None, cautions=None, refusals=None)
                | Q(codes=F("passes") + F("cautions") + F("refusals")),
            ),
        ]
