"""Write a block of a city as rows for PostgreSQL's COPY (text form): one line each, with tabs."""

from healthcode.tools.synthetic_city.people import NULL, Instants, Plan, cases, homes, stays
from healthcode.tools.synthetic_city.visits import CityMap, presences

PEOPLE = "accounts_person (id, home_area, created_at)"
COLOURS = "colours_personcolour (person_id, colour, since, next_change_at, policy_id, changes)"
EVIDENCE = (
    "evidence_evidence (person_id, kind, starts, ends, area_id, traits, detail, source_id, "
    "received_at)"
)
PLACES = "tracing_place (id, kind, name, area)"
MEMBERS = "tracing_membership (place_id, person_id, starts)"
PRESENCES = "tracing_presence (day, person_id, place_id, starts, ends, sure, carriage, seat_row)"


def people(plan: Plan, block: int) -> bytes:
    """Write rows of `PEOPLE`."""
    created = Instants(plan)[0]
    return "".join(f"{id_}\t{home}\t{created}\n" for id_, _, home in homes(plan, block)).encode()


def colours(plan: Plan, block: int, policy: int) -> bytes:
    """Write rows of `COLOURS`, all green.

    Of most people only stays in areas without a risk level are known. The cases are recomputed
    afterwards.
    """
    since = Instants(plan)[0]
    rest = f"\t0\t{since}\t{NULL}\t{policy}\t0\n"
    return "".join(f"{id_}{rest}" for id_ in plan.ids(block)).encode()


def evidence(plan: Plan, block: int, source: int) -> bytes:
    """Write rows of `EVIDENCE`: stays in the order of people, then cases."""
    at = Instants(plan)
    end = f"\t{source}\t{at[plan.days * 24 * 60]}\n"
    rows = [
        f"{person}\tstay\t{at[starts]}\t{at[ends]}\t{area}\t{{}}\t{{}}{end}"
        for person, area, starts, ends in stays(plan, block)
    ]
    rows += [
        f"{person}\tcase\t{at[starts]}\t{NULL}\t{NULL}\t{{confirmed}}\t{{}}{end}"
        for person, starts in cases(plan, block)
    ]
    return "".join(rows).encode()


def households(plan: Plan, block: int) -> bytes:
    """Write rows of `PLACES`: the homes of the block."""
    return "".join(
        f"{household}\thousehold\t\t{area}\n"
        for person, household, area in homes(plan, block)
        if person == household
    ).encode()


def members(plan: Plan, block: int) -> bytes:
    """Write rows of `MEMBERS`."""
    since = Instants(plan)[0]
    return "".join(
        f"{household}\t{person}\t{since}\n" for person, household, _ in homes(plan, block)
    ).encode()


def places(plan: Plan, block: int) -> bytes:
    """Write rows of `PLACES`: all venues and trains, in a single block."""
    return "".join(
        f"{id_}\t{kind}\t\t{area}\n" for id_, kind, area in CityMap(plan).places()
    ).encode()


def visits(plan: Plan, block: int) -> bytes:
    """Write rows of `PRESENCES`."""
    at = Instants(plan)
    return "".join(
        f"{at.day(starts)}\t{person}\t{place}\t{at[starts]}\t{at[ends]}\t{'t' if sure else 'f'}"
        f"\t{NULL if carriage is None else carriage}\t{NULL if row is None else row}\n"
        for person, place, starts, ends, sure, carriage, row in presences(plan, block)
    ).encode()
