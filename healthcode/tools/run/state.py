"""What a local service keeps in its state folder besides data: secrets and ports."""

import base64
import fcntl
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from healthcode.tools.run import ports
from healthcode.tools.run.children import LocalError
from healthcode.web.files import write_private

_FILE = "state.json"
SERVICE_PASSWORD = "POSTGRES_SERVICE_PASSWORD"  # noqa: S105 - a name, no password
DOORS_PASSWORD = "POSTGRES_DOORS_PASSWORD"  # noqa: S105 - a name, no password


@dataclass(frozen=True)
class State:
    """The stored choices of one state folder. `secrets` maps names of settings to values."""

    folder: Path
    secrets: Mapping[str, str]
    ports: dict[str, int]

    @property
    def logs(self) -> Path:
        """Return the folder for the processes' own logs."""
        return self.folder / "log"


def new_secrets() -> dict[str, str]:
    """Return fresh random values for all secret settings."""

    def key() -> str:
        return base64.b64encode(secrets.token_bytes(32)).decode()

    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "VAULT_KEYS": f"k1:{key()}",
        "VAULT_INDEX_KEY": key(),
        "SIGNING_KEY_SECRET": secrets.token_urlsafe(32),
        "STATUS_INDEX_KEY": key(),
        "LOG_KEY_SECRET": secrets.token_urlsafe(32),
        "POSTGRES_PASSWORD": secrets.token_hex(24),
        SERVICE_PASSWORD: secrets.token_hex(24),
        DOORS_PASSWORD: secrets.token_hex(24),
        "VALKEY_PASSWORD": secrets.token_hex(24),
    }


def load(folder: Path) -> State:
    """Return the state of `folder`; make it at first use, replace stored ports that are taken."""
    folder.mkdir(parents=True, exist_ok=True)
    # Private, because the demo writes its one-time codes into the logs.
    (folder / "log").mkdir(exist_ok=True, mode=0o700)
    path = folder / _FILE
    known = read_json(path) if path.exists() else {}
    chosen = dict(known.get("ports", {}))
    for name in ("postgres", "valkey"):
        if name not in chosen or not ports.reserve_this(chosen[name]):
            chosen[name] = ports.reserve()
    # A newer version may need a secret that an older one did not know.
    state = State(folder, new_secrets() | known.get("secrets", {}), chosen)
    _write(state)
    return state


def read_json(path: Path) -> Any:
    """Read a file of a state folder.

    Raises:
        LocalError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise LocalError(
            f"{path} is damaged: restore it from a copy, or set VAR to another folder."
        ) from None


def remember_port(state: State, name: str, port: int) -> None:
    """Store where a server listens, if it had to move."""
    if state.ports[name] != port:
        state.ports[name] = port
        _write(state)


def _write(state: State) -> None:
    content = {"secrets": dict(state.secrets), "ports": state.ports}
    write_private(state.folder / _FILE, json.dumps(content, indent=2))


def lock(folder: Path) -> IO[str]:
    """Lock the state folder until the returned file is closed or this process ends.

    Raises:
        LocalError: another service has locked it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = (folder / "lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.close()
        raise LocalError(
            f"Another service already uses {folder}: stop it, or set VAR to another folder."
        ) from None
    return held
