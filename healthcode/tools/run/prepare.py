"""Migrate, and load the demo once: `python -m healthcode.tools.run.prepare`."""

import sys
from pathlib import Path

import django
from django.core.management import call_command

from healthcode.starting import refuse_wrong_secrets, refuse_wrong_settings


def main(demo_file: str) -> None:
    """Migrate, then load the demo province and write its logins to `demo_file`."""
    django.setup()
    refuse_wrong_settings()
    print("Bringing the database up to date …", flush=True)
    call_command("migrate", verbosity=0)
    refuse_wrong_secrets()
    call_command("load_demo", out=Path(demo_file))


if __name__ == "__main__":
    main(sys.argv[1])
