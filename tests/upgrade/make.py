"""`python -m tests.upgrade.make`: write what the tests know of the schema and of version 1.0.0.

`--schema` writes only healthcode/web/catalog.txt, which every migration changes. Without it, the
command also lists the frozen migrations and makes the state of 1.0.0: once, before its tag.
"""

import argparse
import gzip
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from healthcode.tools.run import ports
from healthcode.tools.run.environment import NOWHERE, SETTINGS
from healthcode.tools.run.postgres import Postgres, _programs

HERE: Final = Path(__file__).parent
ROOT: Final = HERE.parents[1]
FROZEN: Final = HERE / "migrations-1.0.0.txt"
DUMP: Final = HERE / "state-1.0.0.sql.gz"
STATE: Final = HERE / "state-1.0.0.json"
_KEY: Final = "dGhpcyBrZXkgaXMgZm9yIHRoZSB0ZXN0cyBhbG9uZSE="
SECRETS: Final = {
    "SECRET_KEY": "for the tests of upgrading alone, as everybody can read it here",
    "VAULT_KEYS": f"k1:{_KEY}",
    "VAULT_INDEX_KEY": _KEY,
    "SIGNING_KEY_SECRET": "for the tests of upgrading alone",
    "STATUS_INDEX_KEY": _KEY,
    "POSTGRES_PASSWORD": "for-the-tests-of-upgrading",
    "VALKEY_PASSWORD": "for-the-tests-of-upgrading",
}
"""These secrets protect nobody, because they only open data of invented people."""

_SCHEMA: Final = """
import django; django.setup()
from healthcode.web import catalog
catalog.FILE.write_text("\\n".join(catalog.lines()) + "\\n")
"""


def digests() -> dict[str, str]:
    """Return the SHA-256 of each migration of version 1.0.0, by its path."""
    found = sorted(ROOT.glob("**/migrations/0001_*.py"))
    ours = [
        path for path in found if ".venv" not in path.parts and "node_modules" not in path.parts
    ]
    return {
        str(path.relative_to(ROOT)): hashlib.sha256(path.read_bytes()).hexdigest() for path in ours
    }


def server(folder: Path) -> Postgres:
    """Start a PostgreSQL with the password of the state of 1.0.0."""
    return Postgres(
        folder / "postgres",
        port=ports.reserve(),
        password=SECRETS["POSTGRES_PASSWORD"],
        log=folder / "postgres.log",
        durable=False,
    )


def run(logins: Mapping[str, str], *arguments: str) -> None:
    """Run Python with the settings of the state of 1.0.0."""
    secrets = {name: value for name, value in SECRETS.items() if not name.endswith("_PASSWORD")}
    environment: dict[str, Any] = {**os.environ, **SETTINGS, **NOWHERE, **secrets}
    environment |= {**logins, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *arguments]
    subprocess.run(command, env=environment, cwd=ROOT, check=True)


def dump(url: str) -> bytes:
    """Return the database as plain SQL."""
    command = [str(_programs() / "pg_dump"), "--no-owner", "--no-privileges", url]
    return subprocess.run(command, capture_output=True, check=True).stdout


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schema", action="store_true", help="healthcode/web/catalog.txt alone")
    only_schema = parser.parse_args().schema
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgres = server(folder)
        postgres.create()
        postgres.start()
        try:
            postgres.ensure_database("healthcode")
            logins = postgres.logins("healthcode")
            run(logins, "manage.py", "migrate", "--verbosity=0")
            run(logins, "-c", _SCHEMA)
            if not only_schema:
                run(logins, "-m", "tests.upgrade.fill", str(folder / "demo.json"), str(STATE))
                DUMP.write_bytes(gzip.compress(dump(postgres.url("healthcode")), mtime=0))
                lines = [f"{digest}  {path}" for path, digest in digests().items()]
                FROZEN.write_text("\n".join(lines) + "\n")
        finally:
            postgres.stop()


if __name__ == "__main__":
    main()
