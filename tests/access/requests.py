"""A request for each route that succeeds for callers who may make it: address, query, body."""

import re
import uuid
from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver
from joserfc.jwk import ECKey

from accounts.models import Guardianship
from healthcode.officers.held_lines.selectors import waiting_lines
from healthcode.web.days import day_of
from tests.access.scene import Scene
from tests.acts import SENT_GROUND
from tests.evidence.conftest import ZHANGS_PASSPORT

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")

Body = Callable[[Scene], Any]


def _held_lines(scene: Scene) -> str:
    return waiting_lines(scene.world.officer, scene.held.batch_id).fingerprint


def _declaration(scene: Scene) -> dict[str, Any]:
    well = {"symptoms": [], "stays": [], "contact_with_case": False}
    return {"person": scene.world.person.pk, **well}


def _check_in(scene: Scene) -> dict[str, Any]:
    return {"person": scene.world.person.pk, "symptoms": [], "temperature": "36.5"}


def _newcomer(_scene: Scene) -> dict[str, Any]:
    passport = {"id_type": "20", "id_number": "E77777777"}
    return {"name": "王芳", "home_area": "330106", "relation": "other", **passport}


def _map(_scene: Scene) -> dict[str, Any]:
    return {
        "effective_from": "2020-02-09",
        **SENT_GROUND,
        "levels": [{"code": "330203", "level": "red"}],
    }


def _scan(_scene: Scene) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "code": "JK1:NOTHING"}


def _batch(scene: Scene) -> dict[str, Any]:
    return {"scans": [{**_scan(scene), "scanned_at": scene.now.isoformat()}]}


def _stay(scene: Scene) -> dict[str, Any]:
    return {
        "person": scene.world.person.pk,
        "area": "330106",
        "from": "2020-02-10",
        "to": "2020-02-14",
    }


def _presences(scene: Scene) -> dict[str, Any]:
    period = {"from": scene.met_at.isoformat(), "to": scene.now.isoformat()}
    line = {"person": scene.world.person.pk, "kind": "household", "place": "A", **period}
    return {"presences": [line]}


def _opening(scene: Scene) -> dict[str, Any]:
    return {"case": scene.case, **SENT_GROUND}


def _meeting(scene: Scene) -> dict[str, Any]:
    starts = scene.met_at.isoformat()
    return {"person": scene.world.child.pk, "from": starts, **SENT_GROUND}


def _shown(_scene: Scene) -> dict[str, Any]:
    passport = {"id_type": "20", "id_number": ZHANGS_PASSPORT}
    return {"name": "张三", **passport, "document_seen": True, **SENT_GROUND}


def _ending(scene: Scene) -> dict[str, Any]:
    ended = Guardianship.objects.get(account__username="guardian")
    return {**_shown(scene), "guardianship": ended.pk}


def _phone_key(_scene: Scene) -> dict[str, Any]:
    key = ECKey.generate_key("P-256").as_dict(private=False)
    return {name: key[name] for name in ("kty", "crv", "x", "y")}


BODIES: Final[dict[str, Body]] = {
    "api-otp": lambda scene: {"phone": "13900000077"},
    "api-login": lambda scene: {"phone": "13900000077", "otp": "000000"},
    "api-step-up": lambda scene: {"step_up": "x", "document_last4": "0001"},
    "api-not-me": lambda scene: {"step_up": "x"},
    "api-own-phone-codes": lambda scene: {"phone": "13900000077"},
    "api-own-phone": lambda scene: {
        "phone": "13900000077",
        "otp": "000000",
        "login": "unknown",
        "old_otp": "000000",
        "old_login": "unknown",
    },
    "api-people": _newcomer,
    "declarations": _declaration,
    "check-ins": _check_in,
    "api-erasure": lambda scene: {"person": scene.world.person.pk},
    "api-certificates": lambda scene: {"certificate": "HC1:NOTHING"},
    "api-officers-certificates": lambda scene: {
        "person": scene.world.person.pk,
        "certificate": "HC1:NOTHING",
        **SENT_GROUND,
    },
    "api-home": lambda scene: {"home_area": "330203"},
    "api-corrections": lambda scene: {
        "person": scene.world.person.pk,
        "name": "张珊",
        "document_seen": True,
        **SENT_GROUND,
    },
    "api-documents-seen": lambda scene: {
        **_newcomer(scene),
        "phone": "13900000077",
        "document_seen": True,
        **SENT_GROUND,
    },
    "api-join": lambda scene: {"code": "0000-0000", "relation": "child"},
    "api-visit-declaration": lambda scene: {
        "symptoms": [],
        "stays": [],
        "contact_with_case": False,
        **SENT_GROUND,
    },
    "api-merged-registrations": lambda scene: {
        "id_type": "20",
        "id_number": ZHANGS_PASSPORT,
        "documents_seen": True,
        "other_id_type": "14",
        "other_id_number": "H12345678",
        **SENT_GROUND,
    },
    "api-separated-registrations": lambda scene: {
        "id_type": "20",
        "id_number": ZHANGS_PASSPORT,
        **SENT_GROUND,
    },
    "api-lost-phone-codes": lambda scene: {**_shown(scene), "phone": "13900000077"},
    "api-lost-phones": lambda scene: {
        **_shown(scene),
        "phone": "13900000077",
        "otp": "000000",
        "login": "unknown",
    },
    "api-desk-guardians": _shown,
    "api-ended-guardianships": _ending,
    "levels": _map,
    "evidence": _stay,
    "evidence-withdrawal": lambda scene: SENT_GROUND,
    "report-withdrawal": lambda scene: SENT_GROUND,
    "act-withdrawal": lambda scene: SENT_GROUND,
    "held-confirmation": lambda scene: {**SENT_GROUND, "fingerprint": _held_lines(scene)},
    "held-rejection": lambda scene: {**SENT_GROUND, "fingerprint": _held_lines(scene)},
    "presences": _presences,
    "inquiries": _opening,
    "inquiry-confirmation": lambda scene: {**SENT_GROUND, "fingerprint": "of-another-chain"},
    "inquiry-meetings": _meeting,
    "proposal-confirmation": lambda scene: {**SENT_GROUND, "fingerprint": "of-another-preview"},
    "proposal-withdrawal": lambda scene: SENT_GROUND,
    "inquiry-meeting-retraction": lambda scene: SENT_GROUND,
    "scans": _scan,
    "scan-batch": _batch,
    "enrol": lambda scene: {"enrolment_code": "0000-0000"},
    "verifications": lambda scene: {"code": "JK1:NOTHING"},
    "sandbox-verifications": lambda scene: {"code": "JK1:NOTHING"},
    "conversions": lambda scene: {"code": "JK1:NOTHING"},
    "phone-code": _phone_key,
    "phone-code-of-page": _phone_key,
}
"""By the name of the route; every other is sent an empty form."""

FORMS: Final = {"partner-token": "grant_type=password"}

SAMPLES: Final[dict[str, Callable[[Scene], object]]] = {
    "person": lambda scene: scene.world.person.pk,
    "person_id": lambda scene: scene.world.person.pk,
    "own_device": lambda scene: 0,
    "evidence_id": lambda scene: scene.stay,
    "act_id": lambda scene: scene.confirmed.pk,
    "look": lambda _scene: 1,
    "fact": lambda scene: scene.reported,
    "recomputation_id": lambda scene: scene.recomputation.pk,
    "batch_id": lambda scene: scene.held.batch_id,
    "inquiry_id": lambda scene: scene.inquiry.pk,
    "meeting_id": lambda scene: scene.meeting.pk,
    "proposal_id": lambda scene: scene.proposal.pk,
    "account_id": lambda scene: scene.world.officer.pk,
    "venue_id": lambda scene: scene.venue.pk,
    "device_id": lambda scene: scene.device.pk,
    "visit": lambda scene: scene.visit,
    "kind": lambda scene: "stays",
    "tile": lambda scene: "tile/0/000.p/1",
    "slug": lambda scene: "not-found",
    "origin_hash": lambda scene: "0" * 64,
    "day": lambda scene: day_of(scene.now).strftime("%Y%m%d"),
}


@dataclass(frozen=True, slots=True)
class Route:
    """An address of the service, and the view behind it."""

    name: str
    path: str
    view: Callable[..., Any]

    def may_serve(self, method: str) -> bool:
        """Tell whether the view could take the method; a function shows this only when called."""
        kind = getattr(self.view, "view_class", None) or getattr(self.view, "cls", None)
        return kind is None or hasattr(kind, method.lower())


def routes() -> dict[str, Route]:
    """Every address of the service by its name."""
    return {route.name: route for route in _walk(get_resolver().url_patterns, "/")}


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[Route]:
    for entry in patterns:
        path = prefix + str(entry.pattern).removeprefix("^").removesuffix("$")
        if isinstance(entry, URLResolver):
            yield from _walk(entry.url_patterns, path)
        else:
            yield Route(str(entry.name), path, entry.callback)


def address(route: Route, scene: Scene) -> str:
    """Return an address of the route at which there is something."""
    plain = re.sub(r"\(\?:-.*\)\?", "", route.path)  # the part of a status list, which is optional
    return re.sub(
        r"<\w+:(\w+)>|\(\?P<(\w+)>[^)]*\)",
        lambda match: str(SAMPLES[match[1] or match[2]](scene)),
        plain,
    )


def ask(route: Route, method: str, who: str, scene: Scene) -> str:
    """Return what a caller gets: a status, or `login` for a redirect to a login page."""
    client = scene.clients[who]
    kept = copy(client.cookies)
    given: dict[str, Any] = {}
    if method != "GET" and route.name in BODIES:
        given = {"data": BODIES[route.name](scene), "content_type": "application/json"}
    elif method != "GET" and route.name in FORMS:
        form = "application/x-www-form-urlencoded"
        given = {"data": FORMS[route.name], "content_type": form}
    answer = getattr(client, method.lower())(address(route, scene), **given)
    client.cookies = kept  # log in again after a logout
    to_login = answer.status_code == 302 and "login" in answer.headers["Location"]
    return "login" if to_login else str(answer.status_code)
