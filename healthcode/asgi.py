"""The application that Granian serves: Django behind `Front`, which limits waiting."""

import os
from typing import Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from healthcode.starting import refuse_wrong_start
from healthcode.web.calls import CallKind
from healthcode.web.charsets import OnlyUtf8
from healthcode.web.front import Front

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")

CALLERS: Final = (CallKind.DOORS, CallKind.PHONES, CallKind.REST)
OPERATORS_AT_ONCE: Final = 2


def begin() -> Front:
    """Return the application, or end the process when its settings or secrets are wrong."""
    django = OnlyUtf8(get_wsgi_application())
    refuse_wrong_start(is_web=True)
    from healthcode.health import WATCHES  # once Django is ready

    places = dict.fromkeys(CALLERS, settings.REQUESTS_AT_ONCE)
    return Front(django, places=places | {CallKind.OPERATORS: OPERATORS_AT_ONCE}, watches=WATCHES)
