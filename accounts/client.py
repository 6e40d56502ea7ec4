"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """The client's IP address.

    Behind a proxy it is the last one in `X-Forwarded-For`, which our own proxy wrote; those
    before it are whatever the client claims.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_PROXY and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
