"""Publish the public log under /.well-known/health-code/log/ (C2SP tlog-tiles; docs/log.md)."""

from typing import Final

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from healthcode.acts.log import keys
from healthcode.acts.selectors import file_of, published_policy
from healthcode.acts.witnessing.published import published_checkpoint
from healthcode.core.errors import MalformedLog
from healthcode.core.log.tiles import parse_path
from healthcode.web.published import published

CHECKPOINT_SECONDS: Final = 5
POLICY_SECONDS: Final = 60
TILE_SECONDS: Final = 365 * 24 * 3600
_TEXT: Final = "text/plain; charset=utf-8"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """Publish the newest checkpoint, with cosignatures. Raises Http404 before the first."""
    shown = published_checkpoint()
    if shown is None:
        raise Http404
    return published(request, shown.note, content_type=_TEXT, max_age=CHECKPOINT_SECONDS)


@require_safe
def policy(request: HttpRequest) -> HttpResponseBase:
    """Publish the keys and witnesses of the log as a C2SP tlog-policy.

    Raises Http404 before the first key.
    """
    held = keys.published_keys()
    if not held:
        raise Http404
    body = published_policy(held)
    return published(request, body, content_type=_TEXT, max_age=POLICY_SECONDS)


@require_safe
def tile_file(request: HttpRequest, tile: str) -> HttpResponseBase:
    """Publish a tile or a bundle of entries. Raises Http404 for one that the log does not have."""
    try:
        wanted = parse_path(tile)
    except MalformedLog as error:
        raise Http404 from error
    body = file_of(wanted)
    if body is None:
        raise Http404
    return published(
        request,
        body,
        content_type="application/octet-stream",
        max_age=TILE_SECONDS,
        is_final=True,
    )
