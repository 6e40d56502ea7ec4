"""Verify all schemes of codes. The first characters of a text name its scheme."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from healthcode.core import bound, codes, dcc, verdict
from healthcode.core.codes import SignedCode
from healthcode.core.dcc import SignedCertificate
from healthcode.core.errors import MalformedCode
from healthcode.core.rules import Rules
from healthcode.core.status import Statuses
from healthcode.core.trust import Trust
from healthcode.core.verdict import Door, Reason, Verdict


@dataclass(frozen=True)
class Scheme:
    """How to read a scheme's texts, raising MalformedCode, and how to judge them at a door."""

    read: Callable[[str], Any]
    judge: Callable[[Any, Door], Verdict]


SCHEMES: Final[Mapping[str, Scheme]] = {
    codes.PREFIX: Scheme(codes.read, verdict.judge),
    bound.PREFIX: Scheme(bound.read, verdict.judge),
    dcc.PREFIX: Scheme(dcc.read, dcc.judge),
}
_PREFIX_CHARACTERS: Final = 4


def names_scheme(text: str) -> bool:
    """Return whether a text begins like one of a known scheme; posters and products do not."""
    return text[:_PREFIX_CHARACTERS] in SCHEMES


def verify(
    text: str, *, trust: Trust, status: Statuses, rules: Rules, at: int | datetime
) -> Verdict:
    """Judge a scanned text at this door, at this time.

    This raises no error for any text. `at` is in seconds since 1970, or an aware datetime. A naive
    datetime raises ValueError, because it is the caller's mistake.
    """
    door = Door(trust, status, rules, _seconds(at))
    try:
        scheme = _scheme_of(text)
        signed = scheme.read(text)
    except MalformedCode:
        return verdict.refused(Reason.MALFORMED, door)
    return scheme.judge(signed, door)


def decode_any(text: str) -> SignedCode | SignedCertificate:
    """Read a code of any scheme, without verifying a signature. Raises MalformedCode."""
    signed: SignedCode | SignedCertificate = _scheme_of(text).read(text)
    return signed


def decode(text: str) -> SignedCode:
    """Read a health code, without verifying a signature. Raises MalformedCode."""
    signed = decode_any(text)
    if isinstance(signed, SignedCode):
        return signed
    raise MalformedCode("an EU certificate, which has no colour")


def _scheme_of(text: str) -> Scheme:
    scheme = SCHEMES.get(text[:_PREFIX_CHARACTERS])
    if scheme is None:
        raise MalformedCode("not a code of a known kind")
    return scheme


def _seconds(at: int | datetime) -> int:
    if isinstance(at, int):
        return at
    if at.utcoffset() is None:
        raise ValueError("a time without a time zone is ambiguous")
    return int(at.timestamp())
