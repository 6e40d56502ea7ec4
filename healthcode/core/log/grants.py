"""Compare the published grants with the public log (docs/log.md, section 8).

Whoever has the files of a log and the document of grants needs nothing else: no network, and no
word of the service.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from healthcode.core import strict_json
from healthcode.core.errors import CoreError, MalformedLog, NotTrusted, ProofFails
from healthcode.core.log.batches import tree_of
from healthcode.core.log.checkpoints import open_checkpoint
from healthcode.core.log.leaves import Leaf, check_record, decode_leaf
from healthcode.core.log.merkle import leaf_hash, root
from healthcode.core.log.notes import from_base64
from healthcode.core.log.policies import LogPolicy
from healthcode.core.log.tiles import bundles_of, decode_bundle

Told: TypeAlias = dict[str, Any]
Leaves: TypeAlias = Mapping[tuple[str, int], Leaf]

# What an entry says, and the member of the record's detail that must say the same.
_SAME: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "sources": (
        "source-granted",
        {
            "account": "source",
            "kinds": "kinds",
            "reddening_lines_a_day": "reddening_lines_a_day",
        },
    ),
    "partners": (
        "partner-changed",
        {"account": "account", "codes_per_minute": "codes_per_minute", "keys": "keys"},
    ),
}


def read_leaves(folder: Path, policy: LogPolicy, at: int) -> list[Leaf]:
    """Return all leaves of a log from its files, which are those that its checkpoint signs.

    The files have the names of their addresses: `checkpoint`, `tile/entries/000` and so on.

    Raises:
        OSError: a file is missing.
        MalformedLog, NotTrusted: the checkpoint is not a checkpoint, or not signed.
        ProofFails: the leaves are not those of the checkpoint.
    """
    seen = open_checkpoint((folder / "checkpoint").read_bytes(), policy, at).checkpoint
    entries = [
        entry
        for bundle in bundles_of(seen.size)
        for entry in decode_bundle((folder / bundle.path).read_bytes(), bundle.width)
    ]
    if root(seen.size, tree_of([leaf_hash(entry) for entry in entries])) != seen.root:
        raise ProofFails("the leaves are not those of the checkpoint")
    return [decode_leaf(entry) for entry in entries]


def compare(document: bytes, leaves: Sequence[Leaf]) -> Iterator[Told]:
    """Yield what each grant of the document says, and whether a leaf proves it.

    `proven` is null for what is only counted. After them come the grants that leaves tell and the
    document does not: they were replaced or taken away.

    Raises MalformedLog if the document is not one of grants.
    """
    said = strict_json.load(document, MalformedLog)
    if not isinstance(said, dict) or not all(
        isinstance(said.get(part), list) and all(isinstance(one, dict) for one in said[part])
        for part in (*_SAME, "staff", "devices")
    ):
        raise MalformedLog("not a document of grants")
    known = {(leaf.kind, leaf.number): leaf for leaf in leaves}
    used: set[tuple[str, int]] = set()
    for part, (kind, same) in _SAME.items():
        for entry in said[part]:
            told = _compared(entry, kind, same, known)
            used.add((kind, told["act"] or 0))
            yield {"what": part, **told}
    for part in ("staff", "devices"):
        for entry in said[part]:
            yield {"what": part, **entry, "proven": None}
    yield from _not_listed(known, used)


def _compared(entry: Told, kind: str, same: Mapping[str, str], known: Leaves) -> Told:
    told = {name: value for name, value in entry.items() if name != "act"}
    act = entry.get("act")
    number = act.get("number") if isinstance(act, dict) else None
    try:
        leaf = _proof(entry, kind, same, known)
    except CoreError as error:
        return {**told, "act": number, "proven": False, "why": str(error)}
    return {**told, "act": leaf.number, "proven": True, "minute": leaf.minute}


def _proof(entry: Told, kind: str, same: Mapping[str, str], known: Leaves) -> Leaf:
    """Return the leaf that proves an entry. Raises CoreError if none does."""
    match entry.get("act"):
        case {"number": int(number), "record": str(text), "salt": str(salt)}:
            leaf = known.get((kind, number))
        case _:
            raise NotTrusted("the grant names no act: it is older than the log")
    if leaf is None:
        raise ProofFails(f"the log has no leaf {kind} {number}")
    check_record(leaf, salt=from_base64(salt), record=text.encode())
    match strict_json.load(text.encode(), MalformedLog):
        case {"area": str(area), "detail": dict(detail)}:
            _require_same(entry, area, detail, same)
        case _:
            raise MalformedLog("the record is not that of an act")
    return leaf


def _require_same(entry: Told, area: str, detail: Told, same: Mapping[str, str]) -> None:
    """Require that an entry says what the record says. Raises ProofFails."""
    pairs = {member: (entry.get(member), detail.get(of)) for member, of in same.items()}
    pairs["area"] = entry.get("area", area), area
    if "scopes" in entry:
        pairs["scopes"] = entry["scopes"], str(detail.get("scopes")).split(" ")
    for member, (told, recorded) in pairs.items():
        if told != recorded:
            raise ProofFails(f"the act says something else about {member}")


def _not_listed(known: Leaves, used: Iterable[tuple[str, int]]) -> Iterator[Told]:
    kinds = {kind for kind, _ in _SAME.values()}
    for (kind, number), leaf in known.items():
        if kind in kinds and (kind, number) not in used:
            yield {"what": "not listed", "kind": kind, "act": number, "minute": leaf.minute}
