"""Trust lists and status lists of the vectors, and what must happen to each."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import cbor2
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from healthcode.core.keys import to_base64url
from healthcode.core.trust_list import TYP, describe
from tests.core.cases import higher
from tests.core.forge import (
    ALLIANCE,
    NOON,
    SHANGHAI,
    STRANGER,
    URI,
    ZHEJIANG,
    ZHEJIANG_ED,
    canonical,
)
from tests.core.worlds import (
    HOUR,
    TRUST,
    forged_status,
    listed,
    status_around,
    status_token,
    trust,
)

UNUSED = ({"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}, {"kty": "RSA", "n": "AQ", "e": "Aw"})
BOMB = zlib.compress(bytes(16 << 20), 9)


def forged_list(
    changes: Mapping[str, Any] | None = None,
    *,
    header: Mapping[str, Any] | None = None,
    payload: bytes | None = None,
    signer: Callable[[bytes], bytes] = ALLIANCE,
) -> str:
    """Return a trust list with any header and content, made without the core's checks."""
    good = {"alg": "ES256", "kid": to_base64url(ALLIANCE.key().kid), "typ": TYP}
    content = json.dumps(describe(trust()) | dict(changes or {})).encode()
    head = json.dumps(good | dict(header or {})).encode()
    signed = f"{to_base64url(head)}.{to_base64url(payload or content)}"
    return f"{signed}.{to_base64url(signer(signed.encode()))}"


def _one_issuer(**changes: Any) -> Mapping[str, Any]:
    first, *_ = describe(trust())["issuers"]
    return {"issuers": [first | changes]}


def trust_list_vectors() -> list[Mapping[str, Any]]:
    """Yield lists that a verifier reads at NOON; it already holds list 7, an hour old."""
    return [
        {"name": name, "token": token, "at": NOON, "result": result}
        for name, token, result in _trust_lists()
    ]


def _trust_lists() -> Iterator[tuple[str, str, str]]:
    yield "the one held", listed(trust()), "accepted"
    yield "the next", listed(trust(sequence=8, as_of=NOON)), "accepted"
    yield "expired, and signed before the one held", listed(TRUST["expired"]), "went_backwards"
    later = trust(sequence=8, as_of=NOON - 60, expires_at=NOON - 1)
    yield "the next, expired: read, and stale", listed(later), "accepted"
    yield "not yet valid", listed(trust(sequence=8, as_of=NOON + HOUR)), "not_trusted"
    yield "older sequence number", listed(trust(sequence=6)), "went_backwards"
    older = trust(as_of=NOON - 2 * HOUR)
    yield "same sequence number, signed earlier", listed(older), "went_backwards"
    yield "signed by a stranger", listed(trust(), STRANGER), "not_trusted"
    in_our_name = forged_list(signer=STRANGER)
    yield "signed by a stranger in the alliance's name", in_our_name, "not_trusted"
    yield "algorithm none", forged_list(header={"alg": "none"}), "not_trusted"
    yield "algorithm of another kind", forged_list(header={"alg": "EdDSA"}), "not_trusted"
    yield "something critical", forged_list(header={"crit": ["x"], "x": 1}), "malformed"
    yield "another type", forged_list(header={"typ": "JWT"}), "malformed"
    yield "algorithm null", forged_list(header={"alg": None}), "malformed"
    yield "a key identifier that is none", forged_list(header={"kid": "?"}), "not_trusted"
    yield "a member unknown", forged_list({"more": 1}), "malformed"
    optional = {"x": [1, "a", True], "y": {"z": ["b"], "n": 0}}
    passed_over = _one_issuer(optional=optional) | {"optional": optional}
    yield "members that may be passed over", forged_list(passed_over), "accepted"
    yield "a member of an issuer unknown", forged_list(_one_issuer(more=1)), "malformed"
    yield "optional is no object", forged_list({"optional": []}), "malformed"
    yield "optional holds null", forged_list(_one_issuer(optional={"x": None})), "malformed"
    yield "optional in the header", forged_list(header={"optional": {}}), "malformed"
    yield "no sequence number", forged_list({"sequence": None}), "malformed"
    yield "sequence number as truth", forged_list({"sequence": True}), "malformed"
    yield "sequence number with a fraction", forged_list({"sequence": 8.0}), "malformed"
    yield "sequence number beyond 32 bits", forged_list({"sequence": 1 << 32}), "malformed"
    yield "ends before it begins", forged_list({"exp": NOON - 2 * HOUR}), "malformed"
    yield "an issuer twice", forged_list({"issuers": _twice()}), "malformed"
    yield "a colour unknown", forged_list(_one_issuer(honours={"blue": "pass"})), "malformed"
    yield "an outcome unknown", forged_list(_one_issuer(honours={"red": "maybe"})), "malformed"
    yield "a private key", forged_list(_one_issuer(keys=[_private_jwk()])), "malformed"
    wrong_kid = _jwk() | {"kid": to_base64url(bytes(8))}
    yield "a key with another's kid", forged_list(_one_issuer(keys=[wrong_kid])), "malformed"
    yield "a key for encryption", forged_list(_with_key(use="enc")), "malformed"
    yield "a key from null on", forged_list(_with_key(nbf=None)), "malformed"
    yield "a key until a fraction", forged_list(_with_key(exp=NOON + 0.5)), "malformed"
    yield "a key of another algorithm", forged_list(_with_key(alg="EdDSA")), "malformed"
    yield "a key of no kind", forged_list(_with_key(kty=None)), "malformed"
    yield "keys of kinds not in use", forged_list(_one_issuer(keys=[*UNUSED, _jwk()])), "accepted"
    off_curve = _jwk() | {"y": to_base64url(bytes(32))}
    yield "no point of the curve", forged_list(_one_issuer(keys=[off_curve])), "malformed"
    doubled = json.dumps(describe(trust())).encode().replace(b'"iat"', b'"iat": 1, "i\\u0061t"', 1)
    yield "a name twice", forged_list(payload=doubled), "malformed"
    yield "not JSON", forged_list(payload=b"{"), "malformed"
    yield "nested too deeply", forged_list(payload=b"[" * 5_000), "malformed"
    yield "two parts", ".".join(listed(trust()).split(".")[:2]), "malformed"
    yield "no signature", listed(trust()).rpartition(".")[0] + ".", "not_trusted"
    yield "a byte order mark before it", "\ufeff" + listed(trust()), "malformed"
    yield "an ideographic space after it", listed(trust()) + "\u3000", "malformed"
    yield "signed with the higher s", forged_list(signer=higher(ALLIANCE)), "accepted"
    large = _jwk() | {"x": to_base64url((P256 + 5).to_bytes(32, "big"))}
    yield "a coordinate beyond the field", forged_list(_one_issuer(keys=[large])), "malformed"
    for name, y in ED25519_POINTS.items():
        yield (
            f"an Ed25519 key, {name}",
            forged_list(_one_issuer(keys=[ed25519_jwk(y)])),
            "malformed",
        )
    ed25519_key = ZHEJIANG_ED.private_key.public_key()
    good_point = int.from_bytes(ed25519_key.public_bytes(Encoding.Raw, PublicFormat.Raw), "little")
    yield "an Ed25519 key", forged_list(_one_issuer(keys=[ed25519_jwk(good_point)])), "accepted"
    yield "padded", listed(trust()) + "=", "malformed"
    yield "nothing", "", "malformed"


P256 = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
P25519 = 2**255 - 19
SIGN = 1 << 255
ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
ED25519_POINTS: Mapping[str, int] = {
    "the neutral point": 1,
    "the neutral point with a sign": 1 | SIGN,
    "of order 2": P25519 - 1,
    "of order 4": 0,
    "of order 4, the other": SIGN,
    "of order 8": ORDER_8,
    "of order 8, the second": ORDER_8 | SIGN,
    "of order 8, the third": P25519 - ORDER_8,
    "of order 8, the fourth": P25519 - ORDER_8 | SIGN,
    "0 written as the prime": P25519,
    "1 written beyond the prime": P25519 + 1,
    "a point written beyond the prime": P25519 + 3,
    "off the curve": 2,
}


def ed25519_jwk(y: int) -> dict[str, Any]:
    """Return a JWK of these 32 bytes with its own key id."""
    data = y.to_bytes(32, "little")
    spki = bytes.fromhex("302a300506032b6570032100") + data
    kid = to_base64url(hashlib.sha256(spki).digest()[:8])
    return {"kty": "OKP", "crv": "Ed25519", "x": to_base64url(data), "kid": kid, "use": "sig"}


def _twice() -> list[Any]:
    first, *_ = describe(trust())["issuers"]
    return [first, first]


def _jwk() -> dict[str, Any]:
    jwk: dict[str, Any] = describe(trust())["issuers"][0]["keys"][0]
    return jwk


def _with_key(**changes: Any) -> Mapping[str, Any]:
    return _one_issuer(keys=[_jwk() | changes])


def _private_jwk() -> dict[str, Any]:
    return _jwk() | {"d": to_base64url(bytes(32))}


def rules_vectors() -> list[Mapping[str, Any]]:
    """Rules of doors, as text."""
    return [{"name": name, "text": text, "result": result} for name, text, result in _rules()]


def _rules() -> Iterator[tuple[str, str, str]]:
    yield "nothing", "{}", "accepted"
    everything = (
        '{"admits": {"green": "pass"}, "kinds": ["live", "paper"], "trust_grace_seconds": 0,'
        ' "status_grace_seconds": 1, "leeway_seconds": 4294967295}'
    )
    yield "everything", everything, "accepted"
    yield "no kinds", '{"kinds": []}', "accepted"
    yield "a kind twice", '{"kinds": ["live", "live", "live"]}', "accepted"
    yield "nothing that may be passed over", '{"optional": {}}', "accepted"
    deepest = '{"optional": {"a": {"b": ["c", 0, 4294967295, true]}, "d": ["e"], "f": ""}}'
    yield "what may be passed over", deepest, "accepted"
    refused = {
        "a member that must be understood": '{"asks_for_test": 48}',
        "a member in another case": '{"Admits": {}}',
        "optional is a list": '{"optional": []}',
        "optional is null": '{"optional": null}',
        "optional holds null": '{"optional": {"a": null}}',
        "optional holds a fraction": '{"optional": {"a": 1.5}}',
        "optional holds a number below zero": '{"optional": {"a": -1}}',
        "optional holds a number beyond 32 bits": '{"optional": {"a": 4294967296}}',
        "optional is nested too deeply": '{"optional": {"a": {"b": {"c": 1}}}}',
        "optional holds a list of lists": '{"optional": {"a": [[1]]}}',
        "a name twice in optional": '{"optional": {"a": 1, "a": 2}}',
        "optional within admits": '{"admits": {"optional": {}}}',
        "a kind of later": '{"kinds": ["live", "plastic"]}',
        "an outcome of later": '{"admits": {"green": "perhaps"}}',
        "seconds beyond 32 bits": '{"leeway_seconds": 4294967296}',
        "seconds with a fraction": '{"leeway_seconds": 60.0}',
        "seconds as truth": '{"leeway_seconds": true}',
        "a list": "[]",
        "not JSON": "{",
    }
    for name, text in refused.items():
        yield name, text, "malformed"


def status_list_vectors() -> list[Mapping[str, Any]]:
    """Yield lists that a verifier with current trust reads at NOON as the list at URI."""
    return [
        {
            "name": name,
            "token": base64.b64encode(token).decode(),
            "at": NOON,
            "uri": URI,
            "result": result,
        }
        for name, token, result in _status_lists()
    ]


def _status_lists() -> Iterator[tuple[str, bytes, str]]:
    good = status_token()
    yield "current", good, "accepted"
    yield "untagged", good[1:], "accepted"
    past = status_token(issued_at=NOON - HOUR, expires_at=NOON - 60)
    yield "expired: read, and stale", past, "accepted"
    other = status_token(uri="https://hc.example/s/2020-02-17")
    yield "about another address", other, "not_trusted"
    in_our_name = status_token(STRANGER, claimed_key=ZHEJIANG)
    yield "signed by a stranger in the issuer's name", in_our_name, "not_trusted"
    yield "signed by another issuer", status_token(SHANGHAI), "not_trusted"
    unknown = status_token(STRANGER, issuer="CN-99")
    yield "of an issuer nobody lists", unknown, "not_trusted"
    yield "another type", forged_status(headers={16: "application/cwt"}), "malformed"
    yield "no type", forged_status(headers={16: None}), "malformed"
    yield "something critical", forged_status(headers={2: [16]}), "malformed"
    more = forged_status({99: "x", "more": 1}, headers={5: b"", "more": 1})
    yield "a claim and headers that are not known", more, "accepted"
    yield "algorithm of another kind", forged_status(headers={1: -8}), "not_trusted"
    yield "RSA", forged_status(headers={1: -37}), "malformed"
    yield "no key identifier", forged_status(headers={4: None}), "malformed"
    header, hints, body, signature = cbor2.loads(good).value
    cut = canonical([header, hints, body, signature[:-1]])
    yield "signature of 63 bytes", cut, "malformed"
    yield "no subject", forged_status({2: None}), "malformed"
    yield "no time", forged_status({6: None}), "malformed"
    yield "time as float", forged_status({6: NOON - 60.0}), "malformed"
    yield "time beyond 32 bits", forged_status({4: 1 << 32}), "malformed"
    yield "no issuer", forged_status({1: None}), "malformed"
    yield "two bits a code", _with_list({"bits": 2, "lst": _zlib(250)}), "malformed"
    yield "a bit as truth", _with_list({"bits": True, "lst": _zlib(125)}), "malformed"
    yield "no list", forged_status({65533: None}), "malformed"
    yield "truncated zlib", _with_list({"bits": 1, "lst": _zlib(125)[:-6]}), "malformed"
    yield "zlib and more", _with_list({"bits": 1, "lst": _zlib(125) + b"0"}), "malformed"
    yield "not zlib", _with_list({"bits": 1, "lst": bytes(20)}), "malformed"
    yield "a zip bomb", _with_list({"bits": 1, "lst": BOMB}), "malformed"
    yield "bytes after", good + b"\0", "malformed"
    yield "claim twice", forged_status(issuer_twice=True), "malformed"
    yield "cut short", good[: len(good) // 2], "malformed"
    yield "nothing", b"", "malformed"
    yield from _foreign_status_lists()


GOOD: Mapping[Any, Any] = {
    1: "CN-33",
    2: URI,
    4: NOON + HOUR,
    6: NOON - 60,
    65533: {"bits": 1, "lst": zlib.compress(bytes(125), 9)},
}
TYPED: Mapping[Any, Any] = {1: -7, 4: ZHEJIANG.key().kid, 16: "application/statuslist+cwt"}


def _more(more: Mapping[Any, Any]) -> bytes:
    return status_around(canonical(TYPED), canonical({**GOOD, **more}))


def _encoded(body: bytes) -> bytes:
    return status_around(canonical(TYPED), body)


def _foreign_status_lists() -> Iterator[tuple[str, bytes, str]]:
    """Lists as issuers with other tools write them."""
    yield "a claim that is true", _more({99: True}), "accepted"
    yield "a claim that is null", _more({"x": None}), "accepted"
    yield "a claim with a fraction", _more({99: 1.5, 98: -0.0, 97: 1e300}), "accepted"
    yield (
        "a claim that is infinite, and one that is no number",
        _more({99: float("inf"), 98: float("nan")}),
        "accepted",
    )
    yield (
        "a claim that is undefined, and a simple value",
        _more({99: cbor2.undefined, 98: cbor2.CBORSimpleValue(99)}),
        "accepted",
    )
    yield (
        "claims with tags",
        _more({99: cbor2.CBORTag(0, "2020-02-18T00:00:00Z"), 98: 1 << 70}),
        "accepted",
    )
    yield "a claim beyond 53 bits", _more({99: 1 << 60, -(1 << 60): 1}), "accepted"
    yield "keys of other kinds", _more({b"x": 1, None: 3, 1.5: 4, (1, 2): 5}), "accepted"
    yield (
        "an issuer as truth beside the issuer",
        _encoded(b"\xa6" + canonical(GOOD)[1:] + b"\xf5\x65CN-99"),
        "accepted",
    )
    body = canonical(GOOD)[1:]
    yield (
        "indefinite lengths",
        _encoded(b"\xbf" + body + b"\x18\x63\x9f\x7f\x61a\xff\xff\xff"),
        "accepted",
    )
    yield "longer heads", _encoded(b"\xb8\x06" + body + b"\x1a\0\0\0\x63\x18\x01"), "accepted"
    backwards = b"".join(cbor2.dumps(name) + cbor2.dumps(GOOD[name]) for name in reversed(GOOD))
    yield "keys in another order", _encoded(b"\xa5" + backwards), "accepted"
    no_kid = canonical({name: TYPED[name] for name in (1, 16)})
    hinted = {4: TYPED[4], "x": [None, 1.5], 99: True}
    yield (
        "the key identifier beside the signed header",
        status_around(no_kid, canonical(GOOD), hinted),
        "accepted",
    )
    yield (
        "the algorithm beside the signed header",
        status_around(canonical({name: TYPED[name] for name in (4, 16)}), canonical(GOOD), {1: -7}),
        "malformed",
    )
    yield (
        "a header with a claim of truth",
        status_around(canonical({**TYPED, 99: True, "y": 1.5}), canonical(GOOD)),
        "accepted",
    )
    yield (
        "the higher s",
        status_around(canonical(TYPED), canonical(GOOD), signer=higher(ZHEJIANG)),
        "accepted",
    )
    yield "time as an exact float", _more({6: float(NOON - 64)}), "malformed"
    yield "time with a tag", _more({6: cbor2.CBORTag(1, NOON - 60)}), "malformed"
    yield "time as truth", _more({6: True}), "malformed"
    yield (
        "a claim twice, written differently",
        _encoded(b"\xa6" + body + b"\x18\x01\x65CN-33"),
        "malformed",
    )
    yield "a key of another kind twice", _encoded(b"\xa7" + body + b"\xf5\x01\xf5\x02"), "malformed"
    yield (
        "a simple value in two bytes that has one",
        _encoded(b"\xa6" + body + b"\x18\x63\xf8\x14"),
        "malformed",
    )
    yield "a length without end", _encoded(b"\xbf" + body), "malformed"


def _zlib(size: int) -> bytes:
    return zlib.compress(bytes(size), 9)


def _with_list(value: Mapping[str, Any]) -> bytes:
    return forged_status({65533: value})
