"""Read what anybody may read of the public log, and refuse what is not there."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.conf import settings

from healthcode.acts.errors import LogDamaged, NotInTheLogYet
from healthcode.acts.log import keys, tree
from healthcode.acts.log.errors import LogFault
from healthcode.acts.models import Act
from healthcode.acts.witnessing import files
from healthcode.core.log.notes import NoteKey
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
    with readable():
        proof = tree.proof_of(found, with_record=False)
    if proof is None:
        raise NotInTheLogYet
    return proof


def file_of(tile: Tile) -> bytes | None:
    """Return what is published for a tile or a bundle; None if the log is not so large.

    Raises LogDamaged if rows of the log are missing.
    """
    with readable():
        return tree.file_of(tile)


def published_policy(own_keys: Iterable[NoteKey]) -> bytes:
    """Return the keys and the witnesses of the public log, as a C2SP tlog-policy.

    Raises LogDamaged if the file of LOG_POLICY cannot be used.
    """
    with readable():
        return files.published_policy(own_keys, url=settings.BASE_URL + keys.PREFIX)


@contextmanager
def readable() -> Iterator[None]:
    """Log for the operator what is wrong with the public log. Raises LogDamaged then."""
    try:
        yield
    except LogFault as fault:
        logger.error("%s", fault)
        raise LogDamaged from fault
