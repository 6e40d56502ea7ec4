"""The checks of every process of the service before it starts.

They find settings that do not fit together, secrets that do not belong to this database, and a
login of the database that may do too much. A process with a fault ends at once, with one sentence
for each fault.
"""

import logging
import sys
import time
from typing import Final

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import get_commands
from django.db import OperationalError, ProgrammingError, connections
from django.utils import timezone

from healthcode import __version__
from healthcode.web import database_roles, doors_role

logger = logging.getLogger(__name__)

_OURS: Final = {"accounts", "healthcode", "verifier"}
# `accept_secret` runs with a secret that the database does not know yet. `migrate` creates the
# tables that tell which secrets belong. The other two print documents and need no database.
_BEFORE_ITS_SECRETS: Final = {"accept_secret", "migrate", "list_kept_tables", "list_refusals"}
# These change or empty tables, so they run as the owner of the tables.
_OF_THE_OWNER: Final = {"migrate", "end_service", "generate_city"}
_NEVER_AT_DOORS: Final = (
    "VAULT_KEYS",
    "VAULT_INDEX_KEY",
    "SIGNING_KEY_SECRET",
    "STATUS_INDEX_KEY",
    "LOG_KEY_SECRET",
)
_PATIENCE_SECONDS: Final = 60
"""How long a process of the service waits for a database that starts at the same time."""
_PAUSE_SECONDS: Final = 2


def refuse_wrong_start(*, is_web: bool) -> None:
    """End this process when its settings, its secrets or its database login are wrong.

    Only a web process may be one of doors.
    """
    refuse_wrong_settings()
    if settings.SERVES_DOORS_ONLY and not is_web:
        sys.exit(
            "PROCESS_ROLE is doors: such a process serves addresses only. Remove PROCESS_ROLE from "
            "the environment of workers and beat (docs/howto/deploy.md)."
        )
    if settings.DATABASE_OWNER_URL:
        sys.exit(
            "DATABASE_OWNER_URL is set: a process that stays must not know the login of the owner "
            "of the tables. Give it only to manage.py migrate (docs/howto/deploy.md)."
        )
    refuse_wrong_secrets(patience=_PATIENCE_SECONDS, as_service=True)
    logger.info("Health code service %s starts", __version__)


def refuse_wrong_settings() -> None:
    """End this process when its settings do not fit together."""
    faults = [
        f"{name} is set, but a process with PROCESS_ROLE=doors must not know it: remove it from "
        "this process's environment (docs/howto/deploy.md)."
        for name in _NEVER_AT_DOORS
        if settings.SERVES_DOORS_ONLY and getattr(settings, name)
    ] or [fault.msg for fault in run_checks(tags=["settings"]) if fault.is_serious(ERROR)]
    if faults:
        sys.exit("\n".join(faults))


def refuse_wrong_secrets(*, patience: float = 0, as_service: bool = False) -> None:
    """End this process when it holds a secret that does not belong to this database.

    If the database does not answer, ask again for `patience` seconds. With `as_service`, also end
    this process when its login could change what the service only adds to.
    """
    until = time.monotonic() + patience
    while True:
        try:
            faults = _faults(as_service=as_service)
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


def _faults(*, as_service: bool) -> list[str]:
    """Return what is wrong with login and secrets. Raises OperationalError without a database."""
    from accounts import marks  # once Django is ready
    from healthcode.acts.log import keys as log_keys
    from healthcode.codes import keys

    try:
        login = _login_faults() if as_service else []
        return login or [
            *marks.faults(),
            *keys.secret_faults(at=timezone.now()),
            *log_keys.secret_faults(),
        ]
    except ProgrammingError:
        return ["The database lacks tables of this version. Run manage.py migrate first."]
    finally:
        # A worker forks after this, and two processes must not share a connection.
        connections.close_all()


def _login_faults() -> list[str]:
    if settings.SERVES_DOORS_ONLY:
        return doors_role.login_faults()
    return database_roles.login_faults()


def refuse_wrong_command(name: str) -> None:
    """End this process when it cannot run this command of `manage.py`.

    Commands of Django and other packages check only the settings.
    """
    refuse_wrong_settings()
    is_ours = str(get_commands().get(name, "")).partition(".")[0] in _OURS
    if is_ours and settings.SERVES_DOORS_ONLY:
        sys.exit(
            "PROCESS_ROLE is doors: such a process serves addresses only. Run commands in the "
            "container web, and migrate in the container migrate (docs/howto/deploy.md)."
        )
    is_of_the_owner = name in _OF_THE_OWNER
    if is_of_the_owner and (fault := database_roles.log_in_as_owner()):
        sys.exit(fault)
    if is_ours and name not in _BEFORE_ITS_SECRETS:
        refuse_wrong_secrets(as_service=not is_of_the_owner)
