"""Input and output of this room's calls."""

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.identity import UNKNOWN_TYPE
from accounts.models import IdType, Relation
from healthcode.web.fields import StrictSerializer


class OtpInput(StrictSerializer):
    """The phone number to which a one-time code is sent."""

    phone = serializers.CharField(max_length=64)


class LoginInput(StrictSerializer):
    """The phone number and the one-time code that was sent to it."""

    phone = serializers.CharField(max_length=64)
    otp = serializers.CharField(max_length=64)


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

    expires_in = serializers.IntegerField(help_text="Seconds for which the code is valid.")
    resend_after = serializers.IntegerField(help_text="Seconds after which to ask for another.")


class LoggedIn(serializers.Serializer[object]):
    """A bearer token and when it expires."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PersonOutput(serializers.Serializer[object]):
    """A person with masked name, number and phone."""

    id = serializers.IntegerField()
    relation = serializers.ChoiceField(choices=Relation.choices)
    name = serializers.CharField()
    id_type = serializers.ChoiceField(choices=IdType.values)
    id_number = serializers.CharField()
    phone = serializers.CharField(allow_null=True)
    home_area = serializers.CharField()
