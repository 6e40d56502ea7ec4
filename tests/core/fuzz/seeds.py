"""Write the inputs from which fuzzing starts: every vector, for the target that reads it.

Run `python -m tests.core.fuzz.seeds FOLDER`.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.core.forge import bytes_of
from tests.core.fuzz.targets import TARGETS
from tests.core.test_vectors import VECTORS

MAX_BYTES = 2_000
NAMES = sorted(TARGETS)


def seeds() -> Iterator[bytes]:
    """Yield all inputs of a size that is worth mutating."""
    yield from (seed for seed in _seeds() if len(seed) <= MAX_BYTES)


def _seeds() -> Iterator[bytes]:
    for case in VECTORS["cases"]:
        text = case["text"].encode("utf-8", "surrogatepass")
        yield _for("code_text", text)
    for case in VECTORS["cases"]:
        if case["code"] is not None:
            yield _for("code_bytes", bytes_of(case["text"]))
    for token in VECTORS["status_lists"]:
        yield _for("status_token", base64.b64decode(token["token"]))
    for token in VECTORS["trust_lists"]:
        yield _for("trust_list", token["token"].encode())
    yield _for("jwk_set", json.dumps(VECTORS["alliance_keys"]).encode())
    for rules in VECTORS["rules"].values():
        yield _for("rules", json.dumps(rules).encode())


def _for(target: str, data: bytes) -> bytes:
    return bytes([NAMES.index(target)]) + data


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (folder / hashlib.sha256(seed).hexdigest()[:40]).write_bytes(seed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
