"""Officers' pages: what is in force, publishing a map in two steps, watching who is recoloured."""

from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from accounts.authority import areas_of
from accounts.models import Account, Role
from accounts.permissions import role_required
from healthcode.areas.models import Level
from healthcode.areas.picture import HOME, map_page, moves_of
from healthcode.areas.selectors import LevelOn, below, levels_on, map_on, names
from healthcode.colours.acts import KINDS, STATES, acts_within
from healthcode.colours.map_form import TABLE, MapForm, ProposedMap, fingerprint
from healthcode.colours.models import Colour, RecomputationState
from healthcode.colours.publishing import preview_map, publish_map
from healthcode.colours.selectors import open_recomputations, recomputation
from healthcode.web.errors import NotFound, Refusal

MOST_ACTS: Final = 15
# A table of more rows is no help; a file is.
LONGEST_TABLE: Final = 300
LEVELS: Final = [level.label for level in sorted(Level, reverse=True)]


@never_cache
@require_safe
@role_required(Role.OFFICER)
def desk(request: HttpRequest) -> HttpResponse:
    """What is in force, what was done lately, and what is still being recomputed."""
    within = _areas(request)
    # Whoever is responsible for several areas sees the whole map.
    shown = map_on(on=timezone.now(), within=within[0] if len(within) == 1 else "")
    acts = [
        {"act": act, "kind": KINDS.get(act.kind, act.kind), "runs": act.recomputations.all()}
        for act in acts_within(within, most=MOST_ACTS)
    ]
    return render(
        request,
        "colours/officer.html",
        {
            "map": shown,
            "legend": [(level.label, count) for level, count in shown.counts.items()],
            "acts": acts,
            "areas": _named(within),
            "running": [
                (run, STATES[RecomputationState(run.state)]) for run in open_recomputations()
            ],
        },
    )


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
def publish(request: HttpRequest) -> HttpResponse:
    """The form; sent, a preview with numbers; confirmed there, the publication."""
    if request.method == "GET":
        within = _areas(request)
        form = MapForm.blank(by=request.GET.get("by", ""), whole_of=within[0], at=timezone.now())
        return _form_page(request, form)
    form = MapForm.sent(request)
    proposed = form.read({row.code: row.level for row in _levels(_areas(request))})
    if proposed is None:
        return _form_page(request, form, status=422)
    try:
        if request.POST.get("step") == "publish":
            return _publish(request, proposed)
        return _preview_page(request, proposed)
    except Refusal as refusal:
        form.refuse(refusal)
        return _form_page(request, form, status=refusal.status)


@never_cache
@require_safe
@role_required(Role.OFFICER)
def progress(request: HttpRequest, recomputation_id: int) -> HttpResponse:
    """How far a recomputation has come; renews itself until it is finished."""
    try:
        run = recomputation(recomputation_id)
    except NotFound as refusal:
        return render(request, "web/error.html", {"kind": "not-found"}, status=refusal.status)
    context = {"run": run, "state": STATES[RecomputationState(run.state)]}
    return render(request, "colours/officer_recomputation.html", context)


def _publish(request: HttpRequest, proposed: ProposedMap) -> HttpResponse:
    """Publish exactly what the preview showed; show the preview again when it no longer holds."""
    if "confirmed" not in request.POST:
        notice = _("Tick the box to say that you have checked the numbers.")
        return _preview_page(request, proposed, notice=notice, status=422)
    with transaction.atomic():
        publication = publish_map(**_arguments(request, proposed))
        holds = fingerprint(publication.change) == request.POST.get("previewed")
        if not holds:
            transaction.set_rollback(True)
    if not holds:
        notice = (
            _("The map in force has changed since this preview. Please check it again.")
            if publication.change.touched
            else _("This is the map in force already; there is nothing to publish.")
        )
        return _preview_page(request, proposed, notice=notice, status=409)
    return redirect("officer-recomputation", publication.recomputation.pk)


def _preview_page(
    request: HttpRequest, proposed: ProposedMap, *, notice: Any = "", status: int = 200
) -> HttpResponse:
    preview = preview_map(**_arguments(request, proposed), within=HOME)
    change, people = preview.change, preview.people
    context = {
        **map_page(preview.map),
        # The map may reach beyond the picture.
        **moves_of(change.rose, change.fell),
        "proposed": proposed,
        "people": people,
        "colours": [(colour.label, people.now[colour], people.then[colour]) for colour in Colour],
        "previewed": fingerprint(change),
        "whole_name": names([proposed.whole_of or ""]).get(proposed.whole_of or ""),
        "notice": notice,
    }
    return render(request, "colours/officer_preview.html", context, status=status)


def _form_page(request: HttpRequest, form: MapForm, *, status: int = 200) -> HttpResponse:
    within = _areas(request)
    context = {
        "form": form,
        "areas": _named(within),
        "rows": _table(within, form) if form.by == TABLE else [],
        "levels": LEVELS,
        "by_table": form.by == TABLE,
    }
    return render(request, "colours/officer_map.html", context, status=status)


def _table(within: list[str], form: MapForm) -> list[tuple[str, str, str]]:
    """Code, name and level of each area to choose a level for; none when they are too many."""
    rows = {row.code: (row.name, row.level.label) for row in _levels(within)}
    if not rows:
        cities = [city for area in within for city, _name in below(area)]
        rows = {code: (name, "green") for city in cities for code, name in below(city)}
    if len(rows) > LONGEST_TABLE:
        return []
    return [
        (code, name, form.table.get(code, level)) for code, (name, level) in sorted(rows.items())
    ]


def _arguments(request: HttpRequest, proposed: ProposedMap) -> dict[str, Any]:
    return {
        "account": _account(request),
        "effective_from": proposed.effective_from,
        "ground": proposed.ground,
        "whole_of": proposed.whole_of,
        "levels": proposed.levels,
        "at": timezone.now(),
    }


def _levels(within: list[str]) -> list[LevelOn]:
    return [row for area in within for row in levels_on(on=timezone.now(), within=area)]


def _account(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)  # noqa: S101  narrows the type: role_required saw to it
    return request.user


def _areas(request: HttpRequest) -> list[str]:
    """The areas for which the officer is responsible; "" is the whole country."""
    return areas_of(_account(request), Role.OFFICER)


def _named(within: list[str]) -> list[tuple[str, Any]]:
    known = names(within)
    return [(area, known.get(area, _("the whole country"))) for area in within]
