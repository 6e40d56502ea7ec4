"""COSE_Sign1 and CWT examples of the COSE working group."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode.core import CoreError, cose
from tests.conformance import Finding, compare, not_applicable


def run(folder: Path) -> Iterator[Finding]:
    for path in sorted(folder.glob("*/*.json")):
        vector = json.loads(path.read_text(encoding="utf-8"))
        name = f"{path.parent.name}/{path.stem}"
        if "sign0" in vector["input"]:
            yield compare(name, not vector.get("fail", False), _verifies(vector))
        else:
            yield not_applicable(name, "not a COSE_Sign1: the core neither decrypts nor MACs")


def _verifies(vector: Mapping[str, Any]) -> bool:
    signing = vector["input"]["sign0"]
    external = bytes.fromhex(signing.get("external", ""))
    try:
        message = cose.parse(bytes.fromhex(vector["output"]["cbor"]))
    except CoreError:
        return False
    return cose.signature_holds(
        message.algorithm, _key(signing["key"]), message.signed_with(external), message.signature
    )


def _key(jwk: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (_coordinate(jwk, name) for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _coordinate(jwk: Mapping[str, str], name: str) -> int:
    if f"{name}_hex" in jwk:
        return int(jwk[f"{name}_hex"], 16)
    return int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "="), "big")
