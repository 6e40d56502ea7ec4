"""The command line, run as a partner runs it: as a process."""

import base64
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.core import worlds
from tests.core.forge import NOON, STRANGER, signed
from tests.core.test_vectors import VECTORS

COMMAND = [sys.executable, "-m", "healthcode.core"]
TEN_SECONDS_LATER = "2020-02-18T12:26:50+08:00"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "trust").write_text(VECTORS["trust"]["current"])
    (tmp_path / "alliance").write_text(json.dumps(VECTORS["alliance_keys"]))
    for name in ("current", "shanghai"):
        (tmp_path / name).write_bytes(base64.b64decode(VECTORS["status"][name]))
    (tmp_path / "rules").write_text(json.dumps(VECTORS["rules"]["no paper"]))
    return tmp_path


def run(*arguments: str, given: bytes = b"", at: Path | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        [*COMMAND, *arguments], input=given, capture_output=True, cwd=at, env=_here(), check=False
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def _here() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": "", "LANG": "C"}


KNOWING = ["--trust", "trust", "--alliance", "alliance", "--at", TEN_SECONDS_LATER]
KNOWING_ALL = [*KNOWING, "--status", "current", "shanghai"]


def test_one_code_that_passes(files: Path) -> None:
    status, out, _ = run("verify", *KNOWING_ALL, signed(), at=files)

    verdict = json.loads(out)
    assert status == 0
    assert (verdict["outcome"], verdict["reason"]) == ("pass", "ok")
    assert verdict["code"]["holder"] == "张*"
    assert (verdict["age_seconds"], verdict["trust_age_seconds"]) == (10, 3610)


def test_lines_get_a_verdict_each_in_their_order(files: Path) -> None:
    cases = [case for case in VECTORS["cases"] if case["at"] == NOON + 10]
    cases = [
        case
        for case in cases
        if (case["trust"], case["rules"]) == ("current", "default")
        and case["status"] == ["current", "shanghai"]
        and "\n" not in case["text"]
    ]
    lines = b"".join(case["text"].encode("utf-8", "surrogatepass") + b"\n" for case in cases)

    status, out, _ = run("verify", *KNOWING_ALL, "-", given=lines, at=files)

    verdicts = [json.loads(line) for line in out.splitlines()]
    assert status == 1
    assert [verdict["reason"] for verdict in verdicts] == [case["reason"] for case in cases]
    assert [verdict["code"] for verdict in verdicts] == [case["code"] for case in cases]


def test_the_rules_of_a_door(files: Path) -> None:
    text = next(case["text"] for case in VECTORS["cases"] if case["name"] == "paper")

    assert run("verify", *KNOWING_ALL, text, at=files)[0] == 0
    status, out, _ = run("verify", *KNOWING_ALL, "--rules", "rules", text, at=files)
    assert (status, json.loads(out)["reason"]) == (1, "not_admitted_here")


def test_files_of_json_may_begin_with_a_byte_order_mark(files: Path) -> None:
    """Text files as people save them.

    A signed list is one word, and a byte order mark is no part of it.
    """
    text = next(case["text"] for case in VECTORS["cases"] if case["name"] == "paper")
    for name in ("alliance", "rules"):
        (files / name).write_bytes(b"\xef\xbb\xbf" + (files / name).read_bytes())
    status, out, _ = run("verify", *KNOWING_ALL, "--rules", "rules", text, at=files)
    assert (status, json.loads(out)["reason"]) == (1, "not_admitted_here")

    (files / "trust").write_text("\ufeff" + VECTORS["trust"]["current"])
    status, out, told = run("verify", *KNOWING_ALL, text, at=files)
    assert (status, out) == (2, "")
    assert told.startswith("healthcode.core: ")


def test_without_trust_nobody_is_known() -> None:
    status, out, _ = run("verify", "--at", str(NOON), signed())

    assert (status, json.loads(out)["reason"]) == (1, "unknown_issuer")


def test_decode_shows_and_does_not_judge() -> None:
    status, out, _ = run("decode", signed())
    assert status == 0
    assert json.loads(out)["code"]["colour"] == "green"

    status, out, _ = run("decode", given=b"nothing\n")
    assert status == 1
    assert "error" in json.loads(out)


@pytest.mark.parametrize(
    ("arguments", "genuine", "status"),
    [
        (["trust"], None, 0),
        (["trust", "--alliance", "alliance"], True, 0),
        (["forged", "--alliance", "alliance"], False, 1),
        (["current"], None, 0),
        (["current", "--trust", "trust", "--alliance", "alliance"], True, 0),
    ],
)
def test_inspect_explains(
    files: Path, arguments: list[str], genuine: bool | None, status: int
) -> None:
    (files / "forged").write_text(worlds.listed(worlds.trust(), STRANGER))

    found, out, _ = run("inspect", *arguments, "--at", str(NOON), at=files)

    explanation = json.loads(out)
    assert (found, explanation["genuine"]) == (status, genuine)


def test_inspect_counts_a_status_list(files: Path) -> None:
    _, out, _ = run("inspect", "current", "--at", str(NOON), at=files)

    explanation = json.loads(out)
    assert (explanation["places"], explanation["superseded"]) == (1000, 2)
    assert explanation["age_seconds"] == 60


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["judge"],
        ["verify", "--at", "yesterday", "x"],
        ["verify", "--at", "2020-02-18T12:00:00", "x"],
        ["verify", "--trust", "missing", "x"],
        ["verify", "--trust", "trust", "x"],
        ["verify", "--trust", "current", "--alliance", "alliance", "x"],
        ["verify", *KNOWING, "--status", "trust", "--", "x"],
        ["verify", "--rules", "trust", "x"],
        ["verify", "--certificates", "trust", "x"],
        ["inspect", "rules"],
    ],
    ids=" ".join,
)
def test_wrong_use_is_said_in_a_line(files: Path, arguments: list[str]) -> None:
    status, out, errors = run(*arguments, at=files)

    assert (status, out) == (2, "")
    assert "Traceback" not in errors
    assert errors


def test_a_line_of_a_megabyte_is_one_malformed_code() -> None:
    given = b"JK1:" + b"0" * (1 << 20) + b"\nJK1:\n\xff\xfe\n"

    status, out, _ = run("verify", given=given)

    reasons = [json.loads(line)["reason"] for line in out.splitlines()]
    assert (status, reasons) == (1, ["malformed"] * 3)


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads memory use from Linux's /proc")
def test_a_million_codes_take_no_more_memory_than_a_few(files: Path) -> None:
    block = signed().encode() + b"\n" + b"JK1:A\n" * 199
    with (
        (files / "verdicts").open("wb+") as verdicts,
        subprocess.Popen(
            [*COMMAND, "verify", *KNOWING_ALL, "-"],
            stdin=subprocess.PIPE,
            stdout=verdicts,
            cwd=files,
            env=_here(),
        ) as process,
    ):
        assert process.stdin is not None
        process.stdin.write(block * 100)
        early = _peak_kilobytes(process)
        for _ in range(49):
            process.stdin.write(block * 100)
        late = _peak_kilobytes(process)
        process.stdin.close()
        process.wait()
        verdicts.seek(0)
        outcomes = Counter(line[: line.index(b",")] for line in verdicts)

    assert process.returncode == 1
    assert outcomes == {b'{"outcome":"pass"': 5_000, b'{"outcome":"refuse"': 995_000}
    assert late - early < 2_000


def _peak_kilobytes(process: subprocess.Popen[Any]) -> int:
    status = Path(f"/proc/{process.pid}/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])
