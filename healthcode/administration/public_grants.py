"""Say publicly who may report or ask what, for what purpose, since when (docs/log.md, section 8).

Institutions are named, people are only counted. The record of the act that granted something to a
machine is public, with its salt, so that anybody can compare it with the public log.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, F
from django.utils.translation import override

from accounts.models import Grant, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.log.entries import act_record, areas_of
from healthcode.acts.models import Act
from healthcode.administration.purposes import OF_KIND, OF_SCOPE, OF_STAFF, Purpose
from healthcode.core.log.notes import to_base64
from healthcode.evidence.models import ReportKind
from verifier.models import Device, Partner

VERSION: Final = 1
_LANGUAGES: Final[Mapping[str, str]] = {"zh": "zh-hans", "en": "en"}


def public_grants(*, at: datetime) -> dict[str, Any]:
    """Return everything that an outsider may know about the grants that hold, in a form for JSON.

    It reads all grants of machines, some hundreds in a province, and counts the others.
    """
    return {
        "version": VERSION,
        "issuer": settings.ISSUER,
        "purposes": {purpose.value: _texts(purpose) for purpose in Purpose},
        "sources": list(_sources(at)),
        "partners": list(_partners(at)),
        "staff": list(_staff(at)),
        "devices": list(_devices()),
    }


def _sources(at: datetime) -> Iterable[dict[str, Any]]:
    grants = (
        Grant.objects.in_force(at)
        .filter(role=Role.SOURCE, account__is_active=True)
        .select_related("account__institution", "reporting")
        .order_by("account", "area")
    )
    reporting = {grant.pk: getattr(grant, "reporting", None) for grant in grants}
    acts = _acts({each.granted_by_id for each in reporting.values() if each})
    for grant in grants:
        named, may = getattr(grant.account, "institution", None), reporting[grant.pk]
        kinds = may.kinds if may else []
        act = acts.get(may.granted_by_id or 0) if may else None
        yield {
            "account": grant.account_id,
            "name": {"zh": named.zh, "en": named.en} if named else {"zh": "", "en": ""},
            "area": grant.area,
            "kinds": kinds,
            "reddening_lines_a_day": may.reddening_lines_a_day if may else None,
            "purposes": [OF_KIND[ReportKind(kind)].value for kind in kinds],
            "since": _instant(act.at if act else grant.granted_at),
            "until": grant.ends_at and _instant(grant.ends_at),
            "act": _opened(act),
        }


def _partners(at: datetime) -> Iterable[dict[str, Any]]:
    roles = Grant.objects.in_force(at).filter(role=Role.PARTNER)
    # Of several roles, the one that ends last stands last.
    last = roles.order_by(F("ends_at").asc(nulls_last=True))
    ends = dict(last.values_list("account", "ends_at"))
    known = Partner.objects.filter(account__is_active=True, account__in=ends)
    partners = known.select_related("account")
    acts = _newest_acts({partner.account_id for partner in partners})
    for partner in partners.order_by("account"):
        act = acts.get(partner.account_id)
        scopes, end = partner.scopes.split(), ends[partner.account_id]
        yield {
            "account": partner.account_id,
            "name": partner.account.username,
            "scopes": scopes,
            "codes_per_minute": partner.codes_per_minute,
            "keys": [key["kid"] for key in partner.keys["keys"]],
            "purposes": [OF_SCOPE[scope].value for scope in scopes],
            "since": _instant(act.at if act else partner.created_at),
            "until": end and _instant(end),
            "act": _opened(act),
        }


def _staff(at: datetime) -> Iterable[dict[str, Any]]:
    held = Grant.objects.in_force(at).filter(account__is_active=True)
    counted = held.values("role", "area")
    for row in counted.annotate(accounts=Count("account")).order_by("role", "area"):
        if purpose := OF_STAFF[Role(row["role"])]:
            yield row | {"purpose": purpose.value}


def _devices() -> Iterable[dict[str, Any]]:
    enrolled = Device.objects.filter(token_hash__isnull=False, revoked_at=None)
    counted = Counter(enrolled.values_list("venue__kind", "at_exit").order_by())
    for (venue, at_exit), number in sorted(counted.items()):
        yield {
            "venue": venue,
            "door": "exit" if at_exit else "entrance",
            "number": number,
            "purpose": Purpose.CHECK_AT_DOORS.value,
        }


def _acts(numbers: Collection[int | None]) -> dict[int, Act]:
    return (
        Act.objects.select_related("leaf")
        .prefetch_related("areas")
        .in_bulk([number for number in numbers if number])
    )


def _newest_acts(accounts: Collection[int]) -> dict[int, Act]:
    """Return the act that last registered or changed each partner, by its account."""
    acts = Act.objects.filter(kind=ActKind.PARTNER_CHANGED, detail__account__in=list(accounts))
    found = acts.select_related("leaf").prefetch_related("areas").order_by("pk")
    return {act.detail["account"]: act for act in found}


def _opened(act: Act | None) -> dict[str, Any] | None:
    """Return number, record and salt of an act, with which anybody finds its leaf."""
    leaf = getattr(act, "leaf", None)
    if act is None or leaf is None:
        return None
    return {
        "number": act.pk,
        "record": act_record(act, areas_of(act)).decode(),
        "salt": to_base64(bytes(leaf.salt)),
    }


def _texts(purpose: Purpose) -> dict[str, str]:
    texts = {}
    for name, language in _LANGUAGES.items():
        with override(language):
            texts[name] = str(purpose.label)
    return texts


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
