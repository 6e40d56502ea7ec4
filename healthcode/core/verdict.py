"""Judge a health code. Pure: the caller passes time and data. docs/format.md has the order."""

from enum import StrEnum
from typing import Final, NamedTuple

from healthcode.core import cose
from healthcode.core.bound import PROOF_SECONDS
from healthcode.core.claims import Colour, HealthCode, phone_public_key
from healthcode.core.codes import SignedCode
from healthcode.core.cose import Algorithm
from healthcode.core.rules import Rules
from healthcode.core.status import ParsedStatusList, Statuses
from healthcode.core.trust import Issuer, Outcome, Trust


class Reason(StrEnum):
    """Why the outcome is what it is: a closed list."""

    OK = "ok"
    YELLOW = "yellow"
    RED = "red"
    EXPIRED = "expired"
    NOT_YET_VALID = "not_yet_valid"
    SUPERSEDED = "superseded"
    UNKNOWN_ISSUER = "unknown_issuer"
    UNKNOWN_KEY = "unknown_key"
    BAD_SIGNATURE = "bad_signature"
    MALFORMED = "malformed"
    STALE_DATA = "stale_data"
    NOT_ADMITTED_HERE = "not_admitted_here"


class Door(NamedTuple):
    """What a door knows, its rules, and the time in seconds since 1970."""

    trust: Trust
    status: Statuses
    rules: Rules
    now: int


class Verdict(NamedTuple):
    """The outcome for a code, the reason, and the age of everything that the outcome depends on.

    `code` is set only if its signature is genuine. `age_seconds` counts from the issue of the code,
    or from the phone's proof if the code is bound to a phone. `status_age_seconds` is None without
    a status list.
    """

    outcome: Outcome
    reason: Reason
    code: HealthCode | None
    age_seconds: int | None
    trust_age_seconds: int
    status_age_seconds: int | None


# Names for what a good code passes, because before Python 3.12 each look at an enumeration calls a
# function.
_PASS, _REFUSE, _OK = Outcome.PASS, Outcome.REFUSE, Reason.OK
_UNKNOWN_KEY, _BAD_SIGNATURE = Reason.UNKNOWN_KEY, Reason.BAD_SIGNATURE
_SEVERITY: Final = {Outcome.PASS: 0, Outcome.CAUTION: 1, Outcome.REFUSE: 2}
_COLOUR_REASON: Final = {
    Colour.GREEN: Reason.NOT_ADMITTED_HERE,
    Colour.YELLOW: Reason.YELLOW,
    Colour.RED: Reason.RED,
}


def judge(signed: SignedCode, door: Door) -> Verdict:
    """Judge a health code after it has been read."""
    code, trust, now = signed.code, door.trust, door.now
    issuer = trust.issuers.get(code.issuer)
    if issuer is None:
        return refused(Reason.UNKNOWN_ISSUER, door)
    doubt = _doubt_of_signature(signed, issuer, door)
    if doubt is not None:
        return refused(doubt, door)
    status_list = door.status.get(code.status.uri, issuer=code.issuer)
    outcome, reason = _judge_genuine(signed, issuer, status_list, door)
    return Verdict(
        outcome=outcome,
        reason=reason,
        code=code,
        age_seconds=age(_shown_at(signed), now),
        trust_age_seconds=age(trust.as_of, now),
        status_age_seconds=None if status_list is None else age(status_list.as_of, now),
    )


def refused(reason: Reason, door: Door) -> Verdict:
    """Refuse what nobody vouches for, and pass on nothing of its content."""
    return Verdict(Outcome.REFUSE, reason, None, None, age(door.trust.as_of, door.now), None)


def age(since: int, now: int) -> int:
    """Return how many seconds have passed; 0 if clocks differ and the start is in the future."""
    return max(0, now - since)


def _doubt_of_signature(signed: SignedCode, issuer: Issuer, door: Door) -> Reason | None:
    """Return why the code is not genuine, or None if this issuer signed it."""
    latest_issue = signed.code.issued_at + door.rules.leeway_seconds
    doubt = _UNKNOWN_KEY
    # Key ids are short, so two keys may share one. Therefore each is tried.
    for key in issuer.keys:
        if key.kid == signed.kid and key.in_force(issued_at=latest_issue, at=door.now):
            doubt = _BAD_SIGNATURE
            if key.algorithm is signed.algorithm and cose.signature_holds(
                key.algorithm, key.public_key, signed.signed_bytes, signed.signature
            ):
                return None if _is_in_its_phone(signed) else _BAD_SIGNATURE
    return doubt


def _is_in_its_phone(signed: SignedCode) -> bool:
    """Return whether a bound code comes with its phone's proof; True for any other code."""
    if signed.code.phone_key is None:
        return True
    return signed.proof is not None and cose.signature_holds(
        Algorithm.ES256,
        phone_public_key(signed.code.phone_key),
        signed.proof.signed_bytes,
        signed.proof.signature,
    )


def _judge_genuine(
    signed: SignedCode, issuer: Issuer, status_list: ParsedStatusList | None, door: Door
) -> tuple[Outcome, Reason]:
    """Judge a genuine code by time, status, colour and the age of the data, in that order."""
    lapse = _lapse(signed, door) or _supersession(signed.code, status_list)
    if lapse is not None:
        return Outcome.REFUSE, lapse
    outcome, reason = _admission(signed.code, issuer, door.rules)
    if outcome is _PASS and _is_stale(status_list, door):
        return Outcome.CAUTION, Reason.STALE_DATA
    return outcome, reason


def _lapse(signed: SignedCode, door: Door) -> Reason | None:
    now, leeway = door.now, door.rules.leeway_seconds
    ends = signed.code.expires_at
    if signed.proof is not None:
        ends = min(ends, signed.proof.made_at + PROOF_SECONDS)
    if max(signed.code.issued_at, _shown_at(signed)) - leeway > now:
        return Reason.NOT_YET_VALID
    if ends + leeway <= now:
        return Reason.EXPIRED
    return None


def _shown_at(signed: SignedCode) -> int:
    return signed.code.issued_at if signed.proof is None else signed.proof.made_at


def _supersession(code: HealthCode, status_list: ParsedStatusList | None) -> Reason | None:
    if status_list is None:
        return None
    if code.status.idx >= len(status_list):
        return Reason.MALFORMED
    return Reason.SUPERSEDED if status_list.superseded(code.status.idx) else None


def _admission(code: HealthCode, issuer: Issuer, rules: Rules) -> tuple[Outcome, Reason]:
    """Return the worse of what the issuer's colour is worth here and what this door admits."""
    admitted = rules.admits.get(code.colour, _REFUSE)
    honoured = issuer.honours.get(code.colour, _PASS)
    outcome = honoured if _SEVERITY[honoured] > _SEVERITY[admitted] else admitted
    if code.kind not in rules.kinds:
        outcome, admitted = _REFUSE, _REFUSE
    if outcome is _PASS:
        return outcome, _OK
    only_the_door_refuses = admitted is _REFUSE is not honoured
    if only_the_door_refuses and code.colour is not Colour.RED:
        return outcome, Reason.NOT_ADMITTED_HERE
    return outcome, _COLOUR_REASON[code.colour]


def _is_stale(status_list: ParsedStatusList | None, door: Door) -> bool:
    trust, rules = door.trust, door.rules
    if status_list is None:
        return True
    return not (
        _is_fresh(trust.as_of, trust.expires_at, rules.trust_grace_seconds, door)
        and _is_fresh(status_list.as_of, status_list.expires_at, rules.status_grace_seconds, door)
    )


def _is_fresh(as_of: int, expires_at: int | None, grace_seconds: int, door: Door) -> bool:
    # Data from the future means that a clock is wrong, so its age is not known.
    if as_of > door.now + door.rules.leeway_seconds or door.now - as_of > grace_seconds:
        return False
    return expires_at is None or door.now < expires_at
