"""Explain codes, verdicts and lists as plain values, for people and for JSON."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from healthcode.core import cbor, claims, dcc_schema, status, strict_json, trust_list
from healthcode.core.claims import HealthCode
from healthcode.core.codes import SignedCode
from healthcode.core.dcc import SignedCertificate
from healthcode.core.errors import CoreError, MalformedCode, MalformedLog, NotTrusted
from healthcode.core.keys import Key, to_base64url
from healthcode.core.log.proofs import Proven
from healthcode.core.trust import Trust
from healthcode.core.verdict import Verdict


def verdict(found: Verdict) -> Mapping[str, Any]:
    """Return a verdict, with what the code says only if its signature is genuine."""
    return {
        "outcome": found.outcome,
        "reason": found.reason,
        "code": None if found.code is None else code(found.code),
        "age_seconds": found.age_seconds,
        "trust_age_seconds": found.trust_age_seconds,
        "status_age_seconds": found.status_age_seconds,
    }


def code(said: HealthCode) -> Mapping[str, Any]:
    """Return what a health code says, with times in seconds since 1970."""
    return claims.tell(said)


def signed(read: SignedCode | SignedCertificate) -> Mapping[str, Any]:
    """Return what a code says before anything in it has been verified."""
    if isinstance(read, SignedCode):
        return {
            "scheme": "health code",
            "kid": to_base64url(read.kid),
            "algorithm": read.algorithm.name,
            "shown_at": None if read.proof is None else read.proof.made_at,
            "code": code(read.code),
        }
    return {
        "scheme": "EU Digital COVID Certificate",
        "kid": to_base64url(read.kid),
        "algorithm": read.message.algorithm.name,
        "issuer": read.claims.issuer,
        "issued_at": read.claims.issued_at,
        "expires_at": read.claims.expires_at,
        **_statement(read.claims.content),
    }


def _statement(content: Mapping[int | str, cbor.Value]) -> Mapping[str, Any]:
    """Return what a certificate states, or why it cannot be used."""
    try:
        found = dcc_schema.check(content)
    except MalformedCode as why:
        return {"states_nothing": str(why)}
    return {
        "kind": found.kind,
        "name": _plain(found.name),
        "born": found.born,
        "entry": _plain(found.entry),
    }


def _plain(members: Mapping[str, cbor.Value]) -> Mapping[str, Any]:
    """Return values that JSON has, and all others (tags, bytes, infinity) as Python writes them."""
    return {
        name: value if isinstance(value, str | int | None) else repr(value)
        for name, value in members.items()
    }


def proven(found: Proven, record: bytes) -> Mapping[str, Any]:
    """Return what a genuine proof shows. `record` is null if the proof has none.

    Raises MalformedLog if the record is not JSON.
    """
    return {
        "proven": True,
        "log": found.seen.checkpoint.origin,
        "size": found.seen.checkpoint.size,
        "index": found.index,
        "leaf": asdict(found.leaf),
        "record": strict_json.load(record, MalformedLog) if record else None,
        "witnessed": found.seen.witnessed,
    }


def published(
    data: bytes, *, alliance: tuple[Key, ...] | None, trust: Trust | None, at: int
) -> dict[str, Any]:
    """Explain a trust list or a status list. `genuine` is null if no keys were given.

    Raises CoreError for anything else.
    """
    text = data.strip()
    if text.startswith(b"{") or (text.count(b".") == 2 and text.startswith(b"ey")):
        return _trust_list(text, alliance, at)
    return _status_list(data, trust, at)


def _trust_list(text: bytes, alliance: tuple[Key, ...] | None, at: int) -> dict[str, Any]:
    content = trust_list.unverified(text)
    genuine, why = None, "no keys of the alliance given"
    if alliance is not None:
        genuine, why = _attempt(lambda: trust_list.parse_trust_list(text, alliance, at))
    return {
        "what": "trust list",
        "genuine": genuine,
        "why": why,
        **_validity(content.as_of, content.expires_at, at),
        **trust_list.describe(content),
    }


def _status_list(token: bytes, trust: Trust | None, at: int) -> dict[str, Any]:
    content = status.unverified(token)
    genuine, why = None, "no trust list given"
    if trust is not None:
        genuine, why = _attempt(lambda: status.load_status_list(token, trust=trust, at=at))
    return {
        "what": "status list",
        "genuine": genuine,
        "why": why,
        **_validity(content.as_of, content.expires_at, at),
        "issuer": content.issuer,
        "uri": content.uri,
        "ttl_seconds": content.ttl_seconds,
        "places": len(content),
        "superseded": int.from_bytes(content.bits, "big").bit_count(),
        "bytes": len(token),
    }


def _attempt(verify: Callable[[], object]) -> tuple[bool, str]:
    try:
        verify()
    except NotTrusted as error:
        return False, str(error)
    return True, "signed by a key in force"


def _validity(as_of: int, expires_at: int | None, at: int) -> dict[str, Any]:
    return {
        "as_of": _moment(as_of),
        "age_seconds": at - as_of,
        "expires": None if expires_at is None else _moment(expires_at),
        "expired": expires_at is not None and expires_at <= at,
    }


def _moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError) as error:
        raise CoreError(f"{seconds} is not a time") from error
