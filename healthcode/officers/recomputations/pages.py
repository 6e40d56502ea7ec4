"""The page that shows the progress of a recomputation."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.models import Role
from accounts.permissions import role_required
from healthcode.colours.models import RecomputationState
from healthcode.colours.selectors import recomputation
from healthcode.evidence.together import records_facts
from healthcode.web.errors import NotFound

STATES: Final = {
    RecomputationState.PENDING: _("Waiting to start"),
    RecomputationState.RUNNING: _("Running"),
    RecomputationState.DONE: _("Done"),
    RecomputationState.FAILED: _("Failed; the service will try again by itself"),
}


@never_cache
@require_safe
@role_required(Role.OFFICER)
def progress(request: HttpRequest, recomputation_id: int) -> HttpResponse:
    """Show how far a recomputation has come; the page renews itself until it is finished."""
    try:
        run = recomputation(recomputation_id)
    except NotFound as refusal:
        return render(request, "web/error.html", {"kind": "not-found"}, status=refusal.status)
    context = {
        "run": run,
        "state": STATES[RecomputationState(run.state)],
        "recorded": run.act is not None and records_facts(run.act.kind),
    }
    return render(request, "officers/recomputation.html", context)
