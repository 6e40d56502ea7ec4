"""Settings for one machine, and `python -m healthcode.tools.run.environment PROGRAM …`.

The command runs a program with complete settings and fresh secrets, but without servers. It is for
programs that import the settings and never connect, such as the type checker.
"""

import os
import sys

from healthcode.tools.run.state import new_secrets

SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "healthcode.settings",
    "ISSUER": "CN-33",
    "BASE_URL": "http://127.0.0.1:8000",
    "STAFF_URL": "http://localhost:8000",
    "ALLOWED_HOSTS": "*",
    "SMS_SENDER": "accounts.sms.ConsoleSender",
    "IDENTITY_CHECK": "accounts.identity_check.RosterCheck",
    "DEMO": "1",
    "FETCH_PRIVATE": "1",
}
NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "BROKER_URL": "redis://127.0.0.1:2/0",
}


def main(program: str, *arguments: str) -> None:
    """Replace this process by the program."""
    environment = SETTINGS | NOWHERE | new_secrets() | dict(os.environ)
    os.execvpe(program, [program, *arguments], environment)  # noqa: S606 - our own tools


if __name__ == "__main__":
    main(*sys.argv[1:])
