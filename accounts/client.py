from django.conf import settings
from django.http import HttpRequest


def address(request: HttpRequest) -> str:
    """Return the client's IP address.

    Behind a proxy it is the last one in `X-Forwarded-For`, which our own proxy wrote. The addresses
    before it are not trusted, because the client can write anything there.
    """
    forwarded = request.headers.get("X-Forwarded-For", "")
    if settings.BEHIND_PROXY and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
