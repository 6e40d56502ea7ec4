"""The pages by which a second guardian joins: one shows a code, the other takes it."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import client, guardian_codes
from accounts.entering import ask_again
from accounts.forms import Faults, faults_of
from accounts.guardian_codes import ShownCode
from accounts.models import Account, Relation, Role
from accounts.permissions import account_of, role_required
from accounts.selectors import KnownPerson, other_guardians
from healthcode.residents.guardians.api import JoinInput
from healthcode.residents.whom import or_proof, whom
from healthcode.web.errors import NotFound, Refusal, TooMany
from healthcode.web.pages import held_off
from healthcode.web.problems import flatten
from healthcode.web.qr import inline_picture


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def guardians(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show who else looks after a person. A POST makes a code for one more, or withdraws it."""
    account, known = whom(request, person_id, proven=True)
    if request.method == "GET":
        return _guardians_page(request, account, known)
    if "withdraw" in request.POST:
        guardian_codes.withdraw_code(account=account, person_id=known.id)
        messages.success(request, _("The code no longer works."))
        return redirect("guardians", known.id)
    if asked := ask_again(request, request.path):
        return asked
    try:
        made = guardian_codes.make_code(account=account, person_id=known.id, at=timezone.now())
    except NotFound as refusal:
        raise Http404 from refusal
    except TooMany as refusal:
        return held_off(_guardians_page(request, account, known, refusal=refusal), refusal)
    return _guardians_page(request, account, known, made=made)


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
def join(request: HttpRequest) -> HttpResponse:
    """Ask for the code from the other phone; with the right one, look after the person."""
    account = account_of(request)
    if request.method == "GET":
        return _join_page(request, account, Faults())
    given = JoinInput(data={name: request.POST.get(name, "") for name in ("code", "relation")})
    if not given.is_valid():
        faults = Faults({one["pointer"][1:]: one["detail"] for one in flatten(given.errors)})
        return _join_page(request, account, faults, status=422)
    try:
        guardian_codes.join(
            account=account,
            code=given.validated_data["code"],
            relation=Relation(given.validated_data["relation"]),
            address=client.address(request),
            at=timezone.now(),
        )
    except Refusal as refusal:
        page = _join_page(request, account, faults_of(refusal), status=refusal.status)
        return held_off(page, refusal)
    messages.success(request, _("Done. You can show this person's code on this phone, too."))
    return redirect("me")


def _guardians_page(
    request: HttpRequest,
    account: Account,
    known: KnownPerson,
    *,
    made: ShownCode | None = None,
    refusal: Refusal | None = None,
) -> HttpResponse:
    address = f"{settings.BASE_URL}{reverse('join')}"
    context = {
        "person": known,
        "others": other_guardians(account, known.id),
        "made": made,
        "picture": inline_picture(f"{address}#code={made.code}") if made else "",
        "address": address,
        "open_until": guardian_codes.open_until(account, known.id, at=timezone.now()),
        "fault": refusal.detail if refusal else "",
    }
    status = refusal.status if refusal else 200
    return render(request, "residents/guardians.html", context, status=status)


def _join_page(
    request: HttpRequest, account: Account, faults: Faults, *, status: int = 200
) -> HttpResponse:
    has_holder = account.guardianships.filter(relation=Relation.SELF).exists()
    context = {
        "faults": faults,
        "values": request.POST,
        "relations": [one for one in Relation.choices if not has_holder or one[0] != "self"],
    }
    return render(request, "residents/join.html", context, status=status)
