"""The WSGI application that Granian serves."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from healthcode.starting import refuse_wrong_start
from healthcode.web.gate import Gate

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "healthcode.settings")
application = Gate(get_wsgi_application(), at_once=settings.REQUESTS_AT_ONCE)
refuse_wrong_start()
