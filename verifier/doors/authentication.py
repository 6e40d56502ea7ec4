"""Devices authenticate with the bearer token that they got at their enrolment."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from healthcode.web.bearer import Bearer
from verifier.doors.enrolment import NoDoor, door_of, token_digest
from verifier.doors.scanning import EnrolledDevice

LIFE_SECONDS: Final = 15.0
"""Within this time every process notices a revoked device or a changed rule of its venue."""

MOST_DOORS: Final = 10_000


@dataclass
class DoorCache:
    """The doors that this process served lately.

    Unknown tokens are not kept, because anybody could fill the memory with them.
    """

    _doors: dict[bytes, tuple[float, EnrolledDevice]] = field(default_factory=dict)

    def get(self, digest: bytes) -> EnrolledDevice | NoDoor:
        """Return the door whose token has this digest. It is read again after `LIFE_SECONDS`."""
        now = time.monotonic()
        held = self._doors.get(digest)
        if held is not None and held[0] > now:
            return held[1]
        door = door_of(digest, at=timezone.now())
        if isinstance(door, NoDoor):
            self._doors.pop(digest, None)
            return door
        if len(self._doors) >= MOST_DOORS:
            self.forget()
        self._doors[digest] = (now + LIFE_SECONDS, door)
        return door

    def forget(self) -> None:
        """Forget all doors, so that each is read again."""
        self._doors = {}


doors = DoorCache()

SENTENCES: Final[Mapping[NoDoor, Promise]] = {
    NoDoor.UNKNOWN: _("This device is not enrolled, or was blocked. Enrol it with a new code."),
    NoDoor.CLOSED: _(
        "This venue is closed, so nobody scans here any more. If that is wrong, ask the venue's "
        "manager to open it again."
    ),
}


class DeviceAuthentication(Bearer):
    """`request.user` is the EnrolledDevice of the token."""

    def holder(self, token: str, request: Request) -> tuple[EnrolledDevice, None]:
        """Return the door that asks. Raises AuthenticationFailed when no device has this token."""
        door = doors.get(token_digest(token))
        if isinstance(door, NoDoor):
            raise AuthenticationFailed(str(SENTENCES[door]))
        return door, None


class IsDevice(BasePermission):
    """Allow only enrolled devices."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether an enrolled device made the request."""
        return isinstance(request.user, EnrolledDevice)


class DeviceScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # untyped hook
    """Describe this authentication in the OpenAPI document."""

    target_class = DeviceAuthentication
    name = "device"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return the OpenAPI security scheme."""
        return {"type": "http", "scheme": "bearer"}
