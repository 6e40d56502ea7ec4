"""Say where a reason comes from: who reported the fact, and by which act it counts.

Nobody learns from it who somebody else is. An act is told with its office, never with its officer.
Of a contact only the province of the office is told, because the office of a case shows where the
case lives.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language

from accounts.models import Grant, Guardianship, Relation, Role
from healthcode.acts.kinds import ActKind
from healthcode.acts.models import Act
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.days import is_chinese

CITY_DIGITS: Final = 4
"""The public log names the area of an act to the city; more could tell who an act is about."""
PROVINCE_DIGITS: Final = 2
KINDS: Final[Mapping[str, str | Promise]] = {kind.value: kind.label for kind in ActKind}


class Reporter(StrEnum):
    """Who said that something is so: words for programs, which never change."""

    YOU = "you"
    GUARDIAN = "guardian"
    """Somebody who looks after the person, or did when they reported it."""
    INSTITUTION = "institution"
    AUTHORITY = "authority"
    """An officer, or the tracing that an officer confirmed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Who reported a fact, and when the service received it.

    `zh` and `en` are the public name of the institution, "" if it has none in this language.
    `has_proof` tells whether the fact stands in a report that the public log contains.
    """

    reporter: Reporter
    at: datetime
    zh: str = ""
    en: str = ""
    has_proof: bool = False

    @property
    def name(self) -> str:
        """Return the public name in the language of the request, or in the other one."""
        return self.zh or self.en if is_chinese(get_language()) else self.en or self.zh


@dataclass(frozen=True, slots=True)
class PublicAct:
    """An act as everybody may know it: its number, kind, time, and the area of its office.

    `area` is the city or province of the office, "" for the whole country; `area_name` is its name.
    """

    number: int
    kind: str
    at: datetime
    area: str
    area_name: str = ""

    @property
    def label(self) -> str | Promise:
        """Return the kind of act in the language of the request."""
        return KINDS.get(self.kind, self.kind)

    @property
    def proof(self) -> str:
        """Return the address of a file which proves that the act is in the public log."""
        return f"{reverse('log-proof')}?{urlencode({'act': self.number})}"


@dataclass(frozen=True, slots=True)
class KnownFact:
    """What a reason tells of its fact: its origin, its act if an act recorded it, and more.

    `place` is where a contact was, in both languages. `country` is that of the EU certificate.
    """

    origin: Origin
    act: int | None
    place: Mapping[str, str] | None
    country: str | None


def known_facts(ids: Collection[int]) -> dict[int, KnownFact]:
    """Return what reasons tell of these facts, by number. One query, two if officers entered some.

    A fact that an officer entered from a certificate does not name its act; the act names it.
    """
    source, person = OuterRef("source"), OuterRef("person")
    relations = Guardianship.objects.filter(account=source, person=person).values("relation")
    # Who reported a fact stays a source, also when its role has ended.
    sources = Grant.objects.ever().filter(account=source, role=Role.SOURCE)
    rows = (
        Evidence.objects.filter(pk__in=ids)
        .annotate(relation=Subquery(relations[:1]), is_source=Exists(sources))
        .values(
            *("pk", "kind", "certificate", "detail", "received_at", "relation", "is_source"),
            *("source_id", "source__username"),
            *("source__institution__zh", "source__institution__en", "batch_id"),
        )
    )
    facts = {row["pk"]: _known(row) for row in rows}
    entered = {
        row["pk"]: row["source_id"]
        for row in rows
        if row["certificate"] and facts[row["pk"]].origin.reporter is Reporter.AUTHORITY
    }
    return facts | {id_: replace(facts[id_], act=act) for id_, act in _entries(entered).items()}


def public_acts_of(acts: Collection[int]) -> dict[int, PublicAct]:
    """Return acts as everybody may know them, by number; no query if there are none."""
    if not acts:
        return {}
    rows = Act.objects.filter(pk__in=acts).values_list("pk", "kind", "at", "area")
    return {
        number: PublicAct(number, kind, at, _told(kind, area)) for number, kind, at, area in rows
    }


def _told(kind: str, area: str) -> str:
    return area[: PROVINCE_DIGITS if kind == ActKind.CONTACTS_CONFIRMED else CITY_DIGITS]


def _known(row: Mapping[str, Any]) -> KnownFact:
    origin = Origin(
        _reporter(row),
        row["received_at"],
        row["source__institution__zh"] or "",
        row["source__institution__en"] or "",
        row["batch_id"] is not None,
    )
    detail, is_contact = row["detail"], row["kind"] == EvidenceKind.CONTACT
    return KnownFact(
        origin,
        detail.get("act"),
        detail.get("place") if is_contact else None,
        detail.get("country") if row["certificate"] else None,
    )


def _reporter(row: Mapping[str, Any]) -> Reporter:
    # Residents log in by telephone and have no user name.
    if row["source__username"] is None:
        return Reporter.YOU if row["relation"] == Relation.SELF else Reporter.GUARDIAN
    is_institution = row["is_source"] or row["source__institution__zh"] is not None
    return Reporter.INSTITUTION if is_institution else Reporter.AUTHORITY


def _entries(entered: Mapping[int, int]) -> dict[int, int]:
    """Return the act by which an officer entered each of these facts, {evidence: act}."""
    if not entered:
        return {}
    acts = Act.objects.filter(
        account__in=set(entered.values()),
        kind=ActKind.CERTIFICATE_ENTERED,
        detail__evidence__in=list(entered),
    )
    return dict(acts.values_list("detail__evidence", "pk"))
