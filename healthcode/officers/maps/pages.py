"""The officers' pages to publish a risk map: a form, then a preview to confirm."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.effects import Effect
from healthcode.acts.models import Proposal
from healthcode.areas.changes import Change
from healthcode.areas.issued import COUNTY_DIGITS
from healthcode.areas.models import Level
from healthcode.areas.picture import HOME, map_page, moves_of
from healthcode.areas.selectors import LevelOn, Map, below, levels_on, names
from healthcode.officers.held import effect_context, held_areas, named
from healthcode.officers.maps.forms import TABLE, MapForm, ProposedMap, fingerprint
from healthcode.officers.maps.services import facts_of, preview_map, publish_map
from healthcode.officers.maps.undo import MapBefore, map_before
from healthcode.web import texts
from healthcode.web.errors import Refusal

# Nobody fills in a longer table by hand; a file is easier.
LONGEST_TABLE: Final = 300
LEVELS: Final = [level.label for level in sorted(Level, reverse=True)]


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def publish(request: HttpRequest) -> HttpResponse:
    """Show the form; then a preview with numbers; when that is confirmed, publish the map.

    With `undo` (the number of an act), the form has the map before that of the act.
    """
    if request.method == "GET" and "undo" in request.GET:
        before = map_before(act_id=texts.whole(request.GET["undo"]))
        return _form_page(request, MapForm.restoring(before), before=before)
    if request.method == "GET":
        within = held_areas(request)
        form = MapForm.blank(by=request.GET.get("by", ""), whole_of=within[0], at=timezone.now())
        return _form_page(request, form)
    form = MapForm.sent(request)
    proposed = form.read({row.code: row.level for row in _levels(held_areas(request))})
    if proposed is None:
        return _form_page(request, form, status=422)
    try:
        if request.POST.get("step") == "publish":
            return _publish(request, proposed)
        return _preview_page(request, proposed)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(request, form, status=refusal.status)


def _publish(request: HttpRequest, proposed: ProposedMap) -> HttpResponse:
    """Publish exactly what the preview showed, or show a new preview if something has changed."""
    if "confirmed" not in request.POST:
        notice = _("First check the numbers, then tick the box to confirm.")
        return _preview_page(request, proposed, notice=notice, status=422)
    with transaction.atomic():
        published = publish_map(**_arguments(request, proposed), ground=proposed.ground)
        facts = (
            published.preview["facts"]
            if isinstance(published, Proposal)
            else facts_of(published.change)
        )
        as_previewed = fingerprint(facts) == request.POST.get("previewed")
        if not as_previewed:
            transaction.set_rollback(True)
    if not as_previewed:
        notice = (
            _("The map in force has changed since this preview. Please check it again.")
            if facts["touched"]
            else _("This map is already in force, so there is nothing to publish.")
        )
        return _preview_page(request, proposed, notice=notice, status=409)
    if isinstance(published, Proposal):
        return redirect("officer-proposal", published.pk)
    return redirect("officer-recomputation", published.recomputation.pk)


def _preview_page(
    request: HttpRequest, proposed: ProposedMap, *, notice: Any = "", status: int = 200
) -> HttpResponse:
    preview = preview_map(**_arguments(request, proposed), within=HOME)
    change = preview.change
    context = {
        **preview_context(preview.map, facts_of(change), preview.people.effect),
        "proposed": proposed,
        "previewed": fingerprint(facts_of(change)),
        "whole_name": names([proposed.whole_of or ""]).get(proposed.whole_of or ""),
        "notice": notice,
    }
    return render(request, "officers/preview.html", context, status=status)


def preview_context(shown: Map, facts: Mapping[str, Any], effect: Effect) -> dict[str, object]:
    """Return the context of `officers/_map_preview.html`.

    Args:
        shown: the map as it would be.
        facts: what would change (`facts_of`).
    """
    rose, fell = (
        tuple(
            Change(one["code"], Level[one["before"].upper()], Level[one["after"].upper()])
            for one in facts[way]
        )
        for way in ("rose", "fell")
    )
    # The map may name areas outside the picture, which shows one province.
    return {**map_page(shown), **moves_of(rose, fell), **effect_context(effect)}


def _form_page(
    request: HttpRequest, form: MapForm, *, before: MapBefore | None = None, status: int = 200
) -> HttpResponse:
    within = held_areas(request)
    context = {
        "form": form,
        "before": before,
        "left": _left(before) if before else [],
        "areas": named(within),
        "rows": _table(within, form) if form.by == TABLE else [],
        "levels": LEVELS,
        "by_table": form.by == TABLE,
    }
    return render(request, "officers/map.html", context, status=status)


def _left(before: MapBefore) -> list[tuple[str, str]]:
    """Return code and name of the areas that the map before leaves as they are."""
    codes = sorted({*before.overtaken, *before.several})
    known = names(codes)
    return [(code, known[code]) for code in codes]


def _table(within: list[str], form: MapForm) -> list[tuple[str, str, str]]:
    """Return code, name and level of each area of the table; nothing if there are too many."""
    rows = {row.code: (row.name, row.level.label) for row in _levels(within)}
    if not rows and "" not in within:
        rows = {code: (name, "green") for area in within for code, name in _counties(area)}
    if len(rows) > LONGEST_TABLE:
        return []
    return [
        (code, name, form.table.get(code, level)) for code, (name, level) in sorted(rows.items())
    ]


def _counties(area: str) -> list[tuple[str, str]]:
    """Return code and name of the counties in an area; of itself if it is a county or smaller."""
    if len(area) >= COUNTY_DIGITS:
        return list(names([area]).items())
    return [county for code, _name in below(area) for county in _counties(code)]


def _arguments(request: HttpRequest, proposed: ProposedMap) -> dict[str, Any]:
    return {
        "account": account_of(request),
        "effective_from": proposed.effective_from,
        "whole_of": proposed.whole_of,
        "levels": proposed.levels,
        "at": timezone.now(),
    }


def _levels(within: list[str]) -> list[LevelOn]:
    return [row for area in within for row in levels_on(on=timezone.now(), within=area)]
