"""The officer's page for somebody who shows their document."""

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
from accounts.models import IdType, Relation, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.grounds import NO_GROUND, GroundKind, sent_ground
from healthcode.officers.proofs.api import DocumentSeenInput
from healthcode.officers.proofs.services import see_document
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten
from healthcode.web.texts import trimmed

_FIELDS = ("name", "id_type", "id_number", "home_area", "relation", "phone")


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def document_seen(request: HttpRequest) -> HttpResponse:
    """Show the form; when it is sent, record that the document was seen."""
    if request.method == "GET":
        return _form_page(request, Faults())
    typed: dict[str, object] = {name: trimmed(request.POST.get(name, "")) for name in _FIELDS}
    typed |= sent_ground(request.POST)
    given = DocumentSeenInput(data=typed | {"document_seen": "document_seen" in request.POST})
    if not given.is_valid():
        faults = Faults({one["pointer"][1:]: one["detail"] for one in flatten(given.errors)})
        if {"ground", "ground_kind"} & faults.keys():
            faults["ground"] = str(NO_GROUND)
        return _form_page(request, faults, status=422)
    try:
        _person, act = see_document(
            account=account_of(request),
            phone=given.validated_data["phone"],
            relation=given.guards_as(),
            seen=given.newcomer(),
            ground=given.validated_data["ground"],
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _form_page(request, faults_of(refusal), status=refusal.status)
    if not given.validated_data["phone"]:
        messages.success(request, _("It is recorded as act %(number)d.") % {"number": act.pk})
        return redirect("officer-visit", act.pk)
    said = _("It is recorded as act %(number)d. The person can open their code now.")
    messages.success(request, said % {"number": act.pk})
    return redirect("officer-document")


def _form_page(request: HttpRequest, faults: Faults, *, status: int = 200) -> HttpResponse:
    context = {
        "faults": faults,
        "values": request.POST,
        "home_area": request.POST.get("home_area", request.GET.get("home_area", "")),
        "relations": Relation.choices,
        "id_types": IdType.choices,
        "ground_kind": request.POST.get("ground_kind") or GroundKind.DOCUMENT_SEEN,
        "ground": request.POST.get("ground")
        or _("The person showed the identity document at the desk."),
    }
    return render(request, "officers/document.html", context, status=status)
