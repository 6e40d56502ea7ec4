"""Codes bound to a phone: a copy dies with its minute, though neither side has a network.

The issuer binds a code to a key that the phone keeps (claim `cnf`, RFC 8747). What the phone shows
is a proof: the code and the time, signed anew with that key in every picture. `JK2:` and the
Base45 of a COSE_Sign1 over `[time, code]`. Specified in docs/format.md.
"""

from collections.abc import Callable
from typing import Final

from healthcode.core import cbor, codes, cose
from healthcode.core.codes import Proof, SignedCode
from healthcode.core.cose import Algorithm
from healthcode.core.errors import CodeTooLarge, CoreError, MalformedCode

PREFIX: Final = "JK2:"
PROOF_SECONDS: Final = 60
"""How long a picture of a bound code counts."""
_HEADERS: Final[dict[int, cbor.Encodable]] = {cose.ALG: Algorithm.ES256}


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
    data = codes.from_text(PREFIX, text)
    try:
        message = cose.parse(data)
        statement = cbor.decode(message.payload)
    except CoreError as error:
        raise MalformedCode("not a code of this format") from error
    match statement:
        case [int() as made_at, bytes() as inner] if 0 <= made_at <= codes.UINT32_MAX:
            signed = codes.read_message(inner)
        case _:
            raise MalformedCode("not a proof")
    signature = message.signature
    if len(signature) != cose.SIGNATURE_BYTES[Algorithm.ES256]:
        raise MalformedCode("signature is not that of its algorithm")
    payload = cbor.encode([made_at, inner])
    if data != cose.sign1(_HEADERS, payload, lambda _: signature):
        raise MalformedCode("not the one encoding of its content")
    if signed.code.phone_key is None:
        raise MalformedCode("code is bound to no phone")
    proof = Proof(made_at, signature, message.signed_bytes)
    return SignedCode(
        signed.code, signed.kid, signed.algorithm, signed.signature, signed.signed_bytes, proof
    )
