"""The officer's desk: the map in force, the latest acts, and the running recomputations."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import GroundKind
from healthcode.acts.kinds import ActKind
from healthcode.acts.looks import unusual_within
from healthcode.acts.proposals import waiting_for
from healthcode.areas.selectors import map_on
from healthcode.colours.models import RecomputationState
from healthcode.colours.selectors import open_recomputations
from healthcode.evidence.together import records_facts
from healthcode.officers.alarms import alarms_for
from healthcode.officers.desk.selectors import acts_within
from healthcode.officers.held import held_areas, named
from healthcode.officers.held_lines.selectors import waiting_batches
from healthcode.officers.recomputations.pages import STATES

MOST_ACTS: Final = 15
KINDS: Final = dict(ActKind.choices)
GROUND_KINDS: Final = dict(GroundKind.choices)


@never_cache
@require_safe
@role_required(Role.OFFICER)
def desk(request: HttpRequest) -> HttpResponse:
    """Show what waits, the map in force, the latest acts, and the running recomputations."""
    within = held_areas(request)
    # An officer with several areas sees the whole map.
    at = timezone.now()
    shown = map_on(on=at, within=within[0] if len(within) == 1 else "")
    acts = [
        {
            "act": act,
            "kind": KINDS.get(act.kind, act.kind),
            "ground_kind": GROUND_KINDS.get(act.ground_kind, ""),
            "runs": act.recomputations.all(),
            "recorded": records_facts(act.kind),
        }
        for act in acts_within(within, most=MOST_ACTS)
    ]
    return render(
        request,
        "officers/desk.html",
        {
            "map": shown,
            "legend": [(level.label, count) for level, count in shown.counts.items()],
            "acts": acts,
            "areas": named(within),
            "alarms": alarms_for(within, at=at),
            "unusual_looks": unusual_within(within, at=at),
            "held": sum(batch.lines for batch in waiting_batches(account_of(request))),
            "waiting": waiting_for(account_of(request), at=at),
            "running": [
                (run, STATES[RecomputationState(run.state)]) for run in open_recomputations()
            ],
        },
    )
