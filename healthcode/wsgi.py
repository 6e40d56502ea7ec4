"""The WSGI application; Granian serves what `begin` makes of it."""

import os
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from healthcode.starting import refuse_wrong_start
from healthcode.web.gate import Gate

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")
application = Gate(get_wsgi_application(), at_once=settings.REQUESTS_AT_ONCE)


def begin() -> "WSGIApplication":
    """The application, once this process may serve it. Ends the process otherwise."""
    refuse_wrong_start()
    return application
