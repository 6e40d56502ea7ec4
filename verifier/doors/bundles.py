"""What a door takes along to judge codes without network: signed, or made of signed parts.

The bundle names the issuers with their keys, this door's rules and the status lists at hand. The
lists themselves are fetched one by one, as their issuers signed them. It brings the venue's
doubts, too, since a door asks for nothing else as often.
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
    """A status list as its issuer signed it, and the version under which bundles name it."""

    token: bytes
    version: str


def signed_bundle(*, door: EnrolledDevice, at: datetime) -> str:
    """The bundle for this door, as of `at`, as a JWS by this service's own key."""
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
    """The status list that codes name by this address. Raises NotFound."""
    # PostgreSQL knows no text with NUL in it.
    found = None if "\0" in uri else Publication.objects.filter(kind="status", uri=uri).first()
    if found is None:
        raise NotFound(_("There is no status list with this address here."))
    return ListToken(bytes(found.body), _version(found.changed_at))


def _issuer(issuer: Issuer, heard: Heard) -> dict[str, object]:
    """An issuer, and how far what is known of it can be relied on; times in seconds since 1970."""
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
    """As `parse_rules` reads them."""
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
    """Those whose signature this process has verified, each with its version."""
    rows = Publication.objects.filter(kind="status").order_by("uri")
    return [
        {"issuer": issuer, "uri": uri, "version": _version(changed_at)}
        for issuer, uri, changed_at in rows.values_list("issuer", "uri", "changed_at")
        if (issuer, uri) in held
    ]


def _version(changed_at: datetime) -> str:
    return f"{changed_at.timestamp():.6f}"
