"""Publish the witness's keys and what it has cosigned, under /.well-known/health-code/witness/."""

from typing import Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from healthcode.acts.log import keys
from healthcode.acts.log_models import KeyUse
from healthcode.acts.witnessing import selectors
from healthcode.acts.witnessing.api import PLAIN
from healthcode.web.published import published

SECONDS: Final = 60


@require_safe
def witness_keys(request: HttpRequest) -> HttpResponseBase:
    """Publish the keys with which this service cosigns, one vkey a line."""
    lines = (f"{key}\n" for key in keys.published_keys(KeyUse.WITNESS))
    return published(request, "".join(lines).encode(), content_type=PLAIN, max_age=SECONDS)


@require_safe
def witnessed_checkpoint(request: HttpRequest, origin_hash: str) -> HttpResponseBase:
    """Publish the last checkpoint that was cosigned for a log. Raises Http404 if there is none."""
    note = selectors.checkpoint_of(origin_hash)
    if note is None:
        raise Http404
    return published(request, note, content_type=PLAIN, max_age=SECONDS)
