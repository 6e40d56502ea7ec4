from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Give templates the issuer's name, whether this is the demo, and the languages to offer."""
    return {"ISSUER": settings.ISSUER, "DEMO": settings.DEMO, "LANGUAGES": settings.LANGUAGES}
