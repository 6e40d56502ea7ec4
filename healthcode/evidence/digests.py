"""The digests by which anybody can later check what a source reported, line by line.

A line is JSON as RFC 8785 writes it, with the members that `LINE` shows. Times are in UTC with six
digits after the second; `ends` is as the source sent it in this line. A line's digest is SHA-256 of
its salt (16 bytes) and the line. A report's root is that of the Merkle tree over the digests of its
lines and that of its own record (`healthcode.core.log.batches`).
"""

from typing import Final

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

# A fact whose end came later was first sent without one.
AS_FIRST_SENT: Final = "CASE WHEN fact.end_received_at IS NULL THEN fact.ends END"
END_DIGESTS: Final = f"""
SELECT given.id, {DIGEST}
FROM (
    SELECT id, person_id AS person, kind, starts, starts_by, ends, area_id AS area, traits,
           reference, end_salt AS salt
    FROM evidence_evidence WHERE id = ANY(%(ids)s) AND end_batch_id = %(batch)s
) AS given CROSS JOIN LATERAL (SELECT given.salt) AS stored
"""  # noqa: S608  constants
"""SQL for the digests of the lines of a report that brought the ends of facts."""

NEW_SALT: Final = "uuid_send(gen_random_uuid())"
"""SQL for a new salt. 122 of its 128 bits are random."""
