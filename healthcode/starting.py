"""The checks of every process of the service before it starts.

They find settings that do not fit together, and secrets that do not belong to this database. A
process with a fault ends at once, with one sentence for each fault.
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
# `accept_secret` runs with a secret that the database does not know yet. `migrate` creates the
# tables that tell which secrets belong. The other two print documents and need no database.
_BEFORE_ITS_SECRETS: Final = {"accept_secret", "migrate", "list_kept_tables", "list_refusals"}
_PATIENCE_SECONDS: Final = 60
"""How long a process of the service waits for a database that starts at the same time."""
_PAUSE_SECONDS: Final = 2


def refuse_wrong_start() -> None:
    """End this process when its settings or its secrets are wrong."""
    refuse_wrong_settings()
    refuse_wrong_secrets(patience=_PATIENCE_SECONDS)
    logger.info("Health code service %s starts", __version__)


def refuse_wrong_settings() -> None:
    """End this process when its settings do not fit together."""
    faults = [fault.msg for fault in run_checks(tags=["settings"]) if fault.is_serious(ERROR)]
    if faults:
        sys.exit("\n".join(faults))


def refuse_wrong_secrets(*, patience: float = 0) -> None:
    """End this process when it holds a secret that does not belong to this database.

    If the database does not answer, ask again for `patience` seconds.
    """
    until = time.monotonic() + patience
    while True:
        try:
            faults = _secret_faults()
            break
        except OperationalError as error:
            problem = f"{error}".partition("\n")[0]
        if time.monotonic() >= until:
            sys.exit(
                f"This process cannot ask the database whether its secrets belong to it: {problem}"
            )
        logger.warning("The database does not answer yet, so this process waits: %s", problem)
        time.sleep(_PAUSE_SECONDS)
    if faults:
        sys.exit("\n".join(faults))


def _secret_faults() -> list[str]:
    """Return what is wrong with the secrets. Raises OperationalError without a database."""
    from accounts import marks  # once Django is ready
    from healthcode.acts.log import keys as log_keys
    from healthcode.codes import keys

    try:
        return [
            *marks.faults(),
            *keys.secret_faults(at=timezone.now()),
            *log_keys.secret_faults(),
        ]
    except ProgrammingError:
        return ["The database lacks tables of this version. Run manage.py migrate first."]
    finally:
        # A worker forks after this, and two processes must not share a connection.
        connections.close_all()


def refuse_wrong_command(name: str) -> None:
    """End this process when it cannot run this command of `manage.py`.

    Commands of Django and other packages check only the settings.
    """
    refuse_wrong_settings()
    app = str(get_commands().get(name, ""))
    if app.partition(".")[0] in _OURS and name not in _BEFORE_ITS_SECRETS:
        refuse_wrong_secrets()
