"""Public pages: the risk map as picture and table, and pages to choose an area step by step."""

import re
from datetime import datetime, time
from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from accounts.authority import normalise_code
from healthcode.areas import selectors
from healthcode.areas.picture import HOME, map_page
from healthcode.core.instants import read_date, read_instant
from healthcode.web.days import SHANGHAI, day_of
from healthcode.web.errors import InvalidInput
from healthcode.web.problems import problem_response

COUNTY_DIGITS = 6
# A plus sign in a query arrives as a space: "2020-02-24T08:30:00 08:00".
_UNQUOTED_PLUS: Final = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)")


# Compression is safe here: the page holds no secret, so its length reveals none (BREACH).
@gzip_page
@require_safe
def risk_map(request: HttpRequest) -> HttpResponse:
    """Show the map of the province on a day (`on`; without it, today), as picture and table."""
    now = timezone.now()
    try:
        on = instant_of(request.GET.get("on") or None, at=now)
    except ValueError:
        return redirect("map")
    shown = selectors.map_on(on=on, within=HOME)
    instants = selectors.publication_instants(within=HOME, most=30)
    context = map_page(shown, sort=request.GET.get("sort", ""))
    return render(
        request,
        "areas/map.html",
        {
            **context,
            "day": day_of(on),
            "today": day_of(now),
            "instants": instants,
            "queried": request.GET.get("on", ""),
        },
    )


@require_safe
@cache_control(public=True, max_age=24 * 3600)
def options(request: HttpRequest) -> HttpResponseBase:
    """Return the present divisions directly below `parent` as JSON, `[{code, name}]`.

    Without `parent`, these are the provinces.
    """
    parent = request.GET.get("parent", "")
    try:
        code = normalise_code(parent, pointer="/parent") if parent else ""
    except InvalidInput as refusal:
        return problem_response(refusal)
    divisions = [{"code": code, "name": name} for code, name in selectors.below(code)]
    return JsonResponse(divisions, safe=False, json_dumps_params={"ensure_ascii": False})


@require_safe
def choose(request: HttpRequest) -> HttpResponseBase:
    """Let a browser without script choose an area by links.

    The last link leads to the address in `next`, with the code of the area in the field `name`.

    Raises:
        Http404: `next` leads to another site, or `parent` is not a code.
    """
    onwards = request.GET.get("next", "")
    if not onwards.startswith("/") or not url_has_allowed_host_and_scheme(onwards, None):
        raise Http404
    try:
        parent = normalise_code(request.GET["parent"]) if request.GET.get("parent") else ""
    except InvalidInput as error:
        raise Http404 from error
    divisions = selectors.below(parent) if len(parent) < COUNTY_DIGITS else []
    if parent and not divisions:
        name = request.GET.get("name", "area")
        separator = "&" if "?" in onwards else "?"
        return redirect(f"{onwards}{separator}{urlencode({name: parent})}")
    if not parent and request.GET.get("abroad"):
        divisions.append((selectors.ABROAD, _("Abroad")))
    asked = request.GET.copy()
    asked.pop("parent", None)
    context = {
        "divisions": divisions,
        "parent": selectors.full_name(parent) if parent else "",
        "query": asked.urlencode(),
    }
    return render(request, "areas/choose.html", context)


def instant_of(on: str | None, *, at: datetime) -> datetime:
    """Return the instant that `on` means: an RFC 3339 instant, or the end of a day in Shanghai.

    None and today both mean `at`, because the end of today is still to come.

    Raises:
        ValueError: `on` is neither an instant nor a day.
    """
    if on is None:
        return at
    if len(on) > len("2020-02-24"):
        return read_instant(_UNQUOTED_PLUS.sub("+", on)).astimezone(SHANGHAI)
    day = read_date(on)
    if day == day_of(at):
        return at
    return datetime.combine(day, time.max, SHANGHAI)
