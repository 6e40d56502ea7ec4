"""Read what this service has cosigned as a witness."""

import hashlib

from healthcode.acts.log_models import WitnessedCheckpoint


def checkpoint_of(origin_hash: str) -> bytes | None:
    """Return the last checkpoint that was cosigned for a log; None if there is none.

    Args:
        origin_hash: SHA-256 of the log's origin in hex, as C2SP tlog-witness names a log.
    """
    for row in WitnessedCheckpoint.objects.exclude(note=b""):
        if hashlib.sha256(row.origin.encode()).hexdigest() == origin_hash:
            return bytes(row.note)
    return None
