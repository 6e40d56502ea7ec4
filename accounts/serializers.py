"""Input and output of this room's calls."""

from typing import Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.event_models import AccountEventKind
from accounts.identity import UNKNOWN_TYPE
from accounts.models import DeviceKind, IdentityProof, IdType, Relation
from healthcode.web.fields import StrictSerializer

DEVICES: Final = DeviceKind.values
ID_TYPES: Final = IdType.values
"""The codes of documents; OpenAPI declares them once, whatever a member is called."""


class OtpInput(StrictSerializer):
    """The phone number to which a one-time code is sent.

    A client that has logged in before sends its `device`, which the answer to the login contained.
    """

    phone = serializers.CharField(max_length=64)
    device = serializers.CharField(max_length=64, required=False)


class LoginInput(StrictSerializer):
    """The phone number, the one-time code that was sent to it, and the login that it was sent for.

    Without `login`, the newest login of this phone that began at the caller's address counts.
    """

    phone = serializers.CharField(max_length=64)
    otp = serializers.CharField(max_length=64)
    login = serializers.CharField(max_length=64, required=False)


class StepUpInput(StrictSerializer):
    """The answer to a step-up: the last four characters of the document number."""

    step_up = serializers.CharField(max_length=64)
    document_last4 = serializers.CharField(max_length=64)


class NotMeInput(StrictSerializer):
    """The step-up of a login with a telephone that somebody else had before."""

    step_up = serializers.CharField(max_length=64)


class PersonInput(StrictSerializer):
    """Somebody to register. Without `relation` the first person becomes the account's holder.

    The choices have their own sentences, because the framework's would repeat what was typed.
    """

    name = serializers.CharField(max_length=200)
    id_type = serializers.ChoiceField(
        choices=IdType.values,
        error_messages={"invalid_choice": UNKNOWN_TYPE},
    )
    id_number = serializers.CharField(max_length=64)
    phone = serializers.CharField(max_length=64, default=None, allow_null=True, allow_blank=True)
    home_area = serializers.CharField(max_length=64)
    relation = serializers.ChoiceField(
        choices=Relation.choices,
        default=None,
        allow_null=True,
        error_messages={"invalid_choice": _("Choose one of: self, child, parent, other.")},
    )


class OtpSent(serializers.Serializer[object]):
    """The answer to a request for a code, the same whether or not the phone number is known."""

    login = serializers.CharField(help_text="The login that has begun. Keep it secret.")
    digits = serializers.IntegerField(
        help_text="6, or 12 if the last code with 12 digits that the phone received counts."
    )
    expires_in = serializers.IntegerField(help_text="Seconds for which this login is open.")
    resend_after = serializers.IntegerField(help_text="Seconds after which to ask for another.")


class LoggedIn(serializers.Serializer[object]):
    """A bearer token, when it expires, and what makes this client a known device."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    device = serializers.CharField(
        allow_null=True,
        help_text="Keep it secret, and send it with the next login of this phone. Null if the one "
        "that you sent stays valid.",
    )


class OwnDevice(serializers.Serializer[object]):
    """A device with which the caller's account has logged in within 60 days."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=DEVICES, allow_blank=True)
    since = serializers.DateTimeField()
    last_login = serializers.DateTimeField()
    is_this = serializers.BooleanField(help_text="Whether this call comes from it.")


class SignIn(serializers.Serializer[object]):
    """What happened to the login of the caller's account, counted by hour; failures by day."""

    kind = serializers.ChoiceField(choices=AccountEventKind.values)
    device = serializers.ChoiceField(
        choices=DEVICES,
        allow_null=True,
        help_text="Null where the service does not know it.",
    )
    times = serializers.IntegerField(help_text="How often within this hour, or this day.")
    last_at = serializers.DateTimeField()


class PersonOutput(serializers.Serializer[object]):
    """A person with masked name, number and phone."""

    id = serializers.IntegerField()
    relation = serializers.ChoiceField(choices=Relation.choices)
    name = serializers.CharField()
    id_type = serializers.ChoiceField(choices=IdType.values)
    id_number = serializers.CharField()
    phone = serializers.CharField(allow_null=True)
    home_area = serializers.CharField()
    proof = serializers.ChoiceField(
        choices=IdentityProof.choices,
        allow_null=True,
        help_text="What shows that you may look after this person; null while you only claim it.",
    )
    proven_at = serializers.DateTimeField(allow_null=True)
