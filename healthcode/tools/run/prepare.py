"""Migrate, and load the demo once: `python -m healthcode.tools.run.prepare`."""

import sys
from pathlib import Path

import django
from django.core.management import call_command


def main(demo_file: str) -> None:
    """Migrate, then load the demo province and write its logins to `demo_file`."""
    django.setup()
    from healthcode.starting import refuse_wrong_settings  # once Django is ready

    refuse_wrong_settings()
    print("Bringing the database up to date …", flush=True)
    call_command("migrate", verbosity=0)
    call_command("load_demo", out=Path(demo_file))


if __name__ == "__main__":
    main(sys.argv[1])
