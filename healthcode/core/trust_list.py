"""Trust lists: the signed list of an alliance with its issuers and their keys. See docs/trust.md.

A list is a JWS (RFC 7515, compact) over JSON. Lists are numbered, and a verifier never returns to a
lower number. Otherwise an attacker could send an old list and make a withdrawn key valid again.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from healthcode.core import grammar, strict_json
from healthcode.core.claims import Colour
from healthcode.core.cose import Algorithm, signature_holds
from healthcode.core.errors import MalformedKey, MalformedTrustList, NotTrusted, WentBackwards
from healthcode.core.keys import (
    Key,
    from_base64url,
    jose_name,
    jwk_set,
    parse_jwk_set,
    to_base64url,
)
from healthcode.core.trust import Issuer, Outcome, Trust

TYP: Final = "health-code-trust+jws"
MAX_ISSUERS: Final = 256
CLOCK_LEEWAY_SECONDS: Final = 60
_LIST_MEMBERS: Final = {"sequence", "iat", "exp", "issuers"}
_ISSUER_MEMBERS: Final = {"issuer", "title", "keys", "status_lists", "honours", "contact"}


def sign_trust_list(
    trust: Trust, *, kid: bytes, algorithm: Algorithm, signer: Callable[[bytes], bytes]
) -> str:
    """Sign the list of these issuers: numbered, valid from `as_of` until `expires_at`.

    `signer` returns the signature in the form of JWS (for ES256 r || s). Raises MalformedTrustList
    for a list that readers would refuse.
    """
    document = describe(trust)
    read(document)
    header = {"alg": jose_name(algorithm), "kid": to_base64url(kid), "typ": TYP}
    signed = f"{_compact(header)}.{_compact(document)}"
    return f"{signed}.{to_base64url(signer(signed.encode()))}"


def parse_trust_list(
    token: str | bytes, alliance: Iterable[Key], at: int, *, held: Trust | None = None
) -> Trust:
    """Read a trust list and verify that a key of the alliance has signed it.

    The key must be in force at the time `at`. `held` is the trust that the verifier has now; the
    list must not be older. An expired list is read too. With an expired list, `verify` answers
    caution at best. It still refuses every code that it would refuse with a valid list.

    Raises:
        MalformedTrustList: this is not a trust list.
        NotTrusted: no such key has signed the list, or the list is dated in the future.
        WentBackwards: the list is older than `held`.
    """
    header, payload, signed, signature = _split(token)
    kid, algorithm = _text(header, "kid"), _text(header, "alg")
    trust = read(strict_json.load(payload, MalformedTrustList))
    if not any(
        to_base64url(key.kid) == kid
        and jose_name(key.algorithm) == algorithm
        and key.in_force(issued_at=trust.as_of, at=at)
        and signature_holds(key.algorithm, key.public_key, signed, signature)
        for key in alliance
    ):
        raise NotTrusted("no key of the alliance that is in force has signed this trust list")
    if trust.as_of > at + CLOCK_LEEWAY_SECONDS:
        raise NotTrusted("trust list is not yet valid")
    if held is not None and (trust.sequence, trust.as_of) < (held.sequence, held.as_of):
        raise WentBackwards(
            f"trust list {trust.sequence} is older than {held.sequence}, already held"
        )
    return trust


def unverified(data: bytes) -> Trust:
    """Read a list, signed or not, without verifying it, only to look at it.

    Raises MalformedTrustList.
    """
    payload = data if data.lstrip().startswith(b"{") else _split(data)[1]
    return read(strict_json.load(payload, MalformedTrustList))


def read(document: object) -> Trust:
    """Read the trust from an unsigned document, for a reader with another reason to believe it.

    Raises MalformedTrustList.
    """
    members = strict_json.extensible(document, _LIST_MEMBERS, MalformedTrustList)
    entries = _array(members, "issuers")
    if len(entries) > MAX_ISSUERS:
        raise MalformedTrustList(f"more than {MAX_ISSUERS} issuers")
    issuers = [
        _read_issuer(strict_json.extensible(entry, _ISSUER_MEMBERS, MalformedTrustList))
        for entry in entries
    ]
    by_name = {issuer.name: issuer for issuer in issuers}
    if len(by_name) != len(issuers):
        raise MalformedTrustList("an issuer is listed twice")
    as_of, expires_at = _number(members, "iat"), _number(members, "exp")
    if as_of >= expires_at:
        raise MalformedTrustList("exp is not after iat")
    return Trust(by_name, as_of, expires_at, _number(members, "sequence"))


def describe(trust: Trust) -> dict[str, Any]:
    """Return a trust list's document, ready to sign. Raises MalformedTrustList if it has no end."""
    if trust.expires_at is None:
        raise MalformedTrustList("a published list needs an end")
    return {
        "sequence": trust.sequence,
        "iat": trust.as_of,
        "exp": trust.expires_at,
        "issuers": [_describe_issuer(trust.issuers[name]) for name in sorted(trust.issuers)],
    }


def differences(held: Trust, proposed: Trust) -> Iterator[str]:
    """Yield what would change, one line each, for somebody who must decide before signing."""
    for name in sorted(held.issuers.keys() | proposed.issuers.keys()):
        before, after = held.issuers.get(name), proposed.issuers.get(name)
        if before is None:
            yield f"+ {name}"
        if after is None:
            yield f"- {name}"
            continue
        old = _describe_issuer(before) if before is not None else {}
        new = _describe_issuer(after)
        yield from (
            f"  {name} {member}: {_brief(old.get(member))} -> {_brief(new[member])}"
            for member in new
            if old.get(member) != new[member]
        )


def _brief(value: object) -> str:
    """Show keys by their ids and validity, and everything else as it is."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return ", ".join(f"{key['kid']} ({key['nbf']}..{key.get('exp', '')})" for key in value)
    return json.dumps(value, ensure_ascii=False)


def _describe_issuer(issuer: Issuer) -> dict[str, Any]:
    return {
        "issuer": issuer.name,
        "title": issuer.title,
        "keys": jwk_set(issuer.keys)["keys"],
        "status_lists": list(issuer.status_lists),
        "honours": {colour.label: outcome for colour, outcome in issuer.honours.items()},
        "contact": issuer.contact,
    }


def _read_issuer(members: Mapping[str, Any]) -> Issuer:
    name = _text(members, "issuer")
    if not re.fullmatch(grammar.ISSUER, name):
        raise MalformedTrustList("issuer is not like CN-33")
    addresses = _array(members, "status_lists")
    if not all(_is_address(address) for address in addresses):
        raise MalformedTrustList("status list address is not a short http(s) address")
    try:
        keys = parse_jwk_set({"keys": members.get("keys")})
    except MalformedKey as error:
        raise MalformedTrustList(f"keys of {name}: {error}") from error
    return Issuer(
        name=name,
        keys=keys,
        honours=read_outcomes(members.get("honours")),
        status_lists=tuple(addresses),
        title=_text(members, "title"),
        contact=_text(members, "contact"),
    )


def _is_address(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(grammar.ADDRESS, value) is not None


def read_outcomes(value: object) -> Mapping[Colour, Outcome]:
    """Read `{"green": "pass", ...}` as outcomes by colour. Raises MalformedTrustList."""
    members = _object(value, {colour.label for colour in Colour})
    try:
        return {Colour[name.upper()]: Outcome(outcome) for name, outcome in members.items()}
    except ValueError as error:
        raise MalformedTrustList("an outcome is pass, caution or refuse") from error


def _split(token: str | bytes) -> tuple[Mapping[str, Any], bytes, bytes, bytes]:
    """Return header, payload, signed bytes and signature of a compact JWS, without verifying it."""
    if len(token) > strict_json.MAX_BYTES:
        raise MalformedTrustList("too large")
    try:
        text = token.decode("ascii") if isinstance(token, bytes) else token
        first, second, third = text.strip(" \t\r\n").split(".")
        header_bytes, payload = from_base64url(first), from_base64url(second)
        signature = from_base64url(third)
    except ValueError as error:
        raise MalformedTrustList("not a compact JWS") from error
    header = _object(strict_json.load(header_bytes, MalformedTrustList), {"alg", "kid", "typ"})
    if _text(header, "typ") != TYP:
        raise MalformedTrustList(f"typ is not {TYP}")
    return header, payload, f"{first}.{second}".encode(), signature


def _compact(document: Mapping[str, Any]) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return to_base64url(text.encode())


def _object(value: object, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedTrustList("not a JSON object")
    unknown = value.keys() - known
    if unknown:
        raise MalformedTrustList(f"member {min(unknown)} is not known")
    return value


def _array(members: Mapping[str, Any], name: str) -> list[Any]:
    value = members.get(name)
    if isinstance(value, list):
        return value
    raise MalformedTrustList(f"{name} is not a list")


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    if isinstance(value, str):
        return value
    raise MalformedTrustList(f"{name} is not a text")


def _number(members: Mapping[str, Any], name: str) -> int:
    value = members.get(name)
    if type(value) is int and 0 <= value <= grammar.MAX_NUMBER:
        return value
    raise MalformedTrustList(f"{name} is not a number of at most 32 bits")
