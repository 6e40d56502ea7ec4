"""What a local service keeps in its state folder besides data: its secrets and its ports."""

import base64
import fcntl
import json
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from healthcode.tools.run.children import LocalError
from healthcode.web.files import write_private


@dataclass(frozen=True)
class State:
    """The remembered choices of one state folder. `secrets` maps setting names to values."""

    folder: Path
    secrets: Mapping[str, str]
    ports: Mapping[str, int]

    @property
    def logs(self) -> Path:
        """Where the processes' own logs go."""
        return self.folder / "log"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen on `port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def new_secrets() -> dict[str, str]:
    """Fresh random values for every secret setting."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": f"k1:{key()}",
        "VAULT_INDEX_KEY": key(),
        "SIGNING_KEY_SECRET": secrets.token_urlsafe(32),
        "STATUS_INDEX_KEY": key(),
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        "VALKEY_PASSWORD": secrets.token_hex(24),
    }


def load(folder: Path) -> State:
    """The state of `folder`, made on first use; a remembered port that is taken is replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    # The demo's one-time codes stand in the logs.
    (folder / "log").mkdir(exist_ok=True, mode=0o700)
    path = folder / "state.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    ports = dict(known.get("ports", {}))
    for name in ("postgres", "valkey"):
        if name not in ports or not is_free(ports[name]):
            ports[name] = free_port()
    state = State(folder, known.get("secrets") or new_secrets(), ports)
    write_private(path, json.dumps({"secrets": dict(state.secrets), "ports": ports}, indent=2))
    return state


def lock(folder: Path) -> IO[str]:
    """Hold the state folder until the returned file is closed or this process ends.

    Raises:
        LocalError: when another service holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = (folder / "lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise LocalError(
            f"A service already runs on {folder}; stop it, or set VAR to another folder."
        ) from None
    return held
