"""Whom a verifier trusts: issuers, their keys, and what their colours are worth here."""

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
    """An authority that signs codes, its keys, and what its colours are worth here.

    `honours` gives, for each colour, the best outcome that a code can have. If a colour is missing,
    each door's rules decide, as for our own codes. `status_lists` says where the issuer publishes
    its status lists, and `title` and `contact` say who is responsible for it. These three do not
    affect a verdict.
    """

    name: str
    keys: tuple[Key, ...]
    honours: Mapping[Colour, Outcome] = field(default_factory=dict)
    status_lists: tuple[str, ...] = ()
    title: str = ""
    contact: str = ""


@dataclass(frozen=True)
class Trust:
    """The issuers that a verifier trusts, by name. `as_of` is the time for which this is true.

    A verifier must not rely on it from `expires_at` on. Without `expires_at`, only the grace in the
    rules limits its use. Times are in seconds since 1970. `sequence` is the number of the trust
    list that the trust comes from, or 0 if it comes from no list.
    """

    issuers: Mapping[str, Issuer]
    as_of: int
    expires_at: int | None = None
    sequence: int = 0
