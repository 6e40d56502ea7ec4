"""Devices authenticate with the bearer token they got when they were enrolled."""

import time
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from healthcode.web.bearer import Bearer
from verifier.doors.enrolment import door_of, token_digest
from verifier.doors.scanning import EnrolledDevice

LIFE_SECONDS: Final = 15.0
"""A revoked device, or a changed rule of its venue, is noticed by every process within this."""

MOST_DOORS: Final = 10_000


@dataclass
class DoorCache:
    """The doors this process served lately. Unknown tokens are not kept: anyone can make them."""

    _doors: dict[bytes, tuple[float, EnrolledDevice]] = field(default_factory=dict)

    def get(self, digest: bytes) -> EnrolledDevice | None:
        """The door with the token of this digest, read anew every `LIFE_SECONDS`."""
        now = time.monotonic()
        held = self._doors.get(digest)
        if held is not None and held[0] > now:
            return held[1]
        door = door_of(digest)
        if door is None:
            self._doors.pop(digest, None)
            return None
        if len(self._doors) >= MOST_DOORS:
            self.forget()
        self._doors[digest] = (now + LIFE_SECONDS, door)
        return door

    def forget(self) -> None:
        """Read every door anew."""
        self._doors = {}


doors = DoorCache()


class DeviceAuthentication(Bearer):
    """`request.user` is the EnrolledDevice of the token."""

    def holder(self, token: str, request: Request) -> tuple[EnrolledDevice, None]:
        """The door that asks. Raises AuthenticationFailed when no device has this token."""
        door = doors.get(token_digest(token))
        if door is None:
            raise AuthenticationFailed(
                _("This device is not enrolled, or was blocked. Enrol it with a new code.")
            )
        return door, None


class IsDevice(BasePermission):
    """Only enrolled devices."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the request was made as a door."""
        return isinstance(request.user, EnrolledDevice)


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped hook
    """How the API's description names this authentication."""

    target_class = DeviceAuthentication
    name = "device"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """The OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}
