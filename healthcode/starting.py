"""What every process of the service asks itself before it begins.

Are its settings right, and are its secrets those by which this database is kept? One that finds a
fault ends at once, with one sentence for each.
"""

import logging
import sys
import time
from typing import Final

from django.core.checks import ERROR, run_checks
from django.core.management import get_commands
from django.db import OperationalError, ProgrammingError, connections
from django.utils import timezone

from healthcode import __version__

logger = logging.getLogger(__name__)

_OURS: Final = {"accounts", "healthcode", "verifier"}
# The first is run with a secret that is not yet that of the database, the second makes the tables
# that tell of secrets; the others print documents, and ask no database.
_BEFORE_ITS_SECRETS: Final = {"accept_secret", "migrate", "list_kept_tables", "list_refusals"}
_PATIENCE_SECONDS: Final = 60
"""So long a process of the service waits for a database that is being started beside it."""
_PAUSE_SECONDS: Final = 2


def refuse_wrong_start() -> None:
    """End this process when its settings or its secrets are wrong."""
    refuse_wrong_settings()
    refuse_wrong_secrets(patience=_PATIENCE_SECONDS)
    logger.info("Health code service %s starts", __version__)


def refuse_wrong_settings() -> None:
    """End this process when settings do not go together."""
    faults = [fault.msg for fault in run_checks(tags=["settings"]) if fault.is_serious(ERROR)]
    if faults:
        sys.exit("\n".join(faults))


def refuse_wrong_secrets(*, patience: float = 0) -> None:
    """End this process when a secret that it holds is not the one of this database.

    A database that does not answer is asked again for so many seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            faults = _secret_faults()
            break
        except OperationalError as error:
            problem = f"{error}".partition("\n")[0]
        if time.monotonic() >= until:
            sys.exit(f"The database cannot be asked whether the secrets are its own: {problem}")
        logger.warning("The database does not answer yet, so this process waits: %s", problem)
        time.sleep(_PAUSE_SECONDS)
    if faults:
        sys.exit("\n".join(faults))


def _secret_faults() -> list[str]:
    """What is wrong with the secrets. Raises OperationalError: the database does not answer."""
    from accounts import marks  # once Django is ready
    from healthcode.codes import keys

    try:
        return [*marks.faults(), *keys.secret_faults(at=timezone.now())]
    except ProgrammingError:
        return ["The database lacks tables of this version: run manage.py migrate first."]
    finally:
        # A worker is about to divide itself, and no two processes may share a connection.
        connections.close_all()


def refuse_wrong_command(name: str) -> None:
    """End this process when it cannot run a command of `manage.py`.

    Those of others ask the settings alone.
    """
    refuse_wrong_settings()
    app = str(get_commands().get(name, ""))
    if app.partition(".")[0] in _OURS and name not in _BEFORE_ITS_SECRETS:
        refuse_wrong_secrets()
