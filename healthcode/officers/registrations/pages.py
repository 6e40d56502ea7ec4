"""The officer's pages for somebody who has shown several documents."""

from collections.abc import Callable
from typing import TypeVar

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
from accounts.models import Account, IdType, Role
from accounts.permissions import account_of, role_required
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import NO_GROUND, GroundKind, sent_ground
from healthcode.acts.models import Proposal
from healthcode.officers.held import effect_context
from healthcode.officers.registrations import services
from healthcode.officers.registrations.api import MergingInput, SeparationInput
from healthcode.officers.registrations.plans import RegistrationsChanged
from healthcode.web.errors import Refusal
from healthcode.web.problems import flatten
from healthcode.web.texts import trimmed

Documents = TypeVar("Documents", bound=SeparationInput)
MERGING = "officers/registrations.html"
SEPARATION = "officers/separation.html"


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def merge(request: HttpRequest) -> HttpResponse:
    """Show the form for two documents; show what merging them would do, or merge them."""
    if request.method == "GET":
        return _form_page(request, MERGING)
    fields = ("id_type", "id_number", "other_id_type", "other_id_number")
    typed = _typed(request, *fields) | {"documents_seen": "documents_seen" in request.POST}
    return _answer(request, MERGING, MergingInput(data=typed), _merge)


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
@role_required(Role.OFFICER)
@sent_once
def separate(request: HttpRequest) -> HttpResponse:
    """Show the form for one document; show what separating it would do, or separate it."""
    if request.method == "GET":
        return _form_page(request, SEPARATION)
    typed = _typed(request, "id_type", "id_number")
    return _answer(request, SEPARATION, SeparationInput(data=typed), _separate)


def _merge(
    account: Account, given: MergingInput, is_preview: bool
) -> Effect | RegistrationsChanged | Proposal:
    do = services.preview_merging if is_preview else services.merge_documents
    return do(
        account=account,
        document=given.document,
        other=given.other,
        ground=given.validated_data["ground"],
        at=timezone.now(),
    )


def _separate(
    account: Account, given: SeparationInput, is_preview: bool
) -> Effect | RegistrationsChanged | Proposal:
    do = services.preview_separation if is_preview else services.separate_document
    return do(
        account=account,
        document=given.document,
        ground=given.validated_data["ground"],
        at=timezone.now(),
    )


def _answer(
    request: HttpRequest,
    template: str,
    given: Documents,
    do: Callable[[Account, Documents, bool], Effect | RegistrationsChanged | Proposal],
) -> HttpResponse:
    if not given.is_valid():
        faults = Faults({one["pointer"][1:]: one["detail"] for one in flatten(given.errors)})
        if {"ground", "ground_kind"} & faults.keys():
            faults["ground"] = str(NO_GROUND)
        return _form_page(request, template, faults, status=422)
    try:
        done = do(account_of(request), given, "look" in request.POST)
    except Refusal as refusal:
        return _form_page(request, template, faults_of(refusal), status=refusal.status)
    if isinstance(done, Effect):
        return _form_page(request, template, effect=done)
    if isinstance(done, Proposal):
        return redirect("officer-proposal", done.pk)
    said = _("It is recorded as act %(number)d. The codes have the new colour at once.")
    messages.success(request, said % {"number": done.act.pk})
    return redirect(request.path)


def _typed(request: HttpRequest, *fields: str) -> dict[str, object]:
    texts = {name: trimmed(request.POST.get(name, "")) for name in fields}
    return {**texts, **sent_ground(request.POST)}


def _form_page(
    request: HttpRequest,
    template: str,
    faults: Faults | None = None,
    *,
    effect: Effect | None = None,
    status: int = 200,
) -> HttpResponse:
    found = Faults() if faults is None else faults
    for document in ("", "other_"):
        found.setdefault(f"{document}id_number", found.get(f"{document}id_type", ""))
    context: dict[str, object] = {
        "faults": found,
        "sent": request.POST,
        "id_types": IdType.choices,
        "ground_kind": request.POST.get("ground_kind") or _USUAL[template],
    }
    if effect is not None:
        context |= {"is_preview": True, **effect_context(effect)}
    return render(request, template, context, status=status)


_USUAL = {MERGING: GroundKind.DOCUMENT_SEEN, SEPARATION: GroundKind.MISTAKEN}
"""The kind of ground that a page offers first."""
