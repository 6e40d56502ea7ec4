"""Plans: acts that are not done yet, in a form that can wait for a second person."""

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from accounts.models import Account, Role
from healthcode.acts.effects import Effect
from healthcode.acts.grounds import Ground
from healthcode.acts.kinds import ActKind

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class AtVenue:
    """How many people an act would make red because they were at one place.

    Attributes:
        place: the number of the place.
        area: of the place, short form; empty if it is not known.
        people: how many.
    """

    place: int
    area: str
    people: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What an act would do.

    Attributes:
        area: for which the account acts, short form; empty for the whole country.
        effect: what becomes of people's colours.
        facts: what else a second person must see, as JSON values, such as the levels that rise.
        touched: further areas that the act names.
        about: what the act is about, where a policy tells this apart, such as "case".
        takes_effect: from when on it holds, if the officer chose this time.
        venues: where the people were whom it would make red, if that is why.
        can_be_confirmed: whether a second person exists who could confirm it. Where there never was
            one, an act need not wait only because of its kind.
    """

    area: str
    effect: Effect
    facts: Mapping[str, Any]
    touched: tuple[str, ...] = ()
    about: str = ""
    takes_effect: datetime | None = None
    venues: tuple[AtVenue, ...] = ()
    can_be_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Signed:
    """Who answers for an act: the account that does it, and the second person, if it needs one."""

    account: Account
    ground: Ground
    confirmed_by: Account | None = None


class ActPlan(ABC, Generic[Done]):
    """An act that somebody wants to do. Subclasses are frozen dataclasses of JSON values.

    All methods run in the caller's transaction, in the order in which they stand here.
    """

    kind: ClassVar[ActKind]
    done_as: ClassVar[Role] = Role.OFFICER
    """The role in which an account does it."""

    @abstractmethod
    def authorise(self, account: Account) -> None:
        """Refuse an account that may neither do this act nor confirm it.

        Raises:
            Refusal: the reason.
        """

    def done_before(self, account: Account, ground: Ground) -> Done | None:
        """Return what the account did before, if this act would be the same once more."""
        return None

    @abstractmethod
    def foresee(self, account: Account, *, at: datetime) -> Foreseen:
        """Take the locks that the act needs, and return what it would do. Writes nothing.

        Raises:
            Refusal: the act is not possible, or the account may not do it.
        """

    @abstractmethod
    def perform(self, signed: Signed, foreseen: Foreseen, *, at: datetime) -> Done:
        """Do it, and record the act with the effect that was foreseen."""


def preview_of(foreseen: Foreseen) -> dict[str, Any]:
    """Return what an act would do as JSON values, as a proposal stores and shows it."""
    facts = dict(foreseen.facts)
    return {"area": foreseen.area, **foreseen.effect.as_json(), "facts": facts}


def is_as_previewed(preview: Mapping[str, Any], foreseen: Foreseen) -> bool:
    """Return whether an act would still do what the preview shows.

    Area and facts must be the same; see `Effect.is_near` for the counts.
    """
    now = preview_of(foreseen)
    same = all(preview[member] == now[member] for member in ("area", "facts"))
    return same and Effect.from_json(preview).is_near(foreseen.effect)


def fingerprint_of(kind: ActKind, payload: Mapping[str, Any], preview: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what is proposed and of what its proposer saw, in hexadecimal."""
    said = {"kind": kind.value, "payload": payload, "preview": preview}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
