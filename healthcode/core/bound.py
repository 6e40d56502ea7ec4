"""Codes bound to a phone: a copy dies with its minute, though neither side has a network.

The issuer binds a code to a key that the phone keeps (claim `cnf`, RFC 8747). What the phone shows
is a proof: the code and the time, signed anew with that key in every picture. `JK2:` and the
Base45 of a COSE_Sign1 over `[time, code]`. Specified in docs/format.md.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from healthcode.core import cbor, codes, cose
from healthcode.core.codes import Proof, SignedCode
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, CoreError, MalformedCode

PREFIX: Final = "JK2:"
PROOF_SECONDS: Final = 60
"""How long a picture of a bound code counts."""
_HEADERS: Final[dict[int, cbor.Encodable]] = {cose.ALG: Algorithm.ES256}
_PROTECTED: Final = cbor.encode(_HEADERS)
_TIME_AND_CODE: Final = b"\x82"
"""The head of an array of two."""


def present(text: str, *, at: int, signer: Callable[[bytes], bytes]) -> str:
    """The text that a phone shows at `at` for its bound code `text`.

    `signer` signs with the phone's key, as for `sign`. Raises MalformedCode for a code that is
    bound to no phone, CodeTooLarge beyond QR version 16 at level M.
    """
    if codes.read(text).code.phone_key is None:
        raise MalformedCode("code is bound to no phone")
    statement = cbor.encode([at, codes.from_text(codes.PREFIX, text)])
    shown = codes.to_text(PREFIX, cose.sign1(_HEADERS, statement, signer))
    if len(shown) > codes.MAX_BOUND_CHARACTERS:
        raise CodeTooLarge(f"{len(shown)} characters, at most {codes.MAX_BOUND_CHARACTERS}")
    return shown


def read(text: str) -> SignedCode:
    """A bound code with its proof, neither verified. Raises MalformedCode."""
    try:
        protected, payload, signature = cose.exact_parts(codes.from_text(PREFIX, text))
        made_at, inner = _read_statement(payload)
    except MalformedCode:
        raise
    except CoreError as error:
        raise MalformedCode("not a code of this format") from error
    if protected != _PROTECTED or made_at > codes.UINT32_MAX:
        raise MalformedCode("not a proof of a phone")
    if len(signature) != cose.SIGNATURE_BYTES[Algorithm.ES256]:
        raise MalformedCode("signature is not that of its algorithm")
    signed = codes.read_message(inner)
    if signed.code.phone_key is None:
        raise MalformedCode("code is bound to no phone")
    return replace(signed, proof=Proof(made_at, signature, cose.sig_structure(protected, payload)))


def _read_statement(payload: bytes) -> tuple[int, bytes]:
    reader = cbor.Exact(payload)
    made_at, inner = reader.uint(after=_TIME_AND_CODE), reader.octets(after=b"")
    reader.end()
    return made_at, inner
