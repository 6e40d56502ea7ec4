"""A verifier written from docs/format.md alone, sharing no code with the core."""

import contextlib
import re
from typing import Any

import base45
import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

COLOURS, KINDS, LIVES = ("green", "yellow", "red"), ("live", "paper"), (86400, 1209600)
OUTCOMES = ("pass", "caution", "refuse")
RULES = {"admits": dict(zip(COLOURS, OUTCOMES, strict=True)), "kinds": KINDS, "leeway_seconds": 60}
RULES |= {"trust_grace_seconds": 86400, "status_grace_seconds": 7200}
ISSUER, URI = re.compile(r"[A-Z0-9]{2}(-[A-Z0-9]{1,8})?"), re.compile(r"https?://[!-~]{1,56}")
INVISIBLE = (
    r"[\0-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f"
    r"\u3000\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)
# SubjectPublicKeyInfo of a P-256 key, up to x and y.
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")
UNREADABLE = (cbor2.CBORError, ValueError, LookupError, TypeError, AttributeError)


class Wrong(Exception):
    """The reason of a refusal, or what becomes of a list."""


def need(condition: object, why: str = "malformed") -> None:
    if not condition:
        raise Wrong(why)


def guarded(read: Any, *given: Any) -> Any:
    try:
        return read(*given)
    except (*UNREADABLE, RecursionError) as why:
        raise Wrong("malformed") from why


def canonical(data: bytes) -> Any:
    value = cbor2.loads(data)
    need(cbor2.dumps(value, canonical=True) == data)
    return value


def opened(data: bytes) -> Any:
    """The header, the content and the signed bytes with their signature of a message."""
    protected, hints, payload, signature = canonical(data)
    need(hints == {} and len(signature) == 64)
    signed = cbor2.dumps(["Signature1", protected, b"", payload], canonical=True)
    return canonical(protected), canonical(payload), (signed, signature)


def whole(*numbers: Any) -> None:
    need(all(type(number) is int and 0 <= number < 1 << 32 for number in numbers))


def named(keys: Any, kid: Any, made: int, now: int) -> Any:
    return [key for key in keys if key[0] == kid and key[3] <= made and now < key[4]]


def holds(keys: Any, alg: Any, signed: bytes, signature: bytes) -> bool:
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")
    ecdsa = utils.encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256())
    for public in [key[2] for key in keys if key[1] == alg]:
        with contextlib.suppress(InvalidSignature):
            public.verify(*(ecdsa if alg == -7 else (signature, signed)))
            return True
    return False


def read_code(text: str) -> Any:
    need(text[:4] in ("JK1:", "JK2:") and len(text) <= 656)
    data, shown, proof = base45.b45decode(text[4:].encode("ascii")), None, None
    if text.startswith("JK2:"):
        header, (shown, data), proof = opened(data)
        need(header == {1: -7})
        whole(shown)
    header, claims, word = opened(data)
    said, place = claims[-65537], claims[65535]["status_list"]
    whole(claims[4], claims[6], said[1], said[2], said[3], place["idx"])
    need(header.keys() == {1, 4} and header[1] in (-7, -8) and type(header[1]) is int)
    need(isinstance(header[4], bytes) and len(header[4]) == 8)
    need(claims.keys() | {8} == {1, 4, 6, 8, 65535, -65537} and said.keys() | {4} == {1, 2, 3, 4})
    need(claims[65535].keys() == {"status_list"} and place.keys() == {"idx", "uri"})
    need(ISSUER.fullmatch(claims[1]) and URI.fullmatch(place["uri"]))
    need(0 < claims[4] - claims[6] <= LIVES[said[2]])
    holder, mine = said.get(4, "*"), True
    need(not re.search(INVISIBLE, holder) and 0 < len(holder.encode()) <= 32)
    if 8 in claims:
        x, y = claims[8][1][-2], claims[8][1][-3]
        need(claims[8] == {1: {1: 2, -1: 1, -2: x, -3: y}} and len(x) == len(y) == 32)
        phone = serialization.load_der_public_key(P256 + x + y)
        mine = proof is not None and holds([(b"", -7, phone)], -7, *proof)
    need(not said[2] if 8 in claims else not proof and len(text) <= 311)
    code = {"issuer": claims[1], "issued_at": claims[6], "expires_at": claims[4], "policy": said[3]}
    code |= {"colour": COLOURS[said[1]], "kind": KINDS[said[2]], "holder": said.get(4)}
    code |= {"status": place, "bound": 8 in claims}
    return code, header[4], (header[1], *word), claims[6] if shown is None else shown, mine


def verify(text: str, trust: Any, lists: Any, rules: Any, now: int) -> Any:
    """outcome, reason, code, and the ages of the code, the trust and its list"""
    rules, trust_age = RULES | rules, max(0, now - trust["as_of"])
    try:
        code, kid, word, since, mine = guarded(read_code, text)
        need(code["issuer"] in trust["issuers"], "unknown_issuer")
        keys, member = trust["issuers"][code["issuer"]]
        keys = named(keys, kid, code["issued_at"] + rules["leeway_seconds"], now)
        need(keys, "unknown_key")
        need(holds(keys, *word) and mine, "bad_signature")
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
    for known, grace in ((trust, "trust"), (held, "status")):
        oldest, newest = now - rules[f"{grace}_grace_seconds"], now + leeway
        if not known or not oldest <= known["as_of"] <= newest or now >= known["expires"]:
            return "caution", "stale_data"
    return "pass", "ok"
