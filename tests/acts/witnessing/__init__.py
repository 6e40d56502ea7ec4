"""What tests of witnesses share: a log of another province, and how it asks for a cosignature."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.test import Client

from healthcode.acts.witnessing.services import SPLIT_VIEWS
from healthcode.core.log.notes import NoteKey
from healthcode.core.log.witness import AddCheckpoint, encode_request
from tests.core.log.trees import MemoryLog

PREFIX = "/.well-known/health-code/witness"


def log_of(size: int) -> MemoryLog:
    """Return a log with so many leaves."""
    log = MemoryLog()
    log.append(*(str(number).encode() for number in range(size)))
    return log


def fork_of(log: MemoryLog) -> MemoryLog:
    """Return the same log, which from now on can get other leaves under the same keys."""
    return MemoryLog(log.signers, log.origin, list(log.entries), dict(log.files))


def watch(file: Path, *logs: MemoryLog) -> None:
    """Write the file that WITNESSED_LOGS names."""
    lines = [f"log {signer.key}" for log in logs for signer in log.signers]
    file.write_text("\n".join([*lines, "quorum none", ""]))


def request_for(log: MemoryLog, old: int) -> bytes:
    """Return the body with which the log asks to cosign its newest checkpoint."""
    return encode_request(AddCheckpoint(old, tuple(log.consistency(old)), log.note()))


@dataclass(frozen=True)
class Asked:
    """What a witness answered."""

    status: int
    media_type: str
    text: str

    @property
    def slug(self) -> str:
        """Return the name of the problem; "" if the answer is no problem document."""
        if not self.media_type.endswith("json"):
            return ""
        return str(json.loads(self.text)["type"]).rpartition("/")[2]


def ask(body: bytes, **extra: Any) -> Asked:
    """Send a body to the witness of this service."""
    extra = {"content_type": "text/plain"} | extra
    answer = Client().post(f"{PREFIX}/add-checkpoint", data=body, **extra)
    return Asked(answer.status_code, answer.headers["Content-Type"], answer.content.decode())


def cosigned(log: MemoryLog) -> bytes | None:
    """Return what the witness publishes about a log."""
    name = hashlib.sha256(log.origin.encode()).hexdigest()
    answer = Client().get(f"{PREFIX}/{name}/checkpoint")
    return answer.content if answer.status_code == 200 else None


def split_views() -> float:
    """Return how many split views the metrics count so far."""
    return float(SPLIT_VIEWS._value.get())


def by_name(keys: list[NoteKey]) -> dict[str, NoteKey]:
    return {f"witness-{number}": key for number, key in enumerate(keys)}
