"""Codes bound to a phone: a copied picture expires within a minute, even without any network.

The issuer binds a code to a key that stays in the phone (claim `cnf`, RFC 8747). The phone shows
the code with a proof, a new signature by this key over the code and the time. The text of the
picture is `JK2:` and the Base45 of a COSE_Sign1 over `[time, code]`. docs/format.md specifies it.
"""

from collections.abc import Callable
from typing import Final

from healthcode.core import cbor, codes, cose, grammar
from healthcode.core.codes import Proof, SignedCode
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, MalformedCode

PREFIX: Final = "JK2:"
PROOF_SECONDS: Final = 60
"""How long a picture of a bound code is valid."""
_HEADERS: Final[dict[int, cbor.Encodable]] = {cose.ALG: Algorithm.ES256}
_NO_EXTERNAL_DATA: Final = cbor.encode(b"")


def present(text: str, *, at: int, signer: Callable[[bytes], bytes]) -> str:
    """Return the text that a phone shows at `at` for its bound code `text`.

    `signer` signs with the phone's key, as for `sign`. Raises MalformedCode for a code that is not
    bound to a phone, and CodeTooLarge beyond QR version 16 at level M.
    """
    if codes.read(text).code.phone_key is None:
        raise MalformedCode("code is not bound to a phone")
    statement = cbor.encode([at, codes.from_text(codes.PREFIX, text)])
    message = cose.sign1(_HEADERS, statement, cose.lowered(Algorithm.ES256, signer))
    shown = codes.to_text(PREFIX, message)
    if len(shown) > codes.MAX_BOUND_CHARACTERS:
        raise CodeTooLarge(f"{len(shown)} characters, at most {codes.MAX_BOUND_CHARACTERS}")
    return shown


def read(text: str) -> SignedCode:
    """Read a bound code with its proof, without verifying either. Raises MalformedCode."""
    found = grammar.PROOF.fullmatch(codes.from_text(PREFIX, text))
    if found is None:
        raise MalformedCode("not a phone's proof")
    header, size, statement, made_at, code_size, code, signature = found.groups()
    if size != grammar.OCTETS[len(statement)] or code_size != grammar.OCTETS[len(code)]:
        raise MalformedCode("bytes do not have the size that they state")
    if not cose.is_low(signature):
        raise MalformedCode("signature does not have the lower s")
    signed = codes.read_message(code)
    if signed.code.phone_key is None:
        raise MalformedCode("code is not bound to a phone")
    signed_bytes = cose.SIGNATURE1 + header + _NO_EXTERNAL_DATA + size + statement
    proof = Proof(grammar.number(made_at), signature, signed_bytes)
    return signed._replace(proof=proof)
