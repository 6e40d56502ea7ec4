"""Settings for one machine, and `python -m healthcode.tools.run.environment PROGRAM …`.

The command runs a program with complete settings, fresh secrets and no servers: for what imports
the settings and never connects, such as the type checker.
"""

import os
import sys

from healthcode.tools.run.state import new_secrets

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "healthcode.settings",
    "ISSUER": "CN-33",
    "BASE_URL": "http://127.0.0.1:8000",
    "ALLOWED_HOSTS": "*",
    "SMS_SENDER": "accounts.sms.ConsoleSender",
    "DEMO": "1",
    "FETCH_PRIVATE": "1",
}
NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "BROKER_URL": "redis://127.0.0.1:2/0",
}


def main(program: str, *arguments: str) -> None:
    """Become the program."""
    environment = SETTINGS | NOWHERE | new_secrets() | dict(os.environ)
    os.execvpe(program, [program, *arguments], environment)  # noqa: S606 - our own tools


if __name__ == "__main__":
    main(*sys.argv[1:])
