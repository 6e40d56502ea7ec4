"""Publish who may report or ask what, under /.well-known/health-code/grants.json."""

import json
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcode.administration.public_grants import public_grants
from healthcode.web.published import published

GRANTS_SECONDS: Final = 300


@require_safe
def grants(request: HttpRequest) -> HttpResponseBase:
    """Publish the grants of institutions, and how many people and devices have others."""
    told = public_grants(at=timezone.now())
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    return published(request, body, content_type="application/json", max_age=GRANTS_SECONDS)
