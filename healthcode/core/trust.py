"""Whom a verifier trusts: issuers, their keys, and how their colours are honoured here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from healthcode.core.claims import Colour
from healthcode.core.keys import Key


class Outcome(StrEnum):
    """What staff do at the door, from best to worst."""

    PASS = "pass"  # noqa: S105 - not a password
    CAUTION = "caution"
    REFUSE = "refuse"


@dataclass(frozen=True)
class Issuer:
    """An authority, its keys, and what its colours are worth here.

    A colour in `honours` is worth that outcome at best; one missing is left to the rules of each
    door, like a colour of one's own. `status_lists` says where its lists are published,
    `title` and `contact` who answers for it; none of the three takes part in a verdict.
    """

    name: str
    keys: tuple[Key, ...]
    honours: Mapping[Colour, Outcome] = field(default_factory=dict)
    status_lists: tuple[str, ...] = ()
    title: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Trust:
    """The issuers by name, known to be true at `as_of` and not to be relied on from `expires_at`.

    Seconds since 1970. Without `expires_at` only the grace of the rules limits its use.
    `sequence` is the number of the trust list it comes from, 0 where it comes from none.
    """

    issuers: Mapping[str, Issuer]
    as_of: int
    expires_at: int | None = None
    sequence: int = 0
