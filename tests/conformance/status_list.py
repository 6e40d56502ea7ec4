"""Vectors of the IETF draft Token Status List: its tokens, and its encodings in our tokens."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode.core import CoreError, Key, ParsedStatusList, cbor, cose, parse_status_list
from healthcode.core.status import CONTENT_TYPE
from tests.conformance import Finding, compare, not_applicable
from tests.core.forge import ISSUER, ZHEJIANG

AT = 1_700_000_000
URI = "https://example.com/statuslists/1"
# The example key of the draft, "kid": "12".
X = "I3HWm_0Ds1dPMI-IWmf4mBmH-YaeAVbPVu7vB27CxXo"
Y = "6N_d5Elj9bs1htgV3okJKIdbHEpkgTmAluYKJemzn1M"


def run(folder: Path) -> Iterator[Finding]:
    path = folder / "token-status-list-vectors.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    for vector in document["vectors"]:
        if vector["bits"] == 1:
            yield compare(vector["name"], _superseded(vector), _found(vector))
        else:
            yield not_applicable(vector["name"], "codes are superseded or not: one bit each")
            yield compare(f"{vector['name']} refused", False, _reads(vector))
    yield from _tokens(document["tokens"])


def _superseded(vector: Mapping[str, Any]) -> set[int]:
    return {int(idx) for idx, value in vector["statuses"].items() if value}


def _found(vector: Mapping[str, Any]) -> set[int]:
    read = _token(vector)
    return {place for place in range(vector["size"]) if read.superseded(place)}


def _reads(vector: Mapping[str, Any]) -> bool:
    try:
        _token(vector)
    except CoreError:
        return False
    return True


def _token(vector: Mapping[str, Any]) -> ParsedStatusList:
    """Return a vector's list, byte for byte, read back from a token that we sign."""
    claims = (b"\x01" + cbor.encode(ISSUER), b"\x02" + cbor.encode(URI), b"\x06" + cbor.encode(AT))
    encoded = b"\xa4" + b"".join(claims) + cbor.encode(65533) + bytes.fromhex(vector["cbor_hex"])
    key = ZHEJIANG.key()
    headers: dict[int, cbor.Encodable] = {1: key.algorithm, 4: key.kid, 16: CONTENT_TYPE}
    token = cose.sign1(headers, encoded, ZHEJIANG)
    return parse_status_list(token, [key], AT, uri=URI)


def _tokens(tokens: Mapping[str, str]) -> Iterator[Finding]:
    key = Key(b"12", _example_key(), cose.Algorithm.ES256, 0)
    read = parse_status_list(bytes.fromhex(tokens["status_list_cwt_hex"]), [key], AT, uri=URI)
    yield compare("status_list_cwt", bytes.fromhex("b9a3"), read.bits)
    yield compare("status_list_cwt times", (1686920170, 2291720170, 43200), _times(read))
    referenced = cose.parse(bytes.fromhex(tokens["referenced_token_cwt_hex"]))
    holds = cose.signature_holds(
        referenced.algorithm, key.public_key, referenced.signed_bytes, referenced.signature
    )
    yield compare("referenced_token_cwt", True, holds)
    yield not_applicable("status_list_jwt", "lists travel in their CWT form only")


def _times(read: Any) -> tuple[int, int, int]:
    return read.as_of, read.expires_at, read.ttl_seconds


def _example_key() -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(base64.urlsafe_b64decode(text + "="), "big") for text in (X, Y))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
