"""What the vectors' doors know: trust lists, status lists and rules; good, old and forged ones."""

import base64
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from healthcode.core import (
    Colour,
    Issuer,
    Key,
    Outcome,
    Trust,
    build_status_list,
    jwk_set,
    sign_trust_list,
    status_bits,
)
from tests.core import forge
from tests.core.forge import ALLIANCE, NOON, SHANGHAI, URI, ZHEJIANG, NamedKey

DAY = 86_400
HOUR = 3_600
SHANGHAI_URI = "https://sh.example/s/1"
CAUTIOUS = {Colour.GREEN: Outcome.CAUTION, Colour.YELLOW: Outcome.REFUSE}


def trust(keys: tuple[Key, ...] | None = None, **changes: Any) -> Trust:
    """Return a trust list of Zhejiang, with three keys, and Shanghai: an hour old, for a week."""
    ours = keys or (
        ZHEJIANG.key(NOON - DAY, NOON + 30 * DAY),
        forge.ZHEJIANG_NEXT.key(NOON + HOUR),
        forge.ZHEJIANG_ED.key(NOON - DAY),
    )
    issuers = {
        "CN-33": Issuer("CN-33", ours, {}, (URI,), "浙江省", "hc@zj.example"),
        "CN-31": Issuer(
            "CN-31", (SHANGHAI.key(),), CAUTIOUS, (SHANGHAI_URI,), "上海市", "hc@sh.example"
        ),
    }
    values: dict[str, Any] = {
        "issuers": issuers,
        "as_of": NOON - HOUR,
        "expires_at": NOON + 7 * DAY,
        "sequence": 7,
    }
    return Trust(**(values | changes))


def listed(content: Trust, signer: NamedKey = ALLIANCE) -> str:
    return sign_trust_list(content, kid=signer.key().kid, algorithm=signer.algorithm, signer=signer)


def status_token(
    signer: NamedKey = ZHEJIANG, *, claimed_key: NamedKey | None = None, **changes: Any
) -> bytes:
    """Return Zhejiang's list, a minute old: a thousand indexes, 13 and 999 superseded."""
    bits = {
        "size": changes.pop("size", forge.LIST_SIZE),
        "superseded": changes.pop("superseded", [13, 999]),
    }
    values: dict[str, Any] = {
        "issuer": "CN-33",
        "uri": URI,
        "bits": status_bits(**bits),
        "issued_at": NOON - 60,
        "expires_at": NOON + DAY,
        "ttl_seconds": 60,
        "kid": (claimed_key or signer).key().kid,
        "algorithm": signer.algorithm,
        "signer": signer,
    }
    return build_status_list(**(values | changes))


def forged_status(
    changes: Mapping[int | str, Any] | None = None,
    headers: Mapping[int | str, Any] | None = None,
    *,
    issuer_twice: bool = False,
) -> bytes:
    """Return a status list of Zhejiang with any claims and headers, without the core's encoder."""
    claims = {
        1: "CN-33",
        2: URI,
        4: NOON + DAY,
        6: NOON - 60,
        65533: {"bits": 1, "lst": zlib.compress(bytes(125), 9)},
        65534: 60,
    } | dict(changes or {})
    typed = {1: -7, 4: ZHEJIANG.key().kid, 16: "application/statuslist+cwt"} | dict(headers or {})
    header = forge.canonical({name: value for name, value in typed.items() if value is not None})
    body = forge.canonical({name: value for name, value in claims.items() if value is not None})
    if issuer_twice:
        body = bytes([body[0] + 1]) + b"\x01\x65CN-33" + body[1:]
    return status_around(header, body)


def status_around(
    header: bytes,
    body: bytes,
    hints: Mapping[Any, Any] | None = None,
    signer: Callable[[bytes], bytes] = ZHEJIANG,
) -> bytes:
    """Return a signed token with any encoded header and claims."""
    signature = signer(forge.canonical(["Signature1", header, b"", body]))
    return b"\xd2" + forge.canonical([header, dict(hints or {}), body, signature])


ALLIANCE_KEYS = jwk_set([ALLIANCE.key()])

TRUST: Mapping[str, Trust] = {
    "current": trust(),
    "old": trust(as_of=NOON - 2 * DAY),
    "expired": trust(as_of=NOON - 20 * HOUR, expires_at=NOON - HOUR),
    "key ended": trust(keys=(ZHEJIANG.key(NOON - DAY, NOON),)),
    "key withdrawn": trust(keys=(forge.ZHEJIANG_NEXT.key(),), sequence=8),
}

STATUS: Mapping[str, Callable[[], bytes]] = {
    "current": status_token,
    "old": lambda: status_token(issued_at=NOON - 3 * HOUR),
    "expired": lambda: status_token(issued_at=NOON - HOUR, expires_at=NOON - 60),
    "from the future": lambda: status_token(issued_at=NOON + HOUR),
    "shanghai": lambda: status_token(SHANGHAI, issuer="CN-31", uri=SHANGHAI_URI, superseded=[13]),
    "shanghai about zhejiang": lambda: status_token(SHANGHAI, issuer="CN-31", superseded=[]),
    "all superseded": lambda: status_token(superseded=range(forge.LIST_SIZE)),
}

RULES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "strict door": {"admits": {"green": "pass"}},
    "hospital": {"admits": {"green": "pass", "yellow": "pass", "red": "caution"}},
    "no paper": {"kinds": ["live"]},
    "no leeway": {"leeway_seconds": 0},
    "closed": {"admits": {}},
    "with a remark": {"kinds": ["live"], "optional": {"remark": "north gate"}},
}


def encoded_status(name: str) -> str:
    return base64.b64encode(STATUS[name]()).decode()
