"""A collection of some members of an enumeration says here which members it leaves out.

Whoever adds a member is led to each such collection, to decide whether the member belongs to it.
"""

import importlib
from collections.abc import Collection, Iterator, Mapping
from enum import Enum
from types import ModuleType
from typing import Final

from healthcode.acts.kinds import ActKind
from tests.house.test_complete_mappings import BY_HAND, ROOMS, module_name, sources

CHOSEN: Final[Mapping[str, set[str]]] = {
    # Residents log in by phone, and each role of staff is a person's or a machine's.
    "accounts.models.OF_PEOPLE": {"RESIDENT", "SOURCE", "PARTNER"},
    "accounts.models.OF_MACHINES": {"RESIDENT", "OFFICER", "VENUE_MANAGER", "ADMINISTRATOR"},
    # These cannot change colours, or are no person's.
    "accounts.second_factor.NEED_SECOND_FACTOR": {"RESIDENT", "VENUE_MANAGER", "SOURCE", "PARTNER"},
    # These need somebody who has logged in, or an administrator.
    "accounts.sign_ins.BY_STRANGERS": {
        *{"LOGGED_IN", "LOGGED_OUT", "DEVICE_ENDED", "IDLE_ENDED", "OFFICE_ENDED", "TOKEN_MADE"},
        *{"FACTOR_ADDED", "FACTOR_BLOCKED", "FACTOR_REMOVED", "PHONE_CHANGED", "PASSWORD_CHOSEN"},
    },
    # Residents get their role by logging in.
    "healthcode.administration.plans.STAFF_ROLES": {"RESIDENT"},
    # Only these answer for what happens in an area.
    "healthcode.administration.plans.CONFIRMERS": {
        *{"RESIDENT", "VENUE_MANAGER", "SOURCE", "PARTNER"}
    },
    # What else a process does is no call: it needs no place.
    "healthcode.asgi.CALLERS": {"OPERATORS", "WORK", "MIGRATION"},
    # Whoever answers an alarm acts about people, with authority over an area.
    "healthcode.confirmation.telling.CAN_ANSWER": {
        "RESIDENT",
        "VENUE_MANAGER",
        "SOURCE",
        "PARTNER",
    },
    # These facts happen at one moment.
    "healthcode.evidence.models.LASTING": {
        *{"DECLARATION", "TEST", "CHECK_IN", "RECOVERY", "VACCINATION"}
    },
    # By these, too, a fact can stop counting for somebody.
    "healthcode.acts.second_person._LIKE_A_WITHDRAWAL": {
        kind.name
        for kind in ActKind
        if kind.name not in {"FACTS_WITHDRAWN", "REGISTRATIONS_MERGED", "REGISTRATIONS_SEPARATED"}
    },
    # An EU certificate states a test, a recovery or a vaccination.
    "healthcode.evidence.certificates.ATTESTABLE": {
        *{"DECLARATION", "STAY", "CONTACT", "CASE", "CHECK_IN"}
    },
    # The first ring alone; whoever met a contact is found by a search of its own.
    "healthcode.officers.inquiries.graph.ORDER": {"SECONDARY"},
    "healthcode.tracing.trace.STRENGTHS": {"SECONDARY"},
    # Each kind of place is a venue, a vehicle, or has no name.
    "healthcode.tracing.kinds.VENUES": {
        *{"TRAIN", "FLIGHT", "COACH", "BUS", "HOUSEHOLD", "MEETING"}
    },
    "healthcode.tracing.kinds.VEHICLES": {
        *{"RESTAURANT", "SHOP", "MARKET", "OFFICE", "SCHOOL", "HOSPITAL", "STATION", "LEISURE"},
        *{"OTHER", "HOUSEHOLD", "MEETING"},
    },
}

Members = Collection[Enum]


def test_each_collection_of_some_members_says_which_it_leaves_out() -> None:
    known = dict(found())
    assert {path: left_out(known[path]) for path in CHOSEN} == CHOSEN
    said = {id(known[path]) for path in CHOSEN}
    faults = {path: left_out(one) for path, one in known.items() if id(one) not in said}
    assert {path: members for path, members in faults.items() if members} == {}


class Tried(Enum):
    """An enumeration to try this file's instrument on."""

    TAKEN = 1
    LEFT = 2


def test_a_member_that_is_left_out_is_found_in_every_kind_of_collection() -> None:
    module = ModuleType("room")
    holder = type("Holder", (), {"__module__": "room", "OF_A_CLASS": (Tried.TAKEN,)})
    some, mixed = {Tried.TAKEN}, (Tried.TAKEN, 1)
    vars(module).update(A=[Tried.TAKEN], B=some, C=frozenset(some), D=(*Tried,), E=mixed, F=())
    vars(module).update(Holder=holder)

    seen = {path: left_out(one) for path, one in collections(module, "room", of=("tests",))}

    assert seen == {
        **{f"room.{name}": {"LEFT"} for name in ("A", "B", "C", "Holder.OF_A_CLASS")},
        "room.D": set(),
    }


def found() -> list[tuple[str, Members]]:
    """Return the collections of members that modules and classes of the product hold."""
    names = [
        module_name(path)
        for path in sources()
        if "migrations" not in path.parts and path.stem != "__main__"
    ]
    return [
        each
        for name in names
        if name not in BY_HAND
        for each in collections(importlib.import_module(name), name, of=ROOMS)
    ]


def collections(holder: object, path: str, *, of: Collection[str]) -> Iterator[tuple[str, Members]]:
    """Yield the collections whose members are all of one enumeration of these packages."""
    module = path if isinstance(holder, ModuleType) else vars(holder)["__module__"]
    for name, value in vars(holder).items():
        if type(value) in {tuple, list, set, frozenset} and is_of_one_enumeration(value, of):
            yield f"{path}.{name}", value
        elif type(value) is type and value.__module__ == module:
            yield from collections(value, f"{path}.{name}", of=of)


def is_of_one_enumeration(values: Collection[object], packages: Collection[str]) -> bool:
    kinds = {type(value) for value in values}
    if len(kinds) != 1:
        return False
    (kind,) = kinds
    return issubclass(kind, Enum) and kind.__module__.partition(".")[0] in packages


def left_out(members: Members) -> set[str]:
    """Return the names of the members that are not in the collection."""
    return {member.name for member in type(next(iter(members))) if member not in members}
