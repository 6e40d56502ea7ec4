"""The bundle: the signed data with which a door judges codes while it has no network.

The bundle holds the issuers with their keys, this door's rules and the names of the status lists.
The door fetches each status list separately, as its issuer signed it. The bundle also holds the
venue's doubts (codes that are perhaps copies), because a door fetches it every 30 seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from healthcode.core import Colour, Issuer, Outcome, Rules, jwk_set
from healthcode.web import service_key
from healthcode.web.errors import NotFound
from verifier.doors import doubts
from verifier.doors.scanning import EnrolledDevice
from verifier.models import Publication, Venue
from verifier.recognition.trust import Heard, knowledge

TYP: Final = "health-code-bundle+jws"


@dataclass(frozen=True, slots=True)
class ListToken:
    """A status list as its issuer signed it, and its version as bundles state it."""

    token: bytes
    version: str


def signed_bundle(*, door: EnrolledDevice, at: datetime) -> str:
    """Return the bundle for this door at `at`, a JWS signed with this service's key."""
    known = knowledge.current()
    issuers = [known.trust.issuers[name] for name in sorted(known.trust.issuers)]
    document = {
        "at": int(at.timestamp()),
        "device": door.device,
        "venue": door.venue,
        "venue_name": Venue.objects.values_list("name", flat=True).get(pk=door.venue),
        "rules": _rules(door.rules()),
        "issuers": [_issuer(issuer, known.heard[issuer.name]) for issuer in issuers],
        "status_lists": _status_lists(set(known.statuses.lists)),
        "doubts": [_doubt(doubt) for doubt in doubts.at_doors(door.venue, at=at)],
    }
    return service_key.signed(document, typ=TYP)


def status_list(uri: str) -> ListToken:
    """Return the status list with this address, as codes state it. Raises NotFound."""
    # PostgreSQL refuses a text with NUL in it.
    found = None if "\0" in uri else Publication.objects.filter(kind="status", uri=uri).first()
    if found is None:
        raise NotFound(_("There is no status list with this address here."))
    return ListToken(bytes(found.body), _version(found.changed_at))


def _issuer(issuer: Issuer, heard: Heard) -> dict[str, object]:
    """Describe an issuer and how current its keys are. Times are seconds since 1970."""
    return {
        "issuer": issuer.name,
        "keys": jwk_set(issuer.keys)["keys"],
        "honours": _by_name(issuer.honours),
        "as_of": heard.as_of,
        "expires_at": heard.expires_at,
    }


def _doubt(doubt: doubts.ToldAtDoors) -> dict[str, object]:
    return {
        "kind": doubt.kind,
        "scans": doubt.scans,
        "last_at": int(doubt.last_at.timestamp()),
        "doors": doubt.doors,
    }


def _rules(rules: Rules) -> dict[str, object]:
    """Describe the rules in the form that `parse_rules` reads."""
    return {
        "admits": _by_name(rules.admits),
        "kinds": sorted(kind.name.lower() for kind in rules.kinds),
        "trust_grace_seconds": rules.trust_grace_seconds,
        "status_grace_seconds": rules.status_grace_seconds,
        "leeway_seconds": rules.leeway_seconds,
    }


def _by_name(outcomes: Mapping[Colour, Outcome]) -> dict[str, str]:
    return {colour.label: outcome.value for colour, outcome in outcomes.items()}


def _status_lists(held: set[tuple[str | None, str]]) -> list[dict[str, str]]:
    """Describe the lists whose signature this process has verified."""
    rows = Publication.objects.filter(kind="status").order_by("uri")
    return [
        {"issuer": issuer, "uri": uri, "version": _version(changed_at)}
        for issuer, uri, changed_at in rows.values_list("issuer", "uri", "changed_at")
        if (issuer, uri) in held
    ]


def _version(changed_at: datetime) -> str:
    return f"{changed_at.timestamp():.6f}"
