"""Inclusion and consistency proofs, right and wrong, of transparency-dev/merkle."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from healthcode.core.errors import ProofFails
from healthcode.core.log.merkle import check_consistency, check_inclusion
from tests.conformance import Finding, compare


def run(path: Path) -> Iterator[Finding]:
    for file in sorted(path.glob("*/*/*.json")):
        vector = json.loads(file.read_text("utf-8"))
        name = str(file.relative_to(path).with_suffix(""))
        check = _inclusion if file.parts[-3] == "inclusion" else _consistency
        try:
            check(vector)
            refused = False
        except ProofFails:
            refused = True
        yield compare(name, vector["wantErr"], refused)


def _inclusion(vector: dict[str, Any]) -> None:
    check_inclusion(
        leaf=base64.b64decode(vector["leafHash"]),
        index=vector["leafIdx"],
        size=vector["treeSize"],
        proof=_hashes(vector),
        expected=base64.b64decode(vector["root"]),
    )


def _consistency(vector: dict[str, Any]) -> None:
    check_consistency(
        old=vector["size1"],
        new=vector["size2"],
        old_root=base64.b64decode(vector["root1"]),
        new_root=base64.b64decode(vector["root2"]),
        proof=_hashes(vector),
    )


def _hashes(vector: dict[str, Any]) -> list[bytes]:
    return [base64.b64decode(text) for text in vector["proof"] or []]
