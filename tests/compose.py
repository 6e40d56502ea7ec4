"""The containers of compose.yaml as processes on this machine."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[1]
OURS: Final = ("migrate", "web", "doors", "witness", "worker", "beat")
SECRETS: Final = (
    *("SECRET_KEY", "VAULT_KEYS", "VAULT_INDEX_KEY"),
    *("SIGNING_KEY_SECRET", "STATUS_INDEX_KEY", "LOG_KEY_SECRET"),
)
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::(\?)|:-((?:[^{}]|\$\{\w+\})*))\}")


def containers() -> dict[str, Any]:
    """Return the services of compose.yaml with its anchors resolved."""
    document = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    services: dict[str, Any] = document["services"]
    return services


def environment_of(container: str, dotenv: Mapping[str, str], *, postgres: int) -> dict[str, str]:
    """Return the environment of a container, with a database server at a port of this machine.

    `dotenv` is what an operator writes into the file `.env`.
    """
    said = {name: str(text) for name, text in containers()[container]["environment"].items()}
    server = f"@127.0.0.1:{postgres}/"
    return {
        name: filled(text, dotenv).replace("@postgres:5432/", server) for name, text in said.items()
    }


def filled(text: str, dotenv: Mapping[str, str]) -> str:
    """Put the values of variables into a text, as Compose does."""

    def value(found: re.Match[str]) -> str:
        name, is_required, default = found.groups()
        if dotenv.get(name):
            return dotenv[name]
        assert not is_required, f"{name} is missing in .env"
        return re.sub(r"\$\{(\w+)\}", lambda other: dotenv[other[1]], default)

    return _VARIABLE.sub(value, text)
