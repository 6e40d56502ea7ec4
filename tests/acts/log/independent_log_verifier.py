"""A verifier of the public log, written from docs/log.md alone; shares no code with the rest."""

import hashlib
import json
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

MEMBERS = {"area": r"(\d\d){0,2}", "digest": "[0-9a-f]{64}", "kind": "[a-z]+(-[a-z]+)*"}
MEMBERS |= {"minute": r"\d{4}-\d\d-\d\dT\d\d:\d\dZ"}
Fetch = Callable[[str], bytes]


class Disproven(ValueError):
    """Raised with what is wrong."""


def need(condition: object, why: str) -> None:
    if not condition:
        raise Disproven(why)


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def root_of(hashes: list[bytes]) -> bytes:
    if len(hashes) < 2:
        return hashes[0] if hashes else sha256()
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return sha256(b"\1", root_of(hashes[:half]), root_of(hashes[half:]))


def read_keys(policy: bytes) -> dict[tuple[str, bytes], tuple[int, bytes]]:
    """Return kind and public key, by name and id."""
    keys = {}
    for line in policy.decode().splitlines():
        if line.startswith("log "):
            name, key_id, encoded = line.split(" ")[1].split("+", 2)
            typed = b64decode(encoded, validate=True)
            digest = sha256(name.encode(), b"\n", typed)[:4]
            need(digest.hex() == key_id, "the id is not that of the key")
            keys[name, digest] = typed[0], typed[1:]
    return keys


def short(text: str) -> bytes:
    return bytes([len(text.encode())]) + text.encode()


def read_checkpoint(note: bytes, policy: bytes) -> tuple[str, int, bytes]:
    """Return name, size and root; at least one key of each kind has signed them."""
    text, _, lines = note.decode().rpartition("\n\n")
    name, digits, encoded = text.split("\n")
    size, root = int(digits), b64decode(encoded, validate=True)
    keys, signed = read_keys(policy), set()
    for line in lines.removesuffix("\n").split("\n"):
        _dash, signer, data = line.split(" ")
        raw = b64decode(data, validate=True)
        kind, public = keys.get((signer, raw[:4]), (0, b""))
        if not kind or signer != name:
            continue
        try:
            if kind == 1:
                Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], f"{text}\n".encode())
            else:
                said = b"subtree/v1\n\0" + short(signer) + raw[4:12] + short(name)
                said += bytes(8) + size.to_bytes(8, "big") + root
                MLDSA44PublicKey.from_public_bytes(public).verify(raw[12:], said)
        except InvalidSignature:
            raise Disproven("a signature is wrong") from None
        signed.add(kind)
    need(signed == {kind for kind, _ in keys.values()}, "not every kind of key has signed")
    return name, size, root


def read_leaf(data: bytes, at: datetime) -> dict[str, Any]:
    leaf: dict[str, Any] = json.loads(data)
    spelt = json.dumps(leaf, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    need(spelt.encode() == data, "a leaf has another spelling")
    need(leaf.keys() == {*MEMBERS, "number", "people"}, "a leaf has other members")
    for member, pattern in MEMBERS.items():
        need(re.fullmatch(pattern, leaf[member], re.ASCII), f"a leaf has a wrong {member}")
    need(type(leaf["number"]) is int and leaf["number"] > 0, "a leaf has a wrong number")
    people = leaf["people"]
    need(people in ("0", "1-9", "10-99") or (type(people) is int and people >= 100), "people")
    need(datetime.fromisoformat(leaf["minute"]) <= at, "a leaf is of a minute to come")
    return leaf


def address(number: int) -> str:
    groups = re.findall("...", f"{number:0{-(-len(str(number)) // 3) * 3}}")
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def read_log(fetch: Fetch, at: datetime) -> tuple[tuple[str, int, bytes], list[bytes]]:
    """Return the checkpoint and all leaves, which are those that it signs."""
    checkpoint = read_checkpoint(fetch("checkpoint"), fetch("policy"))
    leaves: list[bytes] = []
    for first in range(0, checkpoint[1], 256):
        width = min(256, checkpoint[1] - first)
        bundle = fetch(f"tile/entries/{address(first // 256)}" + f".p/{width}" * (width < 256))
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            leaves.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    need(len(leaves) == checkpoint[1], "the log has another number of leaves")
    need(
        root_of([sha256(b"\0", leaf) for leaf in leaves]) == checkpoint[2],
        "the leaves have another root",
    )
    said = {(one["kind"], one["number"]) for one in (read_leaf(leaf, at) for leaf in leaves)}
    need(len(said) == len(leaves), "a number comes twice")
    return checkpoint, leaves


def climb(found: bytes, first: int, size: int, hashes: list[str]) -> bytes:
    """Return the root to which a proof leads."""
    need(0 <= first < size, "there is no such leaf")
    last = size - 1
    for line in hashes:
        sibling = b64decode(line, validate=True)
        need(last, "the proof is too long")
        if first & 1 or first == last:
            found = sha256(b"\1", sibling, found)
            while first and not first & 1:
                first, last = first >> 1, last >> 1
        else:
            found = sha256(b"\1", found, sibling)
        first, last = first >> 1, last >> 1
    need(last == 0, "the proof is too short")
    return found


def check_proof(data: bytes, policy: bytes, at: datetime) -> dict[str, Any]:
    """Return the leaf of a proof file, and the record if the file has one."""
    head, _, note = data.partition(b"\n\n")
    header, extra, index, *hashes = head.decode().split("\n")
    need(header == "c2sp.org/tlog-proof@v1", "not a proof")
    said = json.loads(b64decode(extra.removeprefix("extra "), validate=True))
    _, size, root = read_checkpoint(note, policy)
    found, first = sha256(b"\0", said["entry"].encode()), int(index.removeprefix("index "))
    need(climb(found, first, size, hashes) == root, "the proof leads elsewhere")
    leaf = read_leaf(said["entry"].encode(), at)
    if "record" in said:
        digest = sha256(b64decode(said["salt"]), said["record"].encode())
        if place := said.get("place"):
            digest = climb(sha256(b"\0", digest), place["index"], place["size"], place["hashes"])
        need(digest.hex() == leaf["digest"], "another record")
        leaf["record"] = json.loads(said["record"])
    return leaf
