"""Keys, trust lists and status lists, read as docs/trust.md says, sharing no code with the core."""

import base64
import hashlib
import json
import zlib
from typing import Any

from cryptography.hazmat.primitives import serialization

from tests.core.independent_verifier import (
    COLOURS,
    ISSUER,
    OUTCOMES,
    P256,
    URI,
    Wrong,
    holds,
    named,
    need,
    opened,
    whole,
)

ALGS = {"ES256": -7, "EdDSA": -8}
SPKI = {"ES256": P256, "EdDSA": bytes.fromhex("302a300506032b6570032100")}
LIST, MEMBER = "sequence iat exp issuers", "issuer title contact keys status_lists honours"


def b64(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data


def key_of(jwk: Any) -> Any:
    name = {"EC": "ES256", "OKP": "EdDSA"}[jwk["kty"]]
    spki = SPKI[name] + b64(jwk["x"]) + b64(jwk.get("y", ""))
    kid, public = hashlib.sha256(spki).digest()[:8], serialization.load_der_public_key(spki)
    need("d" not in jwk and b64(jwk["kid"]) == kid and jwk.get("alg", name) == name)
    return kid, ALGS[name], public, jwk.get("nbf", 0), jwk.get("exp", 1 << 60)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def read_trust(token: str, alliance: Any, now: int, held: Any = None) -> Any:
    head, body, tail = token.split(".")
    header, trust = (json.loads(b64(part), object_pairs_hook=unique) for part in (head, body))
    need(header.keys() == {"alg", "kid", "typ"} and header["typ"] == "health-code-trust+jws")
    whole(trust["sequence"], trust["iat"], trust["exp"])
    need(trust.keys() == set(LIST.split()) and trust["iat"] < trust["exp"])
    for each in trust["issuers"]:
        need(each.keys() == set(MEMBER.split()) and ISSUER.fullmatch(each["issuer"]))
        need({*each["honours"]} <= {*COLOURS} and {*each["honours"].values()} <= {*OUTCOMES})
        need(all(map(URI.fullmatch, each["status_lists"])))
    issuers = {each["issuer"]: ([*map(key_of, each["keys"])], each) for each in trust["issuers"]}
    keys, order = (
        named(alliance, b64(header["kid"]), trust["iat"], now),
        (trust["sequence"], trust["iat"]),
    )
    genuine = holds(keys, ALGS.get(header["alg"]), f"{head}.{body}".encode(), b64(tail))
    need(len(issuers) == len(trust["issuers"]))
    need(genuine and trust["iat"] <= now + 60, "not_trusted")
    need(held is None or order >= held["order"], "went_backwards")
    return {"issuers": issuers, "as_of": trust["iat"], "expires": trust["exp"], "order": order}


def read_status(token: bytes, trust: Any, now: int, uri: str | None = None) -> Any:
    need(len(token) <= 4 << 20)
    header, claims, proof = opened(token.removeprefix(b"\xd2"))
    need(header[16] == "application/statuslist+cwt" and 2 not in header)
    need(isinstance(claims[1], str) and isinstance(claims[2], str) and claims[65533]["bits"] == 1)
    whole(claims[6])
    stream = zlib.decompressobj()
    try:
        bits = stream.decompress(claims[65533]["lst"], (8 << 20) + 1)
    except zlib.error as why:
        raise Wrong("malformed") from why
    need(stream.eof and not stream.unused_data)
    need(claims[1] in trust["issuers"] and uri in (None, claims[2]), "not_trusted")
    keys = named(trust["issuers"][claims[1]][0], header[4], claims[6], now)
    need(holds(keys, header[1], *proof), "not_trusted")
    found = {"as_of": claims[6], "expires": claims.get(4, 1 << 60), "bits": bits}
    return (claims[1], claims[2]), found
