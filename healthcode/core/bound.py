"""Codes bound to a phone: a copy dies with its minute, though neither side has a network.

The issuer binds a code to a key that the phone keeps (claim `cnf`, RFC 8747). What the phone shows
is a proof: the code and the time, signed anew with that key in every picture. `JK2:` and the
Base45 of a COSE_Sign1 over `[time, code]`. Specified in docs/format.md.
"""

from collections.abc import Callable
from typing import Final

from healthcode.core import cbor, codes, cose, grammar
from healthcode.core.codes import Proof, SignedCode
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, MalformedCode

PREFIX: Final = "JK2:"
PROOF_SECONDS: Final = 60
"""How long a picture of a bound code counts."""
_HEADERS: Final[dict[int, cbor.Encodable]] = {cose.ALG: Algorithm.ES256}
_NO_EXTERNAL_DATA: Final = cbor.encode(b"")


def present(text: str, *, at: int, signer: Callable[[bytes], bytes]) -> str:
    """The text that a phone shows at `at` for its bound code `text`.

    `signer` signs with the phone's key, as for `sign`. Raises MalformedCode for a code that is
    bound to no phone, CodeTooLarge beyond QR version 16 at level M.
    """
    if codes.read(text).code.phone_key is None:
        raise MalformedCode("code is bound to no phone")
    statement = cbor.encode([at, codes.from_text(codes.PREFIX, text)])
    message = cose.sign1(_HEADERS, statement, cose.lowered(Algorithm.ES256, signer))
    shown = codes.to_text(PREFIX, message)
    if len(shown) > codes.MAX_BOUND_CHARACTERS:
        raise CodeTooLarge(f"{len(shown)} characters, at most {codes.MAX_BOUND_CHARACTERS}")
    return shown


def read(text: str) -> SignedCode:
    """A bound code with its proof, neither verified. Raises MalformedCode."""
    found = grammar.PROOF.fullmatch(codes.from_text(PREFIX, text))
    if found is None:
        raise MalformedCode("not a proof of a phone")
    header, size, statement, made_at, code_size, code, signature = found.groups()
    if size != grammar.OCTETS[len(statement)] or code_size != grammar.OCTETS[len(code)]:
        raise MalformedCode("bytes of another size than they say")
    if not cose.is_low(signature):
        raise MalformedCode("not the one form of its signature")
    signed = codes.read_message(code)
    if signed.code.phone_key is None:
        raise MalformedCode("code is bound to no phone")
    signed_bytes = cose.SIGNATURE1 + header + _NO_EXTERNAL_DATA + size + statement
    proof = Proof(grammar.number(made_at), signature, signed_bytes)
    return signed._replace(proof=proof)
