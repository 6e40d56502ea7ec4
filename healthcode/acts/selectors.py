"""Read what anybody may read of the public log, and refuse what is not there."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from healthcode.acts.errors import LogDamaged, NotInTheLogYet
from healthcode.acts.log import tree
from healthcode.acts.log.errors import LogFault
from healthcode.acts.models import Act
from healthcode.core.log.proofs import KeptProof
from healthcode.core.log.tiles import Tile
from healthcode.web.errors import NotFound

logger = logging.getLogger(__name__)


def proof_for_anybody(act: int) -> KeptProof:
    """Return the proof that the act with this number is in the public log, without its record.

    Raises:
        NotFound: there is no such act.
        NotInTheLogYet: no checkpoint contains it yet.
        LogDamaged: rows of the log are missing.
    """
    try:
        found = Act.objects.get(pk=act)
    except Act.DoesNotExist as error:
        raise NotFound from error
    with _readable():
        proof = tree.proof_of(found, with_record=False)
    if proof is None:
        raise NotInTheLogYet
    return proof


def file_of(tile: Tile) -> bytes | None:
    """Return what is published for a tile or a bundle; None if the log is not so large.

    Raises LogDamaged if rows of the log are missing.
    """
    with _readable():
        return tree.file_of(tile)


@contextmanager
def _readable() -> Iterator[None]:
    """Log for the operator what is wrong with the public log. Raises LogDamaged then."""
    try:
        yield
    except LogFault as fault:
        logger.error("%s", fault)
        raise LogDamaged from fault
