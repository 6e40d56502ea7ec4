"""The kinds of code that are verified, told apart by the first characters of their text."""

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
    """How a kind of code is read, raising MalformedCode, and what it means at a door."""

    read: Callable[[str], Any]
    judge: Callable[[Any, Door], Verdict]


SCHEMES: Final[Mapping[str, Scheme]] = {
    codes.PREFIX: Scheme(codes.read, verdict.judge),
    bound.PREFIX: Scheme(bound.read, verdict.judge),
    dcc.PREFIX: Scheme(dcc.read, dcc.judge),
}
_PREFIX_CHARACTERS: Final = 4


def names_scheme(text: str) -> bool:
    """Whether a text begins as one of a known scheme does; posters and products do not."""
    return text[:_PREFIX_CHARACTERS] in SCHEMES


def verify(
    text: str, *, trust: Trust, status: Statuses, rules: Rules, at: int | datetime
) -> Verdict:
    """What a scanned text means at this door, at this time.

    Never raises on any text. `at` is in seconds since 1970, or an aware datetime; a naive one is
    the caller's mistake and raises ValueError.
    """
    door = Door(trust, status, rules, _seconds(at))
    try:
        scheme = _scheme_of(text)
        signed = scheme.read(text)
    except MalformedCode:
        return verdict.refused(Reason.MALFORMED, door)
    return scheme.judge(signed, door)


def decode_any(text: str) -> SignedCode | SignedCertificate:
    """The content of a code of any scheme, no signature verified. Raises MalformedCode."""
    signed: SignedCode | SignedCertificate = _scheme_of(text).read(text)
    return signed


def decode(text: str) -> SignedCode:
    """The content of a health code, no signature verified. Raises MalformedCode."""
    signed = decode_any(text)
    if isinstance(signed, SignedCode):
        return signed
    raise MalformedCode("a certificate from elsewhere, which has no colour")


def _scheme_of(text: str) -> Scheme:
    scheme = SCHEMES.get(text[:_PREFIX_CHARACTERS])
    if scheme is None:
        raise MalformedCode("not a code of a known kind")
    return scheme


def _seconds(at: int | datetime) -> int:
    if isinstance(at, int):
        return at
    if at.utcoffset() is None:
        raise ValueError("a time without zone could be any time")
    return int(at.timestamp())
