"""The digests by which anybody can later check what a source reported, line by line.

A line is JSON as RFC 8785 writes it, with the members that `LINE` shows. Times are in UTC with six
digits after the second; `ends` is as the source first sent it. A line's digest is SHA-256 of its
salt (16 bytes) and the line. A report's root is that of the Merkle tree over its digests.
"""

from collections.abc import Sequence
from typing import Final

from healthcode.core.log.merkle import HASH_BYTES, leaf_hash, node_hash, root

_TIME: Final = (
    """coalesce(to_char({0} AT TIME ZONE 'UTC', '\\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\\"'), 'null')"""
)
# `to_json` escapes a text exactly as RFC 8785 does.
_TEXT: Final = "coalesce(to_json({0})::text, 'null')"

LINE: Final = " || ".join(
    (
        f"""'{{"area":' || {_TEXT.format("given.area")}""",
        f"""',"ends":' || {_TIME.format("given.ends")}""",
        f"""',"kind":' || {_TEXT.format("given.kind")}""",
        """',"person":' || given.person""",
        f"""',"reference":' || {_TEXT.format("given.reference")}""",
        f"""',"starts":' || {_TIME.format("given.starts")}""",
        f"""',"starts_by":' || {_TIME.format("given.starts_by")}""",
        """',"traits":' || array_to_json(given.traits) || '}'""",
    )
)
"""SQL for the text of a line that stands in a row named `given`."""

DIGEST: Final = (
    f"CASE WHEN stored.salt IS NOT NULL THEN sha256(stored.salt || convert_to({LINE}, 'UTF8')) END"
)
"""SQL for the digest of the line `given` with the salt of the row `stored`; null without a salt."""

NEW_SALT: Final = "uuid_send(gen_random_uuid())"
"""SQL for a new salt. 122 of its 128 bits are random."""


def pieces(digests: bytes | memoryview) -> list[bytes]:
    """Return the digests that stand in these bytes one after the other."""
    data = bytes(digests)
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def root_of(digests: Sequence[bytes]) -> bytes:
    """Return the root of the Merkle tree (RFC 6962) whose leaves are these digests."""
    levels = [[leaf_hash(digest) for digest in digests]]
    while len(levels[-1]) > 1:
        below = levels[-1]
        pairs = zip(below[::2], below[1::2], strict=False)  # an odd one is no complete subtree
        levels.append([node_hash(left, right) for left, right in pairs])
    return root(len(digests), lambda level, index: levels[level][index])
