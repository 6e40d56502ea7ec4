"""The officer's page that shows who looks after a person, and ends one of the guardianships."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.forms import Faults, faults_of
from accounts.idempotency import sent_once
from accounts.models import Role
from accounts.permissions import account_of, role_required
from healthcode.officers.documents import (
    ShownDocumentInput,
    document_context,
    faults_in,
    typed_document,
)
from healthcode.officers.guardians.api import EndingInput
from healthcode.officers.guardians.services import KnownGuardian, end_at_desk, guardians_at_desk
from healthcode.web.errors import Refusal
from healthcode.web.pages import held_off


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def guardians(request: HttpRequest) -> HttpResponse:
    """Show the form. A POST shows who looks after the person, or ends one of them (`step`)."""
    if request.method == "GET":
        return _form_page(request, Faults())
    return _end(request) if request.POST.get("step") == "end" else _look(request, Faults())


def _look(request: HttpRequest, faults: Faults, *, status: int = 200) -> HttpResponse:
    """Show the guardians of the document in the form; `faults` are those of another step."""
    given = ShownDocumentInput(data=typed_document(request.POST))
    if not given.is_valid():
        return _form_page(request, faults_in(given), status=422)
    try:
        known = guardians_at_desk(
            account=account_of(request),
            shown=given.shown(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        page = _form_page(request, faults_of(refusal), status=refusal.status)
        return held_off(page, refusal)
    return _form_page(request, faults, known, status=status)


def _end(request: HttpRequest) -> HttpResponse:
    given = EndingInput(data=typed_document(request.POST, "guardianship"))
    if not given.is_valid():
        faults = faults_in(given)
        if "guardianship" in faults:
            faults["guardianship"] = _("Choose whose guardianship ends.")
        return _look(request, faults, status=422)
    try:
        act = end_at_desk(
            account=account_of(request),
            shown=given.shown(),
            guardianship=given.validated_data["guardianship"],
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _look(request, faults_of(refusal), status=refusal.status)
    messages.success(request, _("It is recorded as act %(number)d.") % {"number": act.pk})
    return redirect("officer-guardians")


def _form_page(
    request: HttpRequest,
    faults: Faults,
    known: Sequence[KnownGuardian] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    context = document_context(request.POST, faults, "")
    return render(request, "officers/guardians.html", context | {"known": known}, status=status)
