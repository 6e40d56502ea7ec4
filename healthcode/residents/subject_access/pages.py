"""The page of a person's data: what is kept, a file with it, and the erasure."""

from collections.abc import Mapping, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.corrections import Corrected
from accounts.entering import ask_again
from accounts.models import Role
from accounts.permissions import role_required
from accounts.selectors import KnownPerson
from healthcode.acts.grounds import GroundKind
from healthcode.acts.kinds import ActKind, LookKind
from healthcode.acts.looks import looks_at, proof_for_person, told
from healthcode.acts.models import Act
from healthcode.acts.told import acts_about, proof_of_act
from healthcode.areas.selectors import full_names
from healthcode.colours.origins import known_facts
from healthcode.core.log.proofs import FILE_NAME_END, KeptProof
from healthcode.evidence.kinds import KINDS
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.evidence.proofs import proof_of_fact, reported_about
from healthcode.evidence.words import words_of
from healthcode.residents.subject_access.erasure import erase_at_request
from healthcode.residents.subject_access.export import export
from healthcode.residents.whom import or_proof, whom
from healthcode.web.errors import Refusal
from healthcode.web.pages import FORGET


@never_cache
@require_http_methods(["GET", "POST"])
@role_required(Role.RESIDENT)
@or_proof
def data(request: HttpRequest, person_id: int) -> HttpResponse:
    """Show what is kept about a person. A POST with the box ticked erases it.

    Whoever is asked for the document first finds the box ticked afterwards (`sure`).
    """
    account, known = whom(request, person_id, proven=True)
    if request.method == "GET":
        return _data_page(request, known)
    if "sure" not in request.POST:
        fault = _("Please tick the box first. Erased data cannot be restored.")
        return _data_page(request, known, fault=fault, status=422)
    if asked := ask_again(request, f"{request.path}?sure=1#erase"):
        return asked
    try:
        erase_at_request(person_id=person_id, account=account, at=timezone.now())
    except Refusal as refusal:
        return _data_page(request, known, fault=str(refusal.detail), status=refusal.status)
    said = _("All data about this person has been erased.")
    messages.success(request, said, extra_tags=FORGET)
    account.refresh_from_db()
    return redirect("me" if account.is_active else "home")


def _data_page(
    request: HttpRequest, known: KnownPerson, *, fault: str = "", status: int = 200
) -> HttpResponse:
    looks = list(looks_at(known.id, at=timezone.now()))
    areas = full_names({look.area for look in looks if look.area})
    context = {
        "person": known,
        "home": full_names([known.home_area]).get(known.home_area, ""),
        "fault": fault,
        "is_ticked": "sure" in request.GET,
        "looks": [
            {
                "number": look.pk,
                "is_in_the_log": look.salt is not None,
                "at": look.at,
                "who": _who(look.area, areas),
                "what": LookKind(look.what).label,
                "kind": GroundKind(look.ground_kind).label,
                "ground": told(look)["ground"],
            }
            for look in looks
        ],
        "acts": _done(list(acts_about(known.id))),
        "facts": _reported(list(reported_about(known.id))),
    }
    return render(request, "residents/data.html", context, status=status)


def _reported(facts: Sequence[Evidence]) -> list[dict[str, object]]:
    """Return what the page tells of facts that sources reported."""
    told = known_facts([fact.pk for fact in facts])
    areas = full_names({fact.area_id for fact in facts if fact.area_id})
    return [
        {
            "fact": fact,
            "kind": KINDS[EvidenceKind(fact.kind)].name,
            "words": [*([areas[fact.area_id]] if fact.area_id else []), *words_of(fact)],
            "origin": told[fact.pk].origin,
        }
        for fact in facts
    ]


def _done(acts: Sequence[Act]) -> list[dict[str, object]]:
    """Return what the page tells of acts about the registration."""
    areas = full_names({act.area for act in acts if act.area})
    return [
        {
            "number": act.pk,
            "at": act.at,
            "what": ActKind(act.kind).label,
            "corrected": [Corrected(one).label for one in act.detail.get("corrected", ())],
            "who": _who(act.area, areas),
            "kind": GroundKind(act.ground_kind).label,
            "ground": act.ground,
        }
        for act in acts
    ]


def _who(area: str, areas: Mapping[str, str]) -> str:
    """Return role and office, for the person whose data it was."""
    if area in areas:
        return _("An officer for %(area)s") % {"area": areas[area]}
    return _("An officer for the whole country")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def look_proof(request: HttpRequest, person_id: int, look: int) -> HttpResponse:
    """Return the proof that a look is in the public log, with its record, as a file."""
    _account, known = whom(request, person_id, proven=True)
    return _file(proof_for_person(known.id, look, at=timezone.now()), f"look-{look}")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def act_proof(request: HttpRequest, person_id: int, act_id: int) -> HttpResponse:
    """Return the proof that an act is in the public log, with its record, as a file."""
    _account, known = whom(request, person_id, proven=True)
    return _file(proof_of_act(known.id, act_id), f"act-{act_id}")


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def fact_proof(request: HttpRequest, person_id: int, fact: int) -> HttpResponse:
    """Return the proof that a report of a fact is in the public log, with its line, as a file."""
    _account, known = whom(request, person_id, proven=True)
    return _file(proof_of_fact(known.id, fact), f"evidence-{fact}")


def _file(proof: KeptProof, name: str) -> HttpResponse:
    return HttpResponse(
        proof.encode(),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}{FILE_NAME_END}"'},
    )


@never_cache
@require_GET
@role_required(Role.RESIDENT)
@or_proof
def data_file(request: HttpRequest, person_id: int) -> HttpResponse:
    """Return everything about a person as a file."""
    _account, known = whom(request, person_id, proven=True)
    # A page, because a browser that gets a file goes on showing the question.
    if asked := ask_again(request, reverse("person-data", args=[person_id])):
        return asked
    return JsonResponse(
        export(known.id, at=timezone.now()),
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={"Content-Disposition": f'attachment; filename="person-{known.id}.json"'},
    )
