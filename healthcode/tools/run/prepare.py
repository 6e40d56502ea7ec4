"""`python -m healthcode.tools.run.prepare`: migrate the database, and load the demo once."""

import sys
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connection

from healthcode.starting import refuse_wrong_secrets, refuse_wrong_settings
from healthcode.web import catalog, database_roles


def main(demo_file: str) -> None:
    """Migrate the database, load the demo province, and write its logins to `demo_file`."""
    django.setup()
    refuse_wrong_settings()
    if fault := database_roles.log_in_as_owner():
        sys.exit(fault)
    print("Bringing the database up to date …", flush=True)
    is_new = not connection.introspection.table_names()
    call_command("migrate", verbosity=0)
    if not is_new and (lacking := catalog.told(catalog.missing())):
        sys.exit(
            "A version before 1.0.0 made this state, and this version cannot migrate it "
            f"({lacking}): move the folder VAR away, or empty the database of DATABASE_URL."
        )
    database_roles.log_in_as_service()
    refuse_wrong_secrets(as_service=True)
    call_command("load_demo", out=Path(demo_file))


if __name__ == "__main__":
    main(sys.argv[1])
