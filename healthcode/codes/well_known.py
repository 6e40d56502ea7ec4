"""Publish what verifiers need, under /.well-known/health-code/ and /s/."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from healthcode.acts.log.keys import PREFIX as LOG_PREFIX
from healthcode.areas.selectors import levels_on
from healthcode.codes import keys
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists.editions import TTL
from healthcode.codes.status_lists.indexes import uri_of
from healthcode.colours.errors import NoPolicy
from healthcode.colours.models import Policy
from healthcode.colours.policy import policy_at
from healthcode.core import jwk_set
from healthcode.core.codes import PREFIX
from healthcode.core.status import CONTENT_TYPE as STATUS_LIST_TYPE
from healthcode.web.days import SHANGHAI
from healthcode.web.published import published

VERSION: Final = 1
METADATA_SECONDS: Final = 60
RULES_SECONDS: Final = 300
KEYS_SECONDS: Final = 60
"""A withdrawn key stops verifying at a door once caches and the door have fetched again."""


@require_safe
def metadata(request: HttpRequest) -> HttpResponseBase:
    """List all addresses. `status_lists` is the aggregation of the Token Status List draft."""
    rows = StatusList.objects.order_by("day", "part").values_list("day", "part")
    document = {
        "version": VERSION,
        "issuer": settings.ISSUER,
        "codes": {
            "scheme": PREFIX,
            "live_seconds": settings.LIVE_CODE_SECONDS,
            "paper_seconds": settings.PAPER_CODE_SECONDS,
        },
        "jwks_uri": _absolute("published-keys"),
        "policy_uri": _absolute("published-policy"),
        "levels_uri": _absolute("published-levels"),
        "log_uri": settings.BASE_URL + LOG_PREFIX,
        "grants_uri": _absolute("published-grants"),
        "status_list_ttl": int(TTL.total_seconds()),
        "status_lists": [uri_of(day, part) for day, part in rows],
    }
    return _json(request, document, max_age=METADATA_SECONDS)


@require_safe
def keys_in_force(request: HttpRequest) -> HttpResponseBase:
    """Publish the public keys as a JWK set (RFC 7517), without withdrawn ones."""
    document = jwk_set(keys.published_keys(at=timezone.now()))
    return _json(request, document, max_age=KEYS_SECONDS, content_type="application/jwk-set+json")


@require_safe
def policy_in_force(request: HttpRequest) -> HttpResponseBase:
    """Publish the policy in force as TOML. Raises Http404 before the first policy."""
    try:
        version = policy_at(timezone.now()).version
    except NoPolicy as error:
        raise Http404 from error
    policy = Policy.objects.only("version", "holds_from", "text").get(version=version)
    document = {
        "issuer": settings.ISSUER,
        "version": policy.version,
        "holds_from": policy.holds_from.isoformat(),
        "toml": policy.text,
    }
    return _json(request, document, max_age=RULES_SECONDS)


@require_safe
def levels_in_force(request: HttpRequest) -> HttpResponseBase:
    """Publish the risk level of every area that a map has named, and since when it has it."""
    found = levels_on(on=timezone.now())
    changed = max((area.since for area in found), default=None)
    levels = [
        {
            "code": area.code,
            "name": area.name,
            "level": area.level.label,
            "since": area.since.isoformat(),
        }
        for area in found
    ]
    document = {
        "issuer": settings.ISSUER,
        "since": changed.isoformat() if changed else None,
        "levels": levels,
    }
    return _json(request, document, max_age=RULES_SECONDS)


@require_safe
def status_list(request: HttpRequest, day: str, part: str | None = None) -> HttpResponseBase:
    """Publish a day's signed status list.

    Raises Http404 for a day of which no code is alive, and for a day to come.
    """
    try:
        date = datetime.strptime(day, "%Y%m%d").replace(tzinfo=SHANGHAI).date()
    except ValueError as error:
        raise Http404 from error
    row = StatusList.objects.filter(day=date, part=int(part or 0)).only("token").first()
    if row is None:
        raise Http404
    return published(
        request, bytes(row.token), content_type=STATUS_LIST_TYPE, max_age=int(TTL.total_seconds())
    )


def _json(
    request: HttpRequest,
    document: Mapping[str, object],
    *,
    max_age: int,
    content_type: str = "application/json",
) -> HttpResponseBase:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return published(request, body, content_type=content_type, max_age=max_age)


def _absolute(name: str) -> str:
    return settings.BASE_URL + reverse(name)
