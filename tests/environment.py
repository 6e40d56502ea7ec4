"""Run a program with complete settings but no servers: `python -m tests.environment mypy …`.

For checks that import the settings and never connect.
"""

import os
import sys

from healthcode.local.state import new_secrets
from tests.servers import ENVIRONMENT


def main(program: str, *arguments: str) -> None:
    """Become the program."""
    nowhere = {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "BROKER_URL": "redis://127.0.0.1:1/0",
    }
    environment = nowhere | ENVIRONMENT | new_secrets() | dict(os.environ)
    os.execvpe(program, [program, *arguments], environment)


if __name__ == "__main__":
    main(*sys.argv[1:])
