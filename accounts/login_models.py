"""The tables of logins that somebody has begun, their one-time codes, and what is limited."""

from django.db import models


class OneTimeCode(models.Model):
    """A one-time code that was sent to a phone; stored as a hash.

    An ordinary code has six digits and belongs to one login. A `shared` code has twelve digits, and
    every login of its phone may use it.
    """

    phone_index = models.BinaryField(max_length=32, db_index=True)
    code_hash = models.BinaryField(max_length=32)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    shared = models.BooleanField(default=False, db_default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)


class StartedLogin(models.Model):
    """A login that somebody began by asking for a code; the tries belong to it.

    Whoever began it knows a random text, of which the SHA-256 is stored. `network` is the keyed
    hash of the address. Without a `code`, the shared code of the phone counts. `asked_by` is the
    account that asked for the code in order to show that its holder, or the person at its desk, has
    this telephone. Nobody logs in with such a code.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    phone_index = models.BinaryField(max_length=32)
    network = models.BinaryField(max_length=32)
    code = models.ForeignKey(OneTimeCode, models.CASCADE, null=True, related_name="logins")
    device = models.ForeignKey("accounts.KnownDevice", models.CASCADE, null=True, related_name="+")
    asked_by = models.ForeignKey("accounts.Account", models.CASCADE, null=True, related_name="+")
    tries = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["phone_index", "network"], name="logins_of_phone")]


class StepUp(models.Model):
    """A question about a document that somebody must answer, to prove that an account is theirs.

    Whoever is asked knows a random text, of which the SHA-256 is stored. At a login the question
    belongs to a telephone. Otherwise somebody who is logged in is asked again, on a known `device`
    or on none.
    """

    digest = models.BinaryField(max_length=32, unique=True)
    account = models.ForeignKey("accounts.Account", models.CASCADE, related_name="+")
    phone_index = models.BinaryField(max_length=32, null=True)
    device = models.ForeignKey("accounts.KnownDevice", models.CASCADE, null=True, related_name="+")
    expires_at = models.DateTimeField(db_index=True)


class SentCodes(models.Model):
    """How many one-time codes were sent to anybody within an hour (accounts/budget.py)."""

    hour = models.DateTimeField(primary_key=True)
    sent = models.PositiveIntegerField()


class LimitEvent(models.Model):
    """One use of something that is limited (accounts/limits.py); `subject` is a keyed hash."""

    subject = models.BinaryField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["subject", "at"], name="uses_of_subject")]
