"""Base45 (RFC 9285), tested through the texts of codes."""

import json
from collections.abc import Iterator
from pathlib import Path

from healthcode.core import CoreError, codes
from tests.conformance import Finding, compare


def run(path: Path) -> Iterator[Finding]:
    document = json.loads(path.read_text(encoding="utf-8"))
    for vector in document["encode_decode"]:
        data = bytes.fromhex(vector["bytes_hex"])
        yield compare(f"encode {vector['base45']}", vector["base45"], codes.to_text("", data))
        yield compare(f"decode {vector['base45']}", data, codes.from_text("", vector["base45"]))
    for text in document["must_reject"]:
        yield compare(f"reject {text}", False, _reads(text))


def _reads(text: str) -> bool:
    try:
        codes.from_text("", text)
    except CoreError:
        return False
    return True
