"""Specimen codes, good and bad, each with the verdict that a correct verifier gives."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from healthcode import core
from healthcode.core import Colour, Kind, Outcome, Reason
from healthcode.sandbox import issuer

LIFE_SECONDS: Final = 3600
"""Longer than the life of a real live code, so that a partner has time to test."""

_CARD_SECONDS: Final = 14 * 86_400
_HOUR: Final = 3600


@dataclass(frozen=True, slots=True)
class Specimen:
    """A text to scan, and the verdict that a verifier in the sandbox must give."""

    name: str
    code: str
    outcome: Outcome
    reason: Reason


def specimens(*, at: int) -> list[Specimen]:
    """Make fresh specimens at `at` (seconds since 1970).

    Their verdicts are right for half an hour; that of `bound` for a minute, the life of its proof.
    """
    good = _code(at)
    signed = _sign(good)
    return [
        Specimen("green", signed, Outcome.PASS, Reason.OK),
        _specimen("yellow", good._replace(colour=Colour.YELLOW), Outcome.CAUTION, Reason.YELLOW),
        _specimen("red", good._replace(colour=Colour.RED), Outcome.REFUSE, Reason.RED),
        _specimen("card", _card(good), Outcome.PASS, Reason.OK),
        _specimen("no-list", _at_place(good, 1, uri=f"{issuer.LIST_URI}0"), *_STALE),
        _specimen("expired", _moved(good, -2 * _HOUR), Outcome.REFUSE, Reason.EXPIRED),
        _specimen("not-yet-valid", _moved(good, 2 * _HOUR), Outcome.REFUSE, Reason.NOT_YET_VALID),
        _specimen("superseded", _at_place(good, issuer.SUPERSEDED_IDX), *_SUPERSEDED),
        _specimen("outside-its-list", _at_place(good, issuer.LIST_SIZE), *_MALFORMED),
        _specimen("unknown-issuer", good._replace(issuer=f"ZZ{issuer.SUFFIX}"), *_UNKNOWN_ISSUER),
        Specimen("unknown-key", _sign(good, kid=bytes(8)), Outcome.REFUSE, Reason.UNKNOWN_KEY),
        Specimen("forged", _sign(good, signer=_forge), Outcome.REFUSE, Reason.BAD_SIGNATURE),
        *_bound(good, at),
        Specimen("lower-case", signed.lower(), *_MALFORMED),
        Specimen("cut-off", signed[:-3], *_MALFORMED),
        Specimen("longer", f"{signed}00", *_MALFORMED),
        Specimen("another-prefix", f"JK9:{signed[4:]}", *_MALFORMED),
        Specimen("web-address", "https://specimen.invalid/", *_MALFORMED),
    ]


_STALE: Final = (Outcome.CAUTION, Reason.STALE_DATA)
_SUPERSEDED: Final = (Outcome.REFUSE, Reason.SUPERSEDED)
_BAD_SIGNATURE: Final = (Outcome.REFUSE, Reason.BAD_SIGNATURE)
_MALFORMED: Final = (Outcome.REFUSE, Reason.MALFORMED)
_UNKNOWN_ISSUER: Final = (Outcome.REFUSE, Reason.UNKNOWN_ISSUER)


def _specimen(name: str, code: core.HealthCode, outcome: Outcome, reason: Reason) -> Specimen:
    return Specimen(name, _sign(code), outcome, reason)


def _bound(good: core.HealthCode, at: int) -> list[Specimen]:
    """Make a code bound to a phone, as that phone shows it, and wrong ways to show it."""
    text = _sign(good._replace(phone_key=issuer.phone_key()))

    def shown(made_at: int, signer: Callable[[bytes], bytes] = issuer.sign_as_phone) -> str:
        return core.present(text, at=made_at, signer=signer)

    return [
        Specimen("bound", shown(at), Outcome.PASS, Reason.OK),
        Specimen("bound-copy", shown(at - _HOUR // 2), Outcome.REFUSE, Reason.EXPIRED),
        Specimen("bound-ahead", shown(at + _HOUR), Outcome.REFUSE, Reason.NOT_YET_VALID),
        Specimen("bound-another-phone", shown(at, issuer.sign), *_BAD_SIGNATURE),
        Specimen("bound-without-proof", text, *_BAD_SIGNATURE),
    ]


def _code(at: int) -> core.HealthCode:
    return core.HealthCode(
        issuer=issuer.NAME,
        issued_at=at,
        expires_at=at + LIFE_SECONDS,
        colour=Colour.GREEN,
        kind=Kind.LIVE,
        policy=1,
        holder=issuer.HOLDER,
        status=core.StatusRef(idx=7, uri=issuer.LIST_URI),
        phone_key=None,
    )


def _card(code: core.HealthCode) -> core.HealthCode:
    return code._replace(kind=Kind.PAPER, expires_at=code.issued_at + _CARD_SECONDS)


def _moved(code: core.HealthCode, seconds: int) -> core.HealthCode:
    return code._replace(issued_at=code.issued_at + seconds, expires_at=code.expires_at + seconds)


def _at_place(code: core.HealthCode, idx: int, *, uri: str = issuer.LIST_URI) -> core.HealthCode:
    return code._replace(status=core.StatusRef(idx=idx, uri=uri))


def _sign(
    code: core.HealthCode,
    *,
    kid: bytes = issuer.KEY.kid,
    signer: Callable[[bytes], bytes] = issuer.sign,
) -> str:
    return core.sign(code, kid=kid, algorithm=core.Algorithm.ES256, signer=signer)


def _forge(message: bytes) -> bytes:
    """Sign another message, so that the signature is wrong for this one."""
    return issuer.sign(message + b"!")
