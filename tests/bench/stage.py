"""What the measurements run on: private servers and the sizes to measure."""

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
from healthcode.tools.run.postgres import Postgres
from healthcode.tools.run.state import new_secrets
from healthcode.tools.run.valkey import Valkey


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure: the people of two cities, how many of them a change touches.

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
    """Servers, a folder to throw away, and a place to say what is going on."""

    def __init__(self, folder: Path, size: Size, postgres: Postgres, valkey: Valkey) -> None:
        self.folder = folder
        self.size = size
        self.postgres = postgres
        self.valkey = valkey
        self._databases: set[str] = set()

    def say(self, sentence: str) -> None:
        """Tell whoever waits; the table goes to the standard output, this does not."""
        print(sentence, file=sys.stderr, flush=True)

    def database(self, name: str) -> str:
        """Make an empty database where there is none; its address for the service's role."""
        self.postgres.ensure_database(name)
        self._databases.add(name)
        return self.postgres.url(name)

    def clear(self) -> None:
        """Drop all databases: two cities of ten million would not lie beside each other."""
        for name in self._databases:
            self.order(f'DROP DATABASE "{name}" WITH (FORCE)')
        self._databases.clear()

    def order(self, statement: str, *, database: str = "postgres") -> None:
        """Run what only the superuser may: CHECKPOINT, VACUUM."""
        connection = psycopg2.connect(self.postgres.url(database, user="postgres"))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


@contextmanager
def stage(size: Size) -> Iterator[Stage]:
    """Start servers for the measurements, complete the environment, and stop and remove it all.

    PostgreSQL is durable as in production; only what runs by itself at moments of its own choosing
    (autovacuum, checkpoints) is kept out of the measurements, which order both themselves.
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
        os.environ["DATABASE_URL"] = postgres.url("postgres")
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
        # PostgreSQL's manual advises a quarter of the memory to begin with, and two fifths at most:
        # a city of ten million and what is written to it should have room.
        f"shared_buffers={megabytes * 2 // 5}MB",
        f"effective_cache_size={megabytes // 2}MB",
        "maintenance_work_mem=512MB",
        # A server that has run for a while has files at hand to go on with its log.
        "min_wal_size=4GB",
        "max_wal_size=32GB",
        "checkpoint_timeout=1h",
        "autovacuum=off",
    ]
