"""A verifier written from docs/format.md and docs/trust.md alone, sharing no code with the core."""

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

COLOURS, KINDS, LIVES = ("green", "yellow", "red"), ("live", "paper"), (86400, 1209600)
OUTCOMES, ALGS = ("pass", "caution", "refuse"), {"ES256": -7, "EdDSA": -8}
RULES = {"admits": dict(zip(COLOURS, OUTCOMES, strict=True)), "kinds": KINDS, "leeway_seconds": 60}
RULES |= {"trust_grace_seconds": 86400, "status_grace_seconds": 7200}
# Shapes: a map of exactly these keys, of which (key,) may be absent; [each]; a test; a size.
UINT, NUMBER, OUTCOME = range(1 << 32), range(1 << 53), re.compile("|".join(OUTCOMES))
ISSUER, URI = re.compile(r"[A-Z0-9]{2}(-[A-Z0-9]{1,8})?"), re.compile(r"https?://[!-~]{1,56}")
COSE_KEY = {1: range(2, 3), -1: range(1, 2), -2: 32, -3: 32}
STATEMENT = {1: range(3), 2: range(2), 3: UINT, (4,): re.compile(r"(?s).{1,32}")}
STATUS = {"status_list": {"idx": UINT, "uri": URI}}
CLAIMS = {1: ISSUER, 4: UINT, 6: UINT, (8,): {1: COSE_KEY}, 65535: STATUS, -65537: STATEMENT}
MEMBER = {"issuer": ISSUER, "title": str, "contact": str, "keys": list, "status_lists": [URI]}
MEMBER |= {"honours": {(colour,): OUTCOME for colour in COLOURS}}
TRUST = {"sequence": NUMBER, "iat": NUMBER, "exp": NUMBER, "issuers": [MEMBER]}
JWS = {"alg": str, "kid": str, "typ": re.compile(r"health-code-trust\+jws")}


class Wrong(Exception):
    """The reason of a refusal, or what becomes of a list."""


def need(condition: object, why: str = "malformed") -> None:
    if not condition:
        raise Wrong(why)


def fits(value: Any, shape: Any) -> bool:
    if isinstance(shape, dict):
        known = {key[0] if isinstance(key, tuple) else key: part for key, part in shape.items()}
        needed = {key for key in shape if not isinstance(key, tuple)}
        inside = isinstance(value, Mapping) and needed <= value.keys() <= known.keys()
        return inside and all(fits(part, known[key]) for key, part in value.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(fits(part, shape[0]) for part in value)
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if isinstance(shape, range):
        return type(value) is int and value in shape
    return len(value) == shape if isinstance(value, bytes) else isinstance(value, shape)


def guarded(read: Any, *given: Any) -> Any:
    try:
        return read(*given)
    except (cbor2.CBORError, zlib.error, ValueError, LookupError, TypeError, RecursionError) as why:
        raise Wrong("malformed") from why


def b64(text: str) -> bytes:
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    need(base64.urlsafe_b64encode(data).decode().rstrip("=") == text)
    return data


def key_of(jwk: Any) -> Any:
    x, y = b64(jwk["x"]), b64(jwk.get("y", ""))
    name = {"EC": "ES256", "OKP": "EdDSA"}[jwk["kty"]]
    public: Any = ed25519.Ed25519PublicKey.from_public_bytes(x) if not y else point(x, y)
    spki = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    kid = hashlib.sha256(spki).digest()[:8]
    need("d" not in jwk and b64(jwk["kid"]) == kid and jwk.get("alg", name) == name)
    return kid, ALGS[name], public, jwk.get("nbf", 0), jwk.get("exp", 1 << 60)


def point(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + x + y)


def holds(public: Any, alg: int, signed: bytes, signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    ecdsa = (encode_dss_signature(r, s), signed, ec.ECDSA(SHA256()))
    try:
        public.verify(*(ecdsa if alg == -7 else (signature, signed)))
    except InvalidSignature:
        return False
    return len(signature) == 64


def named(keys: Any, kid: Any, made: int, now: int) -> Any:
    return [key for key in keys if key[0] == kid and key[3] <= made and now < key[4]]


def signed_by(keys: Any, alg: Any, signed: bytes, signature: bytes) -> bool:
    return any(key[1] == alg and holds(key[2], alg, signed, signature) for key in keys)


def to_sign(protected: bytes, payload: bytes) -> bytes:
    return cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len(dict(pairs)) == len(pairs))
    return dict(pairs)


def read_trust(token: str, alliance: Any, now: int, held: Any = None) -> Any:
    head, body, tail = token.split(".")
    header, trust = (json.loads(b64(part), object_pairs_hook=unique) for part in (head, body))
    need(fits(header, JWS) and fits(trust, TRUST) and trust["iat"] < trust["exp"])
    order = trust["sequence"], trust["iat"]
    issuers = {each["issuer"]: ([*map(key_of, each["keys"])], each) for each in trust["issuers"]}
    need(len(issuers) == len(trust["issuers"]))
    keys = named(alliance, b64(header["kid"]), trust["iat"], now)
    genuine = signed_by(keys, ALGS.get(header["alg"]), f"{head}.{body}".encode(), b64(tail))
    need(genuine and trust["iat"] <= now + 60, "not_trusted")
    need(held is None or order >= held["order"], "went_backwards")
    return {"issuers": issuers, "as_of": trust["iat"], "expires": trust["exp"], "order": order}


def read_status(token: bytes, trust: Any, now: int, uri: str | None = None) -> Any:
    message = cbor2.loads(token)
    protected, _, payload, signature = getattr(message, "value", message)
    header, claims = cbor2.loads(protected), cbor2.loads(payload)
    need(len(cbor2.dumps(message)) == len(token) <= 4 << 20)
    need(len(cbor2.dumps(claims)) == len(payload))  # shorter when a claim came twice
    need(header[16] == "application/statuslist+cwt" and 2 not in header)
    need(isinstance(claims[1], str) and isinstance(claims[2], str) and fits(claims[6], NUMBER))
    stream = zlib.decompressobj()
    bits = stream.decompress(claims[65533]["lst"], (8 << 20) + 1)
    need(claims[65533]["bits"] == 1 and stream.eof and not stream.unused_data)
    need(claims[1] in trust["issuers"] and uri in (None, claims[2]), "not_trusted")
    keys = named(trust["issuers"][claims[1]][0], header[4], claims[6], now)
    need(signed_by(keys, header[1], to_sign(protected, payload), signature), "not_trusted")
    found = {"as_of": claims[6], "expires": claims.get(4, 1 << 60), "bits": bits}
    return (claims[1], claims[2]), found


def canonical(data: bytes) -> Any:
    value = cbor2.loads(data)
    need(cbor2.dumps(value, canonical=True) == data)
    return value


def read_code(text: str) -> Any:
    need(text[:4] in ("JK1:", "JK2:") and len(text) <= 656)
    data, shown, proof = base45.b45decode(text[4:].encode("ascii")), None, None
    if text.startswith("JK2:"):
        protected, hints, payload, proof_signature = canonical(data)
        need(canonical(protected) == {1: -7} and hints == {} and len(proof_signature) == 64)
        shown, data = canonical(payload)
        proof = -7, to_sign(protected, payload), proof_signature
    protected, hints, payload, signature = canonical(data)
    header, claims = canonical(protected), canonical(payload)
    need(fits(header, {1: range(-8, -6), 4: 8}) and hints == {} and len(signature) == 64)
    need(fits(claims, CLAIMS) and (shown is None or fits(shown, UINT)))
    said, place, holder = claims[-65537], claims[65535]["status_list"], claims[-65537].get(4, "*")
    need(0 < claims[4] - claims[6] <= LIVES[said[2]])
    need(holder.isprintable() and len(holder.encode()) <= 32)
    phone = point(claims[8][1][-2], claims[8][1][-3]) if 8 in claims else None
    need((phone or (not proof and len(text) <= 311)) and not (phone and said[2]))
    mine = not phone or (proof and holds(phone, *proof))
    code = {"issuer": claims[1], "issued_at": claims[6], "expires_at": claims[4], "policy": said[3]}
    code |= {"colour": COLOURS[said[1]], "kind": KINDS[said[2]], "holder": said.get(4)}
    code |= {"status": place, "bound": 8 in claims}
    word = header[1], to_sign(protected, payload), signature
    return code, header[4], word, claims[6] if shown is None else shown, mine


def verify(text: str, trust: Any, lists: Any, rules: Any, now: int) -> Any:
    """outcome, reason, code, and the ages of the code, the trust and its list"""
    rules, trust_age = RULES | rules, max(0, now - trust["as_of"])
    leeway = rules["leeway_seconds"]
    try:
        code, kid, word, since, mine = guarded(read_code, text)
        need(code["issuer"] in trust["issuers"], "unknown_issuer")
        keys, member = trust["issuers"][code["issuer"]]
        keys = named(keys, kid, code["issued_at"] + leeway, now)
        need(keys, "unknown_key")
        need(signed_by(keys, *word) and mine, "bad_signature")
    except Wrong as why:
        return "refuse", str(why), None, None, trust_age, None
    held = lists.get((code["issuer"], code["status"]["uri"]))
    ages = max(0, now - since), trust_age, held and max(0, now - held["as_of"])
    return *judge(code, since, held, trust, member["honours"], rules, now), code, *ages


def judge(code: Any, since: int, held: Any, trust: Any, honours: Any, rules: Any, now: int) -> Any:
    leeway, colour, place = rules["leeway_seconds"], code["colour"], code["status"]["idx"]
    ends = min(code["expires_at"], since + 60) if code["bound"] else code["expires_at"]
    if max(code["issued_at"], since) - leeway > now:
        return "refuse", "not_yet_valid"
    if now >= ends + leeway:
        return "refuse", "expired"
    if held and place >= 8 * len(held["bits"]):
        return "refuse", "malformed"
    if held and held["bits"][place // 8] >> place % 8 & 1:
        return "refuse", "superseded"
    here = rules["admits"].get(colour, "refuse") if code["kind"] in rules["kinds"] else "refuse"
    theirs = honours.get(colour, "pass")
    outcome = max(here, theirs, key=OUTCOMES.index)
    if outcome != "pass":
        by_door = outcome == "refuse" != theirs and colour != "red"
        return outcome, "not_admitted_here" if by_door or colour == "green" else colour
    known = ((trust, rules["trust_grace_seconds"]), (held, rules["status_grace_seconds"]))
    fresh = all(
        it and now - grace <= it["as_of"] <= now + leeway and now < it["expires"]
        for it, grace in known
    )
    return ("pass", "ok") if fresh else ("caution", "stale_data")
