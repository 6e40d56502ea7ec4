"""Start servers of larger installations from Debian's packages: PgBouncer, RabbitMQ and nginx."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from healthcode.tools.run.ports import reserve

PATIENCE_SECONDS = 60
# Debian's wrapper changes the user; this is the program that it runs.
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


@contextmanager
def pgbouncer(folder: Path, database: str) -> Iterator[str]:
    """Start a PgBouncer in transaction mode in front of `database` (a URL); yield its own URL."""
    there = urlsplit(database)
    port = reserve()
    folder.mkdir()
    (folder / "users.txt").write_text(f'"{there.username}" "{there.password}"\n')
    (folder / "pgbouncer.ini").write_text(
        f"""[databases]
* = host={there.hostname} port={there.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 10
max_client_conn = 200
"""
    )
    command = ["pgbouncer", "-q", str(folder / "pgbouncer.ini")]
    if os.geteuid() == 0:
        # PgBouncer refuses to run as root. The folder belongs to the tests and is short-lived.
        open_to_all(folder)
        command[1:1] = ["-u", "nobody"]
    with running(command, folder, port=port):
        yield there._replace(netloc=f"{there.username}:{there.password}@127.0.0.1:{port}").geturl()


@contextmanager
def rabbitmq(folder: Path) -> Iterator[str]:
    """Start a RabbitMQ of one node; yield its URL."""
    port, distribution = reserve(), reserve()
    folder.mkdir()
    (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\n")
    (folder / "plugins").write_text("[].\n")
    settings = {
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"tests{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "ERL_EPMD_PORT": str(reserve()),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
    }
    with running([str(RABBITMQ)], folder, port=port, environment=settings):
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    # Erlang's directory of nodes (epmd) goes into the background by itself.
    subprocess.run(["epmd", "-kill"], env=os.environ | settings, check=True, capture_output=True)


@contextmanager
def nginx(folder: Path, *, web: int, doors: int = 0, witness: int = 0) -> Iterator[int]:
    """Start nginx as in docs/howto/nginx.conf, but without TLS and with other addresses.

    By default, the web process does the work of doors and witness, too. Yield the port.
    """
    port = reserve()
    folder.mkdir()
    howto = Path(__file__).resolve().parents[2] / "docs" / "howto"
    (folder / "unavailable.html").write_bytes((howto / "unavailable.html").read_bytes())
    example = (howto / "nginx.conf").read_text()
    for said, here in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "127.0.0.1:8000": f"127.0.0.1:{web}",
        "127.0.0.1:8001": f"127.0.0.1:{doors or web}",
        "127.0.0.1:8002": f"127.0.0.1:{witness or web}",
        "/etc/nginx/healthcode": str(folder),
        "/var/cache/nginx/healthcode": f"{folder}/cache",
        "/var/log/nginx/healthcode.log": f"{folder}/access.log",
        "X-Forwarded-Proto $scheme": "X-Forwarded-Proto https",
    }.items():
        assert said in example, said
        example = example.replace(said, here)
    example = "\n".join(line for line in example.split("\n") if " ssl_" not in line)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user} daemon off; pid {folder}/pid; error_log {folder}/error.log;\n"
        "events { worker_connections 4096; }\n"
        f"http {{ client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxied;\n"
        f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n"
        f"{example} }}\n"
    )
    if os.geteuid() == 0:
        open_to_all(folder)
    with running(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port=port):
        yield port


@contextmanager
def running(
    command: list[str], folder: Path, *, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """Run a server, wait until it listens, and later stop it with everything that it started."""
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=os.environ | dict(environment or {}),
            cwd=folder,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not listens(port):
            said = (folder / "output").read_text(errors="replace")[-2000:]
            assert process.poll() is None, f"It ended at once:\n{said}"
            assert time.monotonic() < deadline, f"It does not listen:\n{said}"
            time.sleep(0.2)
        yield
    finally:
        stop_group(process)


def stop_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and the processes that it started."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(20)
    # The process itself, or what it left: each started as its own session.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def listens(port: int) -> bool:
    """Return whether a server answers at this port."""
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def open_to_all(folder: Path) -> None:
    """Let every user read the files in a folder, and pass through the folders above it."""
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755)
    for path in folder.parents:
        if path.stat().st_uid == os.geteuid() and path != Path("/"):
            path.chmod(path.stat().st_mode | 0o011)


def wait_until_listening(port: int) -> None:
    """Wait for a server that somebody else started and watches."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not listens(port):
        assert time.monotonic() < deadline, f"Nobody listens at port {port}."
        time.sleep(0.2)
