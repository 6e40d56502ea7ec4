"""People, their guardians, and staff.

Only this room reads what identifies a person (`Identity`). All other rooms refer to a person by
`Person.id`, an opaque number.
"""

from functools import cached_property
from typing import ClassVar, Final

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import event_models as event_models
from accounts import guardian_code_models as guardian_code_models
from accounts import home_models as home_models
from accounts import login_models as login_models
from accounts import mark_models as mark_models
from accounts import second_factor_models as second_factor_models
from accounts.in_force import GrantQuerySet

LONGEST_INSTITUTION: Final = 96
MOVED: Final = "moved-"
"""Beginning of the user name of a resident's account whose telephone somebody else has now."""
ERASED: Final = "erased-"
"""Beginning of the user name of an account that is nobody's any more."""
LONGEST_USERNAME: Final = 64


class Role(models.TextChoices):
    """What an account may do; `Grant.area` says where."""

    RESIDENT = "resident"
    OFFICER = "officer"
    VENUE_MANAGER = "venue_manager"
    SOURCE = "source"
    PARTNER = "partner"
    ADMINISTRATOR = "administrator"


OF_PEOPLE: Final = frozenset({Role.OFFICER, Role.VENUE_MANAGER, Role.ADMINISTRATOR})
"""The roles of people who log in with a password."""
OF_MACHINES: Final = frozenset({Role.SOURCE, Role.PARTNER})
"""The roles of systems, which have tokens from an administrator, or keys."""


class IdType(models.TextChoices):
    """Types of identity documents, with the codes of the GA/T 517 family."""

    RESIDENT_CARD = "10", _("Resident ID card")
    HONG_KONG_MACAO_PERMIT = "14", _("Mainland travel permit for Hong Kong and Macao residents")
    TAIWAN_PERMIT = "15", _("Mainland travel permit for Taiwan residents")
    TAIWAN_SINGLE_ENTRY_PERMIT = "16", _("Single-entry travel permit for Taiwan residents")
    PASSPORT = "20", _("Passport")
    FOREIGN_PERMANENT_RESIDENCE = "34", _("Foreign permanent resident ID card")
    OTHER = "99", _("Other document")


class Relation(models.TextChoices):
    """What a person is to the account that looks after the person."""

    SELF = "self", _("Myself")
    CHILD = "child", _("Child")
    PARENT = "parent", _("Parent")
    OTHER = "other", _("Somebody else I look after")


class IdentityProof(models.TextChoices):
    """What shows that an account may look after a person, the weakest first."""

    EARLIER = "earlier", _("Registered before proofs were asked for.")
    GUARDIAN = "guardian", _("Somebody who has proven it let this phone number join.")
    REGISTER = "register", _("The register knows this name, document and phone number.")
    DOCUMENT = "document", _("An officer has seen the identity document.")


class Account(AbstractBaseUser):
    """Somebody or something that logs in: a resident by phone number, staff and machines by name.

    `phone_index` is the keyed hash by which a phone number is found; the number itself is sealed.
    `wrong_answers` counts those since the account proved itself for the last time
    (accounts/step_up.py).
    """

    username = models.CharField(max_length=LONGEST_USERNAME, null=True, unique=True)
    phone_index = models.BinaryField(max_length=32, null=True, unique=True)
    phone_sealed = models.BinaryField(null=True)
    is_active = models.BooleanField(default=True)
    wrong_answers = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    # The type stub requires BaseUserManager[Self], which a class variable cannot have.
    objects: ClassVar[BaseUserManager["Account"]] = BaseUserManager()  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"account {self.pk}"

    @cached_property
    def held(self) -> frozenset[tuple[Role, str]]:
        """Return the account's roles that hold now, with their areas; read once a request."""
        return frozenset(
            (Role(role), area)
            for role, area in self.grants.in_force(timezone.now()).values_list("role", "area")
        )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="account_has_a_way_in",
                condition=Q(username__isnull=False) | Q(phone_index__isnull=False),
            ),
        ]


class Institution(models.Model):
    """The public name of a source, which residents read as the one who reported a fact.

    `zh` is the Chinese name, `en` the English one; one of them may be missing.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="institution"
    )
    zh = models.CharField(max_length=LONGEST_INSTITUTION, blank=True)
    en = models.CharField(max_length=LONGEST_INSTITUTION, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="institution_has_a_name", condition=~Q(zh="") | ~Q(en="")),
        ]


class StaffPhone(models.Model):
    """The telephone at which staff are told what cannot wait, sealed. Nobody logs in with it."""

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="staff_phone"
    )
    sealed = models.BinaryField()

    @property
    def bound_to(self) -> bytes:
        """Return what the sealed number is bound to: the number of the account."""
        return str(self.account_id).encode()


class Grant(models.Model):
    """A role of an account over an area and everything inside it ("" is the whole country).

    Nobody granted a resident's role, nor that of the first administrator. A grant holds until
    `ends_at`; None means until somebody takes it back, which sets `ends_at` to that instant. A
    grant that has ended stays, and is given anew if the account gets this role here again: then
    `granted_at` and `granted_by` are those of the later grant. Acts keep what was before.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=Role.choices)
    area = models.CharField(max_length=9, blank=True, default="")
    granted_at = models.DateTimeField(db_default=Now())
    ends_at = models.DateTimeField(null=True)
    granted_by = models.ForeignKey(
        Account, models.PROTECT, null=True, related_name="grants_made", db_index=False
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "role", "area"], name="grant_once"),
            models.CheckConstraint(name="grant_role_known", condition=Q(role__in=Role.values)),
        ]
        indexes = [
            # Deleting an account asks whether it granted anything. Few grants have this column.
            models.Index(
                fields=["granted_by"], condition=Q(granted_by__isnull=False), name="grants_made"
            ),
        ]


class Token(models.Model):
    """A bearer token, of which only the SHA-256 is stored.

    `scope` limits the rights that it takes from its account: words separated by spaces; empty means
    all.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey(Account, models.CASCADE, related_name="tokens")
    label = models.CharField(max_length=64, blank=True, default="")
    scope = models.CharField(max_length=64, blank=True, default="")
    device = models.ForeignKey("KnownDevice", models.CASCADE, null=True, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()


class DeviceKind(models.TextChoices):
    """What a person sees of a device: nothing by which it could be found again elsewhere."""

    PHONE = "phone", _("Browser on a phone")
    COMPUTER = "computer", _("Browser on a computer")
    PROGRAM = "program", _("App or program")


class KnownDevice(models.Model):
    """A browser or a program with which an account has logged in before.

    It shows this by a random token, of which only the SHA-256 is stored. `session` is the key of
    the browser's session; "" for a program, whose token refers to the device. At `proved_at` the
    account proved itself here with a document; `wrong_answers` counts those since then.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="devices")
    digest = models.BinaryField(max_length=32, unique=True)
    kind = models.CharField(max_length=8, choices=DeviceKind.choices, blank=True, db_default="")
    session = models.CharField(max_length=40, blank=True, db_default="")
    since = models.DateTimeField()
    last_login = models.DateTimeField(db_index=True)
    proved_at = models.DateTimeField(null=True)
    wrong_answers = models.PositiveSmallIntegerField(default=0, db_default=0)


class Invitation(models.Model):
    """The right of an account to one link with which its owner chooses the password.

    `shown_to` is the administrator who sees the link once and hands it over. Until then there is no
    token; after that only its SHA-256 is stored.
    """

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="invitation"
    )
    shown_to = models.ForeignKey(Account, models.CASCADE, related_name="+", db_index=False)
    digest = models.BinaryField(max_length=32, null=True, unique=True)
    expires_at = models.DateTimeField()


class KeptAnswer(models.Model):
    """The first answer to a request, for whoever repeats the request (accounts/idempotency.py).

    `key` is the SHA-256 of the idempotency key, `request` that of everything that was sent.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    key = models.BinaryField(max_length=32)
    request = models.BinaryField(max_length=32)
    status = models.PositiveSmallIntegerField()
    headers = models.JSONField()
    body = models.BinaryField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_answer_a_key"),
        ]


class Person(models.Model):
    """Somebody with a colour. This table has nothing that identifies the person.

    `home_area` is a division's code. The areas room adds the foreign key, because it is above this
    room. `is_waiting` is true as long as a source has reported the person and nobody has registered
    them; the area is then that of the source. The database's default is for processes of version
    1.0, which do not know this column.
    """

    home_area = models.CharField(max_length=9)
    is_waiting = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(db_default=Now())


class Identity(models.Model):
    """The vault: who a person is, sealed (AES-256-GCM) and found by keyed hashes (HMAC-SHA-256)."""

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="identity")
    id_type = models.CharField(max_length=2, choices=IdType.choices)
    number_index = models.BinaryField(max_length=32)
    number_sealed = models.BinaryField()
    name_sealed = models.BinaryField()
    phone_index = models.BinaryField(max_length=32, null=True, db_index=True)
    phone_sealed = models.BinaryField(null=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["id_type", "number_index"], name="one_document_one_person"
            ),
            models.CheckConstraint(
                name="identity_type_known", condition=Q(id_type__in=IdType.values)
            ),
        ]


class MergedRegistration(models.Model):
    """A registration of a person who has several, as an officer found (`accounts.merging`).

    Registrations with the same number `whose` are of one person. It is the number of the latest act
    that merged any of them. `act` merged this one. The acts room adds the foreign key, because it
    is above this room.
    """

    person = models.OneToOneField(Person, models.CASCADE, primary_key=True, related_name="merged")
    whose = models.BigIntegerField(db_index=True)
    act = models.BigIntegerField()


class Guardianship(models.Model):
    """The link between an account and a person whom it looks after: oneself, a child, a parent.

    `proof` is None as long as the guardianship is only claimed: somebody typed the number of a
    document. The link has been proven since `proven_at`. `act` is the number of the officer's act
    if an officer saw the document; the acts room adds the foreign key, because it is above this
    room. The database's default is for processes of version 1.0, which do not know these columns.
    """

    account = models.ForeignKey(Account, models.CASCADE, related_name="guardianships")
    person = models.ForeignKey(Person, models.CASCADE, related_name="guardianships")
    relation = models.CharField(max_length=8, choices=Relation.choices)
    since = models.DateTimeField(db_default=Now())
    proof = models.CharField(
        max_length=8,
        choices=IdentityProof.choices,
        null=True,
        db_default=IdentityProof.EARLIER.value,
    )
    proven_at = models.DateTimeField(null=True)
    act = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "person"], name="guardian_once"),
            models.UniqueConstraint(
                fields=["account"], condition=Q(relation="self"), name="one_self_per_account"
            ),
            models.UniqueConstraint(
                fields=["person"], condition=Q(relation="self"), name="one_account_per_self"
            ),
            models.CheckConstraint(
                name="guardianship_relation_known", condition=Q(relation__in=Relation.values)
            ),
            models.CheckConstraint(
                name="guardianship_proof_known",
                condition=Q(proof__isnull=True) | Q(proof__in=IdentityProof.values),
            ),
            models.CheckConstraint(
                name="guardianship_proven_since",
                condition=Q(
                    Q(proof__isnull=False)
                    & Q(
                        proof__in=[
                            IdentityProof.GUARDIAN,
                            IdentityProof.REGISTER,
                            IdentityProof.DOCUMENT,
                        ]
                    ),
                    proven_at__isnull=False,
                )
                | Q(
                    Q(proof__isnull=True) | Q(proof=IdentityProof.EARLIER),
                    proven_at__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="guardianship_proven_by_act",
                condition=Q(act__isnull=True)
                | Q(proof__isnull=False, proof=IdentityProof.DOCUMENT),
            ),
        ]


class RosterEntry(models.Model):
    """A person whom a roster of the authority names: only keyed hashes of what stands there.

    `accounts.rosters` says what is hashed. `phone_index` is None if the roster names no telephone.
    """

    id_type = models.CharField(max_length=2, choices=IdType.choices)
    number_index = models.BinaryField(max_length=32)
    name_index = models.BinaryField(max_length=32)
    phone_index = models.BinaryField(max_length=32, null=True)

    class Meta:
        verbose_name_plural = "roster entries"
        constraints = [
            models.UniqueConstraint(fields=["id_type", "number_index"], name="once_in_the_roster"),
            models.CheckConstraint(
                name="roster_type_known", condition=Q(id_type__in=IdType.values)
            ),
        ]
