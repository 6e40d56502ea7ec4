"""Start private servers for the measurements, and define the sizes."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg2

from healthcode.tools.run import children
from healthcode.tools.run.environment import SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.postgres import SERVICE, Postgres
from healthcode.tools.run.state import new_secrets
from healthcode.tools.run.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure: the people of two cities, and how many of them a change touches.

    `seconds` is how long doors and phones are watched while everybody is recoloured.
    """

    name: str
    small: int
    large: int
    touched: tuple[int, ...]
    rounds: int
    seconds: int


SIZES = {
    size.name: size
    for size in (
        Size(
            "small",
            small=50_000,
            large=200_000,
            touched=(1_000, 10_000, 50_000),
            rounds=3,
            seconds=8,
        ),
        Size(
            "city",
            small=1_000_000,
            large=10_000_000,
            touched=(1_000, 10_000, 100_000, 1_000_000),
            rounds=3,
            seconds=20,
        ),
    )
}


class Stage:
    """Servers, a temporary folder, and a function that prints progress."""

    def __init__(self, folder: Path, size: Size, postgres: Postgres, valkey: Valkey) -> None:
        self.folder = folder
        self.size = size
        self.postgres = postgres
        self.valkey = valkey
        self._databases: set[str] = set()

    def say(self, sentence: str) -> None:
        """Print progress to the standard error; only the table goes to the standard output."""
        print(sentence, file=sys.stderr, flush=True)

    def database(self, name: str) -> str:
        """Make an empty database if there is none; return its address for the service's role."""
        self.postgres.ensure_database(name)
        self._databases.add(name)
        return self.postgres.url(name, user=SERVICE)

    def clear(self) -> None:
        """Drop all databases, because the disk has no room for two cities of ten million."""
        for name in self._databases:
            self.order(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._databases.clear()

    def order(self, statement: str, *, database: str = "postgres") -> None:
        """Run a command that only the superuser may: CHECKPOINT, VACUUM."""
        connection = psycopg2.connect(self.postgres.url(database, user="postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


@contextmanager
def stage(size: Size) -> Iterator[Stage]:
    """Start servers for the measurements, complete the environment, remove everything at the end.

    PostgreSQL is durable as in production. Only autovacuum and timed checkpoints are off, because
    they start at random moments; the measurements start both themselves.
    """
    folder = Path(tempfile.mkdtemp(prefix="healthcode-bench-"))
    folder.chmod(0o711)
    secrets = new_secrets()
    postgres = Postgres(
        folder / "postgres",
        port=reserve(),
        password=secrets["POSTGRES_PASSWORD"],
        log=folder / "postgres.log",
        settings=_postgres_settings(),
    )
    valkey = Valkey(
        folder / "valkey",
        port=reserve(),
        password=secrets["VALKEY_PASSWORD"],
        log=folder / "valkey.log",
    )
    try:
        children.adopt_orphans()
        postgres.create()
        postgres.start()
        valkey.start()
        os.environ.update(SETTINGS | secrets)
        os.environ["BROKER_URL"] = valkey.url()
        os.environ["DATABASE_URL"] = postgres.url("postgres", user=SERVICE)
        os.environ["LOG_LEVEL"] = "WARNING"
        logging.captureWarnings(True)
        yield Stage(folder, size, postgres, valkey)
    finally:
        valkey.stop()
        postgres.stop()
        shutil.rmtree(folder)


def _postgres_settings() -> list[str]:
    megabytes = psutil.virtual_memory().total // 2**20
    return [
        # PostgreSQL's manual recommends a quarter of the memory to begin with, and two fifths at
        # most. A city of ten million and what is written to it should fit.
        f"shared_buffers={megabytes * 2 // 5}MB",
        f"effective_cache_size={megabytes // 2}MB",
        "maintenance_work_mem=512MB",
        # A server that has run for a while has old log files to reuse.
        "min_wal_size=4GB",
        "max_wal_size=32GB",
        "checkpoint_timeout=1h",
        "autovacuum=off",
    ]
