"""The cases of the vectors: a text, what a door knows, and the verdict that must follow."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import cbor2

from healthcode.core import Algorithm, Colour, HealthCode, Kind, StatusRef, present, sign
from tests.core import forge
from tests.core.forge import (
    LIST_SIZE,
    NOON,
    OTHER_PHONE,
    PHONE,
    STRANGER,
    URI,
    ZHEJIANG,
    ZHEJIANG_ED,
    ZHEJIANG_NEXT,
    bytes_of,
    canonical,
    claims,
    forged,
    health_code,
    signed,
    text_of,
)
from tests.core.worlds import DAY, HOUR, SHANGHAI_URI

KID = ZHEJIANG.key().kid
VARIANT = "\u8fbb\U000e0100\ue000*"


@dataclass(frozen=True)
class VectorCase:
    """A text at a door. `knows` names one each of the vectors' trust, status and rules."""

    name: str
    text: str
    outcome: str
    reason: str
    at: int = NOON + 10
    trust: str = "current"
    status: tuple[str, ...] = ("current", "shanghai")
    rules: str = "default"


def passes(name: str, text: str, **knows: Any) -> VectorCase:
    return VectorCase(name, text, "pass", "ok", **knows)


def caution(reason: str, name: str, text: str, **knows: Any) -> VectorCase:
    return VectorCase(name, text, "caution", reason, **knows)


def refuse(reason: str, name: str, text: str, **knows: Any) -> VectorCase:
    return VectorCase(name, text, "refuse", reason, **knows)


def all_cases() -> Iterator[VectorCase]:
    yield from genuine()
    yield from by_colour()
    yield from by_time()
    yield from by_status()
    yield from by_age_of_knowledge()
    yield from by_signature()
    yield from bound()
    yield from malformed_texts()
    yield from malformed_envelopes()
    yield from malformed_claims()
    yield from members_of_later()


def largest() -> HealthCode:
    """A code with every field as long as the format allows."""
    uri = "https://hc.zhejiang.example/s/2020-02-18-00"[:42]
    return health_code(holder="阿卜杜拉", policy=23, status=StatusRef((1 << 32) - 1, uri))


def genuine() -> Iterator[VectorCase]:
    yield passes("green", signed())
    yield passes("green, Ed25519", signed(ZHEJIANG_ED))
    yield passes("paper", signed(kind=Kind.PAPER), at=NOON + HOUR)
    yield passes("no holder", signed(holder=None))
    yield passes("a holder written with a character of Unicode 15.1", signed(holder="\U0002ebf0*"))
    yield passes("a holder written with a variant and a private character", signed(holder=VARIANT))
    kid = ZHEJIANG.key().kid
    text = sign(largest(), kid=kid, algorithm=Algorithm.ES256, signer=ZHEJIANG)
    yield caution("stale_data", "as large as a code may be, its list not at hand", text)


def by_colour() -> Iterator[VectorCase]:
    green, yellow, red = (signed(colour=colour) for colour in Colour)
    yield caution("yellow", "yellow", yellow)
    yield refuse("red", "red", red)
    yield passes("yellow where a hospital admits it", yellow, rules="hospital")
    yield caution("red", "red where a hospital looks at it", red, rules="hospital")
    yield refuse("not_admitted_here", "yellow at a strict door", yellow, rules="strict door")
    yield refuse("red", "red at a strict door", red, rules="strict door")
    yield refuse("not_admitted_here", "green at a closed door", green, rules="closed")
    paper = signed(kind=Kind.PAPER)
    yield refuse("not_admitted_here", "paper where only live codes count", paper, rules="no paper")
    remarked = {"rules": "with a remark"}
    yield passes("a rule with what may be passed over", green, **remarked)
    yield refuse("not_admitted_here", "paper where a rule has a remark", paper, **remarked)
    theirs = {"issuer": "CN-31", "status": StatusRef(7, SHANGHAI_URI)}
    yield caution(
        "not_admitted_here",
        "green of an issuer whose green is to be looked at",
        signed(forge.SHANGHAI, **theirs),
    )
    yield refuse(
        "yellow",
        "yellow of an issuer whose yellow is not honoured",
        signed(forge.SHANGHAI, colour=Colour.YELLOW, **theirs),
    )


def by_time() -> Iterator[VectorCase]:
    text = signed()
    yield passes("the second before its end, no leeway", text, at=NOON + 299, rules="no leeway")
    yield refuse("expired", "at its end, no leeway", text, at=NOON + 300, rules="no leeway")
    yield passes("the last second of the leeway", text, at=NOON + 359)
    yield refuse("expired", "past the leeway", text, at=NOON + 360)
    yield passes("within the leeway before its issue", text, at=NOON - 60)
    yield refuse("not_yet_valid", "before the leeway", text, at=NOON - 61)
    red = signed(colour=Colour.RED)
    yield refuse("expired", "red and expired", red, at=NOON + HOUR)


def by_status() -> Iterator[VectorCase]:
    superseded = signed(status=StatusRef(13, URI))
    yield refuse("superseded", "superseded", superseded)
    yield refuse("superseded", "superseded by an old list", superseded, status=("old",))
    yield refuse("superseded", "superseded by an expired list", superseded, status=("expired",))
    yield refuse("superseded", "the last index", signed(status=StatusRef(LIST_SIZE - 1, URI)))
    red = signed(colour=Colour.RED, status=StatusRef(13, URI))
    yield refuse("superseded", "superseded and red", red)
    outside = signed(status=StatusRef(LIST_SIZE, URI))
    yield refuse("malformed", "an index that its list does not have", outside)
    yield caution("stale_data", "no list at hand", signed(), status=())
    yield caution(
        "stale_data",
        "only another issuer's word about it",
        signed(),
        status=("shanghai about zhejiang",),
    )
    yield refuse("red", "red without a list", signed(colour=Colour.RED), status=())
    yield caution("yellow", "yellow without a list", signed(colour=Colour.YELLOW), status=())


def by_age_of_knowledge() -> Iterator[VectorCase]:
    text = signed()
    yield caution("stale_data", "a list past its grace", text, status=("old",))
    yield caution("stale_data", "a list past its end", text, status=("expired",))
    yield caution("stale_data", "a list from the future", text, status=("from the future",))
    yield caution("stale_data", "trust past its grace", text, trust="old")
    yield caution("stale_data", "trust past its end", text, trust="expired")
    red = signed(colour=Colour.RED)
    yield refuse("red", "red with stale knowledge", red, trust="old", status=("old",))


def higher(signer: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """Return the signer with the other of the two equivalent signatures: (r, n - s)."""

    def sign_higher(data: bytes) -> bytes:
        signature = signer(data)
        s = forge.P256_ORDER - int.from_bytes(signature[32:], "big")
        return signature[:32] + s.to_bytes(32, "big")

    return sign_higher


def by_signature() -> Iterator[VectorCase]:
    good = signed()
    yield refuse("unknown_issuer", "an issuer nobody lists", signed(issuer="CN-99"))
    yield refuse("unknown_issuer", "the issuer's name in part", signed(issuer="CN"))
    yield refuse("unknown_key", "a key nobody lists", signed(STRANGER))
    yield refuse("unknown_key", "a key of another issuer", signed(issuer="CN-31"))
    yield refuse("unknown_key", "a key before its time", signed(ZHEJIANG_NEXT))
    yield refuse("unknown_key", "a key that has ended", good, trust="key ended")
    yield refuse("unknown_key", "a key that was withdrawn", good, trust="key withdrawn")
    yield refuse("bad_signature", "signed by a stranger", forged(signer=STRANGER))
    yield refuse("bad_signature", "signature of zeros", forged(signer=lambda _: bytes(64)))
    yield refuse("malformed", "signature of ones", forged(signer=lambda _: b"\xff" * 64))
    yield refuse(
        "malformed", "the same signature with the higher s", forged(signer=higher(ZHEJIANG))
    )
    red = bytes_of(signed(colour=Colour.RED))
    green = bytes_of(good)
    yield refuse("bad_signature", "signature of another code", text_of(green[:-64] + red[-64:]))
    kid = ZHEJIANG_ED.key().kid
    yield refuse(
        "bad_signature",
        "algorithm of another kind than the key",
        forged(headers={1: -7, 4: kid}, signer=ZHEJIANG),
    )
    flipped = bytearray(green)
    flipped[-1] ^= 1
    yield refuse("bad_signature", "one bit of the signature", text_of(bytes(flipped)))
    as_mac = forged(signer=lambda data: ZHEJIANG(data.replace(b"Signature1", b"Signature0")))
    yield refuse("bad_signature", "signed in another context", as_mac)


def bound() -> Iterator[VectorCase]:
    """Codes bound to a phone, valid for a day, shown with a proof of the minute."""
    day = {"phone_key": PHONE.point, "expires_at": NOON + DAY}
    text = signed(**day)
    later = NOON + HOUR

    def shown(code: str = text, by: Callable[[bytes], bytes] = PHONE, at: int = later) -> str:
        return present(code, at=at, signer=by)

    knows = {"at": later + 5}
    yield passes("bound, shown by its phone", shown(), **knows)
    yield refuse("expired", "bound, a picture of it", shown(), at=later + 120)
    yield passes("bound, the last second of its picture", shown(), at=later + 119)
    yield refuse("not_yet_valid", "bound, shown ahead of time", shown(at=later + HOUR), **knows)
    yield refuse("bad_signature", "bound, by another phone", shown(by=OTHER_PHONE), **knows)
    yield refuse("bad_signature", "bound, without its proof", text, **knows)
    red = signed(colour=Colour.RED, **day)
    yield refuse("red", "bound and red", shown(red), **knows)
    late = NOON + DAY + HOUR
    yield refuse("expired", "bound and of yesterday", shown(at=late), at=late)
    inner = bytes_of(signed())
    proof = canonical([canonical({1: -7}), {}, canonical([later, inner]), bytes(64)])
    yield refuse("malformed", "a proof of a code bound to no phone", text_of(proof, "JK2:"))
    header, said = canonical({1: -7}), canonical([later, bytes_of(text)])
    signature = higher(PHONE)(canonical(["Signature1", header, b"", said]))
    proof = text_of(canonical([header, {}, said, signature]), "JK2:")
    yield refuse("malformed", "a proof with the higher s", proof, **knows)
    yield refuse(
        "malformed", "a proof without a code", text_of(canonical([b"", {}, b"", b""]), "JK2:")
    )
    yield refuse("malformed", "a proof and more", shown() + "00", **knows)
    point = cbor2.loads(cbor2.loads(bytes_of(text))[2])[8][1]
    off_curve = claims({4: NOON + DAY, 8: {1: point | {-3: bytes(32)}}})
    yield refuse("malformed", "bound to no point of the curve", forged(off_curve))
    paper = claims({8: {1: point}, -65537: {1: 0, 2: 1, 3: 1, 4: "张*"}})
    yield refuse("malformed", "paper bound to a phone", forged(paper))


def malformed_texts() -> Iterator[VectorCase]:
    good = signed()
    texts: Mapping[str, str] = {
        "nothing": "",
        "only a prefix": "JK1:",
        "another prefix": "JK9:" + good[4:],
        "no prefix": good[4:],
        "small letters": good.lower(),
        "a small prefix": "jk1:" + good[4:],
        "a web address": "https://example.com/",
        "a line break after it": good + "\n",
        "a space before it": " " + good,
        "one character more": good + "0",
        "cut short": good[:-3],
        "Base45 beyond two bytes": good[:-3] + ":::",
        "a letter outside Base45": good[:10] + "_" + good[11:],
        "full-width digits": good[:10] + "\uff11" + good[11:],
        "much too long": "JK1:" + "0" * 5_000,
        "a lone surrogate": "JK1:\ud800",
        "the code twice": good + good[4:],
    }
    for name, text in texts.items():
        yield refuse("malformed", f"text: {name}", text)


def malformed_envelopes() -> Iterator[VectorCase]:
    good = bytes_of(signed())
    header, _, payload, signature = cbor2.loads(good)
    envelopes: Mapping[str, bytes] = {
        "a byte after it": good + b"\0",
        "tagged": b"\xd2" + good,
        "three parts": canonical([header, {}, payload]),
        "five parts": canonical([header, {}, payload, signature, b""]),
        "no payload": canonical([header, {}, None, signature]),
        "a hint": canonical([header, {4: KID}, payload, signature]),
        "indefinite length": b"\x9f" + good[1:] + b"\xff",
        "payload length in two bytes": good.replace(
            b"\x58" + bytes([len(payload)]), b"\x59\0" + bytes([len(payload)]), 1
        ),
        "signature of 63 bytes": canonical([header, {}, payload, signature[:-1]]),
        "signature of 65 bytes": canonical([header, {}, payload, signature + b"\0"]),
        "signature in DER": canonical([header, {}, payload, b"\x30" + bytes(70)]),
        "nested a thousand deep": b"\x81" * 200,
        "a length of exabytes": b"\x84\x5b" + b"\xff" * 8,
        "an array of exabytes": b"\x9b" + b"\xff" * 8,
        "one number": b"\x00",
    }
    for name, data in envelopes.items():
        yield refuse("malformed", f"envelope: {name}", text_of(data))
    headers: Mapping[str, Any] = {
        "no algorithm": {4: KID},
        "algorithm as text": {1: "ES256", 4: KID},
        "algorithm as float": {1: -7.0, 4: KID},
        "algorithm of the future": {1: -65000, 4: KID},
        "RSA": {1: -37, 4: KID},
        "no key identifier": {1: -7},
        "key identifier of 7 bytes": {1: -7, 4: KID[:7]},
        "key identifier as text": {1: -7, 4: "12345678"},
        "something critical": {1: -7, 2: [99], 4: KID, 99: 1},
        "something unknown": {1: -7, 4: KID, 99: 1},
        "algorithm twice": b"\xa3\x01\x26\x01\x26\x04\x48" + KID,
        "another order": b"\xa2\x04\x48" + KID + b"\x01\x26",
        "empty": b"",
        "a list": b"\x80",
    }
    for name, value in headers.items():
        yield refuse("malformed", f"header: {name}", forged(headers=value))


def malformed_claims() -> Iterator[VectorCase]:
    statement = {1: 0, 2: 0, 3: 1, 4: "张*"}
    payloads: Mapping[str, Any] = {
        "no issuer": claims(without=(1,)),
        "no end": claims(without=(4,)),
        "no issue": claims(without=(6,)),
        "no status": claims(without=(65535,)),
        "no statement": claims(without=(-65537,)),
        "something unknown": claims({99: 1}),
        "ends as it begins": claims({4: NOON}),
        "ends before it begins": claims({4: NOON - 1}),
        "live for two days": claims({4: NOON + 2 * DAY}),
        "paper for fifteen days": claims({4: NOON + 15 * DAY, -65537: statement | {2: 1}}),
        "times as floats": claims({4: NOON + 300.0}),
        "time before 1970": claims({6: -1, 4: 10}),
        "time beyond 32 bits": claims({6: 1 << 32, 4: (1 << 32) + 60}),
        "colour 3": claims({-65537: statement | {1: 3}}),
        "colour as truth": claims({-65537: statement | {1: True}}),
        "kind 2": claims({-65537: statement | {2: 2}}),
        "no colour": claims({-65537: {2: 0, 3: 1}}),
        "policy below zero": claims({-65537: statement | {3: -1}}),
        "holder empty": claims({-65537: statement | {4: ""}}),
        "holder null": claims({-65537: statement | {4: None}}),
        "holder with a line break": claims({-65537: statement | {4: "张\n*"}}),
        "holder turning the writing": claims({-65537: statement | {4: "张\u202e*"}}),
        "holder with a blank of no width": claims({-65537: statement | {4: "张\u200b*"}}),
        "holder with a hidden tag": claims({-65537: statement | {4: "张\U000e0041*"}}),
        "holder with a wide blank": claims({-65537: statement | {4: "张\u3000*"}}),
        "holder of 33 bytes": claims({-65537: statement | {4: "*" * 33}}),
        "statement with a member below": claims({-65537: statement | {0: 1}}),
        "statement with a member of a negative number": claims({-65537: statement | {-1: 1}}),
        "statement with a member named by a text": claims({-65537: statement | {"16": 1}}),
        "issuer in small letters": claims({1: "cn-33"}),
        "issuer as number": claims({1: 33}),
        "status address of another kind": claims(
            {65535: {"status_list": {"idx": 7, "uri": "ftp://hc.example/1"}}}
        ),
        "status index below zero": claims({65535: {"status_list": {"idx": -1, "uri": URI}}}),
        "status with more": claims({65535: {"status_list": {"idx": 7, "uri": URI}, "x": 1}}),
        "not UTF-8": canonical(claims()).replace("张*".encode(), b"\xff\xfe*\x80"),
        "a claim twice": b"\xa6\x01\x65CN-33" + canonical(claims())[1:],
        "another order": cbor2.dumps(dict(reversed(claims().items()))),
        "longer number": canonical(claims()).replace(b"\x03\x01\x04", b"\x03\x18\x01\x04"),
        "bytes after": canonical(claims()) + b"\0",
        "a list": b"\x80",
        "nothing": b"\xf6",
    }
    for name, payload in payloads.items():
        yield refuse("malformed", f"claims: {name}", forged(payload))


def members_of_later() -> Iterator[VectorCase]:
    """Members that this format does not have yet: docs/format.md, section 9."""
    good: Mapping[int, Any] = {1: 0, 2: 0, 3: 1, 4: "张*"}
    for key in (5, 15):
        text = forged(claims({-65537: {**good, key: 1}}))
        yield refuse("malformed", f"member {key}, which must be understood", text)
    for key in (16, 23, 24, 31):
        text = forged(claims({-65537: {**good, key: 1}}))
        yield passes(f"member {key}, passed over", text)
    text = forged(claims({-65537: {**good, 32: 1}}))
    yield refuse("malformed", "member 32, which this format will not have", text)
    passed_over: Mapping[str, Mapping[int, Any]] = {
        "the largest number": {16: (1 << 32) - 1},
        "no bytes": {16: b""},
        "eight bytes": {31: bytes(8)},
        "several members": {16: 1, 17: b"1", 23: 256, 24: 65536, 31: 23},
    }
    for name, more in passed_over.items():
        yield passes(f"passed over: {name}", forged(claims({-65537: {**good, **more}})))
    without_holder = {1: 0, 2: 0, 3: 1, 20: 1}
    yield passes("passed over: without a holder", forged(claims({-65537: without_holder})))
    point = cbor2.loads(cbor2.loads(bytes_of(signed(phone_key=PHONE.point)))[2])[8]
    for size, verdict in ((64, passes), (65, partial(refuse, "malformed"))):
        bound = forged(claims({8: point, -65537: {**good, 16: bytes(size)}}))
        inner = canonical([NOON, bytes_of(bound)])
        header = canonical({1: -7})
        signature = PHONE(canonical(["Signature1", header, b"", inner]))
        text = text_of(canonical([header, {}, inner, signature]), "JK2:")
        yield verdict(f"bound, with a member of {size} bytes", text)
    red = forged(claims({-65537: {**good, 1: 2, 16: 1}}))
    yield refuse("red", "passed over, and red all the same", red)
    yield from malformed_members_of_later(good)


def malformed_members_of_later(good: Mapping[int, Any]) -> Iterator[VectorCase]:
    values: Mapping[str, Any] = {
        "beyond 32 bits": 1 << 32,
        "below zero": -1,
        "a text": "later",
        "a list": [1],
        "a map": {1: 1},
        "truth": True,
        "null": None,
        "a float": 1.5,
        "a date": cbor2.CBORTag(1, 1),
    }
    for name, value in values.items():
        payload = claims({-65537: {**good, 16: value}})
        yield refuse("malformed", f"nobody may pass over {name}", forged(payload))
    body = canonical(claims({-65537: {**good, 16: 7, 24: 7}}))
    last = b"\x10\x07\x18\x18\x07"
    others = {
        "a number of two bytes": b"\x10\x18\x07\x18\x18\x07",
        "bytes with a longer head": b"\x10\x58\x01\x07\x18\x18\x07",
        "a key of two bytes": b"\x18\x10\x07\x18\x18\x07",
        "another order": b"\x18\x18\x07\x10\x07",
        "a member twice": b"\x10\x07\x10\x07",
        "a key without a value": b"\x10\x07\x18\x18",
        "one member less than it says": b"\x10\x07",
        "one member more than it says": last + b"\x18\x19\x07",
    }
    for name, other in others.items():
        payload = body.removesuffix(last) + other
        yield refuse("malformed", f"nobody may pass over {name}", forged(payload))
