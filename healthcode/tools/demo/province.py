"""Load the demo province, in one transaction and within seconds."""

import csv
import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice
from random import Random

from django.conf import settings
from django.core.management import call_command
from django.db import transaction

from accounts.admission import NewPerson, admit
from accounts.models import Account, Relation
from healthcode.acts.grounds import Ground, GroundKind
from healthcode.acts.log import keys as log_keys
from healthcode.acts.log import sequencer
from healthcode.acts.log.entries import append_older_acts
from healthcode.acts.log_models import KeyUse
from healthcode.administration import services
from healthcode.areas.lives import lives
from healthcode.areas.models import Level
from healthcode.codes import keys
from healthcode.codes.models import StatusList
from healthcode.codes.status_lists import editions, indexes
from healthcode.colours.policy import SHIPPED
from healthcode.colours.recompute import run
from healthcode.colours.selectors import open_recomputations
from healthcode.colours.services import publish_policy
from healthcode.core import jwk_set
from healthcode.evidence.services import NewFact, record
from healthcode.officers.maps.services import publish_map
from healthcode.tools.demo import history, logins
from healthcode.tools.demo.people import people
from healthcode.tools.demo.places import here
from healthcode.web import keeping
from healthcode.web.days import SHANGHAI
from verifier.doors import partitions
from verifier.models import TrustedIssuer
from verifier.recognition.refresh import keep_keys, keep_status_list

SEED = 20200209
PEOPLE = 3000
MAP_DATE = datetime(2020, 2, 9, tzinfo=SHANGHAI)
_KEY_LIFE = timedelta(days=90)
_KEY_AHEAD = timedelta(days=14)
_FACTS_AT_ONCE = 20_000

Say = Callable[[str], object]


def is_loaded() -> bool:
    """Return whether this database contains the demo."""
    return Account.objects.filter(username=logins.OFFICER).exists()


@transaction.atomic
def load(*, at: datetime, say: Say) -> None:
    """Fill an empty database, all or nothing, with the same people every time."""
    random = Random(SEED)  # noqa: S311 - the same people every time is what is wanted
    say("Loading the divisions of the country …")
    call_command("load_divisions", verbosity=0)
    partitions.maintain(at=at)
    officer, source = logins.make_staff(at=at)
    say("Publishing the policy and the map …")
    _publish_policy(officer, at=at)
    counties = _publish_map(officer, at=at)
    say(f"Registering {PEOPLE} people …")
    made = list(people(PEOPLE, homes=counties, random=random))
    newcomers = [NewPerson(one.name, "10", one.id_number, one.home) for one in made]
    relatives = logins.family(random=random)
    logins.make_roster(newcomers, relatives.values(), at=at)
    ids = admit(newcomers, at=at)
    family = logins.make_family(relatives, at=at)
    logins.make_venue(at=at)
    say("Recording where they stayed and how they felt …")
    homes = [one.home for one in made]
    _record(source, history.reported(ids, homes, at=at, random=random), at=at)
    _record(source, history.declared(ids, at=at, random=random), at=at)
    _record(source, history.of_a_traveller(family[Relation.PARENT], here().visited, at=at), at=at)


def decide_colours(*, say: Say) -> None:
    """Decide everybody's colour now, as the policy and the map require."""
    say("Deciding everybody's colour …")
    for recomputation in open_recomputations():
        run(recomputation.pk)


def open_doors(*, at: datetime) -> None:
    """Let the demo's doors trust the demo's codes, with its present address and its present keys.

    This works however long the demo was stopped: it makes the tables for today's scans and a key
    that can sign. Doors normally fetch over HTTP what an issuer publishes. No server is running
    yet, so this function writes these data directly.
    """
    keeping.forget(keeping.Cadence.OFTEN, at=at)
    by = logins.administrator(at=at)
    until = keys.signing_until(at=at) or at
    if until - at < _KEY_AHEAD:
        services.make_key(by=by, starts=until, signs_for=_KEY_LIFE, at=at)
    editions.publish(at=at)
    own, base_url = settings.ISSUER, settings.BASE_URL
    if not TrustedIssuer.objects.filter(name=own, base_url=base_url).exists():
        services.trust_issuer(by=by, name=own, base_url=base_url, at=at)
    published = json.dumps(jwk_set(keys.published_keys(at=at))).encode()
    address = f"{settings.BASE_URL}/.well-known/health-code/keys"
    keep_keys(own, uri=address, body=published, etag="", at=at)
    for row in StatusList.objects.order_by("day", "part"):
        uri = indexes.uri_of(row.day, row.part)
        keep_status_list(own, uri=uri, body=bytes(row.token), etag="", at=at)


def open_log(*, at: datetime) -> None:
    """Make the keys of the log and the witness if there are none, and publish all acts so far."""
    if not log_keys.published_keys():
        services.make_log_keys(by=logins.administrator(at=at), at=at)
        append_older_acts()
    if not log_keys.published_keys(KeyUse.WITNESS):
        by = logins.administrator(at=at)
        services.make_log_keys(by=by, use=KeyUse.WITNESS, at=at)
    sequencer.keep_extending(at=at)


def _publish_policy(officer: Account, *, at: datetime) -> None:
    publish_policy(
        account=officer,
        text=SHIPPED.read_text(encoding="utf-8"),
        holds_from=MAP_DATE,
        ground=Ground(GroundKind.RISK_ASSESSMENT, here().ground),
        at=at,
        file=SHIPPED.name,
    )


def _publish_map(officer: Account, *, at: datetime) -> list[str]:
    """Publish the map; return the codes of its counties that still exist, for people to live in."""
    with here().map_file.open(encoding="utf-8", newline="") as file:
        levels = {row["code"]: Level[row["level"].upper()] for row in csv.DictReader(file)}
    publish_map(
        account=officer,
        effective_from=MAP_DATE,
        ground=Ground(GroundKind.RISK_ASSESSMENT, here().ground),
        whole_of=here().area,
        levels=levels,
        at=at,
    )
    return sorted(code for code, life in lives(list(levels)).items() if not life.has_ended_by(at))


def _record(source: Account, facts: Iterable[NewFact], *, at: datetime) -> None:
    remaining = iter(facts)
    while chunk := list(islice(remaining, _FACTS_AT_ONCE)):
        record(source=source, facts=chunk, at=at)
