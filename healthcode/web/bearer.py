"""Bearer tokens (RFC 6750, 2.1), for residents, devices and partners alike."""

from abc import ABC, abstractmethod
from typing import ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class Bearer(BaseAuthentication, ABC):
    """Read `Authorization: Bearer <token>`. A subclass knows whose token it is."""

    SCHEME: ClassVar[str] = "Bearer"

    def authenticate(self, request: Request) -> tuple[object, object] | None:
        """Return what `request.user` and `request.auth` become; None without a token."""
        scheme, _space, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != self.SCHEME.lower():
            return None
        return self.holder(token.strip(" "), request)

    def authenticate_header(self, request: Request) -> str:
        """Return the scheme that a 401 answer asks for."""
        return self.SCHEME

    @abstractmethod
    def holder(self, token: str, request: Request) -> tuple[object, object]:
        """Return whose token it is. Raises AuthenticationFailed when it is nobody's."""
