"""A verifier written from docs/format.md and docs/trust.md alone, sharing no code with the core."""

import hashlib
import json
import re
import zlib
from pathlib import Path
from typing import Any

import base45
from cddl_verifier import Validator, cbor
from joserfc import errors, jwk, jws, util

DOCS = Path(__file__).parents[2] / "docs"
PAGES = "".join((DOCS / name).read_text("utf-8") for name in ("format.md", "trust.md"))
CDDL = Validator("".join(re.findall(r"```cddl\n(.*?)```", PAGES, re.DOTALL)))
COLOURS, KINDS, LIFETIMES = ("green", "yellow", "red"), ("live", "paper"), (86400, 1209600)
P, HALF = 2**255 - 19, 0x7FFFFFFF800000007FFFFFFFFFFFFFFFDE737D56D38BCF4279DCE5617E3192A8
RULES = {"admits": {"green": "pass", "yellow": "caution", "red": "refuse"}, "kinds": KINDS}
RULES |= {"trust_grace_seconds": 86400, "status_grace_seconds": 7200, "leeway_seconds": 60}
ALGORITHMS = {-7: "ES256", -8: "EdDSA", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}
unique = lambda pairs: need(len(dict(pairs)) == len(pairs)) or dict(pairs)  # noqa: E731
UNREADABLE, END = (ValueError, RecursionError, zlib.error, errors.JoseError), 2**32


class Refused(ValueError):
    """Raised with the reason of a refusal. Everything in UNREADABLE is malformed."""


def need(condition: object, reason: str = "malformed") -> None:
    if not condition:
        raise Refused(reason)


def opened(data: bytes, rule: str, ours: bool = True) -> Any:
    """Return header and content of a COSE_Sign1, the signed bytes, and the signature."""
    need(CDDL.validate(data, rule, require_deterministic=ours))
    header, hints, content, signature = getattr(whole := cbor.decode(data), "value", whole)
    said, read = (cbor.decode(part, require_deterministic=ours) for part in (header, content))
    need(not ours or said[1] != -7 or int.from_bytes(signature[32:], "big") <= HALF)
    return {**hints, **said}, read, cbor.encode(["Signature1", header, b"", content]), signature


def in_force(keys: Any, kid: bytes | str, made: int, now: int) -> Any:
    return [key for key in keys if kid in key["ids"] and key["nbf"] <= made and now < key["exp"]]


def holds(keys: Any, algorithm: str, signed: bytes, signature: bytes) -> bool:
    keys = [key["key"] for key in keys if key["alg"] == algorithm]
    return any(jws.JWSRegistry.algorithms[algorithm].verify(signed, signature, key) for key in keys)


def read_code(text: str) -> Any:
    """Return a code, its header, the signed bytes, since when it counts, if its phone agrees."""
    need(text[:4] != "HC1:", "not_admitted_here")
    need(text[:4] in ("JK1:", "JK2:") and len(text) <= 656)
    message, shown, proof = base45.b45decode(text[4:].encode()), None, None
    if text.startswith("JK2:"):
        _, (shown, message), *proof = opened(message, "proof")
    header, claims, *word = opened(message, "code")
    said, bound, agrees = claims[-65537], 8 in claims, True
    need(0 < claims[4] - claims[6] <= LIFETIMES[said[2]] and (bound or len(text) <= 311))
    if bound:
        x, y = (util.urlsafe_b64encode(claims[8][1][part]).decode() for part in (-2, -3))
        phone = jwk.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
        agrees = proof is not None and holds([{"alg": "ES256", "key": phone}], "ES256", *proof)
    code = {"issuer": claims[1], "issued_at": claims[6], "expires_at": claims[4], "bound": bound}
    code |= {"colour": COLOURS[said[1]], "kind": KINDS[said[2]], "policy": said[3]}
    code |= {"holder": said.get(4), "status": claims[65535]["status_list"]}
    return code, header, word, claims[6] if shown is None else shown, agrees


def verify(text: str, trust: Any, lists: Any, rules: Any, now: int) -> Any:
    """Return outcome, reason, code, and the ages of the code, the trust and the list."""
    rules, age = RULES | rules, max(0, now - trust["as_of"])
    try:
        code, header, word, since, agrees = read_code(text)
        need(issuer := trust["issuers"].get(code["issuer"]), "unknown_issuer")
        made = code["issued_at"] + rules["leeway_seconds"]
        need(keys := in_force(issuer["keys"], header[4], made, now), "unknown_key")
        need(holds(keys, ALGORITHMS[header[1]], *word) and agrees, "bad_signature")
    except UNREADABLE as why:
        return "refuse", str(why) if type(why) is Refused else "malformed", None, None, age, None
    known = lists.get((code["issuer"], code["status"]["uri"]))
    ages = max(0, now - since), age, known and max(0, now - known["as_of"])
    return *judge(code, since, issuer["honours"], trust, known, rules, now), code, *ages


def judge(code: Any, since: int, honours: Any, trust: Any, known: Any, rules: Any, now: int) -> Any:
    """Return outcome and reason by lines 6 to 13; the first line that applies decides."""
    leeway, colour, idx = rules["leeway_seconds"], code["colour"], code["status"]["idx"]
    ends = min(code["expires_at"], since + 60) if code["bound"] else code["expires_at"]
    byte = known and known["bits"][idx // 8 : idx // 8 + 1]
    here = rules["admits"].get(colour, "refuse") if code["kind"] in rules["kinds"] else "refuse"
    theirs = honours.get(colour, "pass")
    by_door = here == "refuse" != theirs and colour != "red"
    reason = "not_admitted_here" if by_door or colour == "green" else colour
    held = (trust, rules["trust_grace_seconds"]), (known, rules["status_grace_seconds"])
    new = (it and now - old <= it["as_of"] <= now + leeway and now < it["exp"] for it, old in held)
    lines = (
        (max(code["issued_at"], since) - leeway > now, "refuse", "not_yet_valid"),
        (now >= ends + leeway, "refuse", "expired"),
        (byte == b"", "refuse", "malformed"),
        (byte and byte[0] >> idx % 8 & 1, "refuse", "superseded"),
        ("refuse" in (here, theirs), "refuse", reason),
        ("caution" in (here, theirs), "caution", reason),
        (not all(new), "caution", "stale_data"),
    )
    return next(((outcome, why) for applies, outcome, why in lines if applies), ("pass", "ok"))


def read_keys(keys: Any) -> Any:
    for key in keys:
        if alg := ALGORITHMS.get((key["kty"], key.get("crv"))):
            point = jwk.import_key(key)
            kid = hashlib.sha256(point.as_der()).digest()[:8]
            if alg == "EdDSA":
                y = int.from_bytes(util.urlsafe_b64decode(key["x"].encode()), "little") % 2**255
                u, v = y * y - 1, 1 - 121665 * pow(121666, -1, P) * y * y
                need(y < P and y * u * (y * y * v + u) % P and pow(u * v, P // 2, P) == 1)
            need(CDDL.validate(key, "key") and util.urlsafe_b64decode(key["kid"].encode()) == kid)
            yield {"nbf": 0, "exp": END, **key, "ids": (kid, key["kid"]), "alg": alg, "key": point}


def read_trust(token: str, alliance: Any, now: int, held: Any = None) -> Any:
    need(len(token) <= 1 << 20 and CDDL.validate(token, "trust-token"))
    head, body, signature = (util.urlsafe_b64decode(part.encode()) for part in token.split("."))
    header, said = (json.loads(part, object_pairs_hook=unique) for part in (head, body))
    need(CDDL.validate(header, "trust-header") and CDDL.validate(said, "trust-list"))
    read = {each["issuer"]: each | {"keys": [*read_keys(each["keys"])]} for each in said["issuers"]}
    need(len(read) == len(said["issuers"]) and said["iat"] < said["exp"])
    keys = in_force(alliance, header["kid"], said["iat"], now)
    genuine = holds(keys, header["alg"], token.rpartition(".")[0].encode(), signature)
    need(genuine and said["iat"] <= now + 60, "not_trusted")
    order = said["sequence"], said["iat"]
    need(held is None or order >= held["order"], "went_backwards")
    return {"issuers": read, "as_of": said["iat"], "exp": said["exp"], "order": order}


def read_status(token: bytes, trust: Any, now: int, uri: str | None = None) -> Any:
    need(len(token) <= 4 << 20)
    header, claims, *word = opened(token, "status-list", ours=False)
    stream = zlib.decompressobj()
    bits = stream.decompress(claims[65533]["lst"], (8 << 20) + 1)
    need(4 in header and stream.eof and not stream.unused_data and len(bits) <= 8 << 20)
    keys = trust["issuers"].get(claims[1], {"keys": ()})["keys"]
    genuine = holds(in_force(keys, header[4], claims[6], now), ALGORITHMS[header[1]], *word)
    need(genuine and uri in (None, claims[2]), "not_trusted")
    return (claims[1], claims[2]), {"as_of": claims[6], "exp": claims.get(4, END), "bits": bits}
