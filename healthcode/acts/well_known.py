"""Publish the public log under /.well-known/health-code/log/ (C2SP tlog-tiles; docs/log.md)."""

from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from healthcode.acts.log import keys, tree
from healthcode.acts.selectors import file_of
from healthcode.core.errors import MalformedLog
from healthcode.core.log.policies import NONE
from healthcode.core.log.tiles import parse_path
from healthcode.web.published import published

CHECKPOINT_SECONDS: Final = 5
POLICY_SECONDS: Final = 60
TILE_SECONDS: Final = 365 * 24 * 3600
_TEXT: Final = "text/plain; charset=utf-8"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponseBase:
    """Publish the newest signed checkpoint. Raises Http404 before the first."""
    newest = tree.newest_checkpoint()
    if newest is None:
        raise Http404
    return published(request, bytes(newest.note), content_type=_TEXT, max_age=CHECKPOINT_SECONDS)


@require_safe
def policy(request: HttpRequest) -> HttpResponseBase:
    """Publish the keys of the log as a C2SP tlog-policy. Raises Http404 before the first key."""
    held = keys.published_keys()
    if not held:
        raise Http404
    lines = [f"log {key} {settings.BASE_URL}{keys.PREFIX}" for key in held]
    body = "\n".join([*lines, f"quorum {NONE}", ""]).encode()
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
