"""A wrong setting stops every process, and one sentence says which, why, and what to write."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from healthcode.tools.run.environment import NOWHERE, SETTINGS
from healthcode.tools.run.ports import reserve
from healthcode.tools.run.state import new_secrets
from tests.test_invariants import settings_read

ROOT = Path(__file__).resolve().parents[1]
KEY = "A" * 43 + "="
NUMBERS = ("abc", "-1", "0", "1.5", "1e99", "８", "08", " 8", "8 people", "99999999")
FLAGS = ("yes", "fasle", "2", "off")
DATABASES = (
    *("mysql://u:p@h/n", "sqlite:///x", "postgresql://", "postgresql://h/n", "x"),
    *("postgresql://u:p@h", "postgresql://u:p@h/", "postgresql://u:p@h:x/n"),
    *("postgresql://u:p@h:99999/n", "postgresql://u:p@h:5432/n m"),
)
WRONG: dict[str, tuple[str, ...]] = {
    "ISSUER": ("Zhejiang", "CN", "CN-3", "CN-03", "cn-33", "CN-33 ", "CN-33\n", "CN-３３"),
    "BASE_URL": (
        *("ftp://x", "code.example.org", "//code.example.org", "https://", "https://a b"),
        *("https://x:99999", "https://x:0", "https://x:y", "https://x/path", "https://x?a=b"),
        *("https://user@x", "https://x\n", "javascript:alert(1)", "https://例.cn"),
    ),
    "STAFF_URL": (
        "ftp://x",
        "staff.example.org",
        "https://x/staff",
        "https://x:y",
        "https://user@x",
    ),
    "STATUS_BASE_URL": (
        "ftp://x",
        "s.example.org",
        "https://x/a?b=c",
        "https://x/a#b",
        "https://x:y",
    ),
    "ALLOWED_HOSTS": ("https://x", "a b", "a,,b", "a:80", "a/b", "a;b", "*.example.org"),
    "BEHIND_PROXY": FLAGS,
    "DEMO": FLAGS,
    "FETCH_PRIVATE": FLAGS,
    "DEBUG": FLAGS,
    "LOG_LEVEL": ("info", "TRACE", "20", "INFO "),
    "SECRET_KEY": ("x", "short" * 9, "a" * 64, "ab" * 40),
    "VAULT_KEYS": (
        *("x", "k1", f":{KEY}", f"k1:{KEY[:-2]}=", "k1:c2hvcnQ=", f"k1:{KEY},k1:{KEY}"),
        *(f"k1:{KEY};k2:{KEY}", f"k1:{KEY},", f"k 1:{KEY}", f"{'k' * 33}:{KEY}", f"k1:{KEY}\n"),
    ),
    "VAULT_INDEX_KEY": ("x", "not base64!", "c2hvcnQ=", f"{KEY}{KEY}", f"{KEY}\n"),
    "SIGNING_KEY_SECRET": ("x", "a" * 16 + ",", "a" * 16 + ",short", "with blanks in it, yes"),
    "LOG_KEY_SECRET": ("x", "a" * 16 + ",", "a" * 16 + ",short", "with blanks in it, yes"),
    "STATUS_INDEX_KEY": ("x", "not base64!", "c2hvcnQ=", f"{KEY}{KEY}"),
    "DATABASE_URL": DATABASES,
    "DATABASE_OWNER_URL": DATABASES,
    "DATABASE_DOORS_ROLE": ("Doors", "1st", "a b", "a-b", "d" * 64, "d;"),
    "PROCESS_ROLE": ("door", "web", "Doors", "doors "),
    "BROKER_URL": ("http://h", "redis:", "redis://", "redis://h:99999/0", "memory://x", "h:6379"),
    "SMS_SENDER": ("Sender", "a.b c", "a..b", ".a.b", "1.2", "a/b.c"),
    "IDENTITY_CHECK": ("Check", "a.b c", "a..b", ".a.b", "1.2", "a/b.c"),
    "REQUESTS_AT_ONCE": NUMBERS,
    "PROMETHEUS_MULTIPROC_DIR": ("relative", "/no/such/folder", "/etc/hostname"),
    "TRUST_LIST": ("trust.jws", "ftp://x/list", "http://", "https://a b/list"),
    "ALLIANCE_KEYS": ("alliance.json", "https://x/keys"),
    "LOG_POLICY": ("policy", "https://x/policy"),
    "WITNESSED_LOGS": ("logs", "https://x/logs"),
    "OTP_PER_ADDRESS_HOURLY": NUMBERS,
    "SMS_COUNTRIES": ("+86", "86 852", "86,", ",86", "086", "8600", "China"),
    "CODES_PER_HOUR": ("abc", "-1", "0", "1.5", "1e99", "８", "08", "8 codes"),
    "CODES_PER_DAY": ("abc", "-1", "0", "1.5", "1e99", "８", "08", "8 codes"),
    "LIVE_CODE_SECONDS": (*NUMBERS, "29", "86401"),
    "PAPER_CODE_SECONDS": (*NUMBERS, "59", "1209601"),
    "SCAN_RETENTION_DAYS": NUMBERS,
    "EVIDENCE_RETENTION_DAYS": NUMBERS,
    "COLOUR_RETENTION_DAYS": NUMBERS,
    "ACCOUNT_RETENTION_DAYS": NUMBERS,
    "STATISTICS_MIN_GROUP": (*NUMBERS, "1"),
}
HIDDEN = {
    *("SECRET_KEY", "VAULT_KEYS", "VAULT_INDEX_KEY"),
    *("SIGNING_KEY_SECRET", "STATUS_INDEX_KEY", "LOG_KEY_SECRET"),
}
REQUIRED = re.findall(
    r'required(?:_unless_doors)?\("(\w+)"', (ROOT / "healthcode" / "settings.py").read_text()
)
CELERY = ["-m", "celery", "--quiet", "-A", "healthcode.celery"]
PROCESSES = {
    "web": ["-m", "granian", "--interface", "asgi", "--factory", "healthcode.asgi:begin"],
    "worker": [*CELERY, "worker", "--concurrency=1"],
    "beat": [*CELERY, "beat", "--pidfile="],
    "command": [str(ROOT / "manage.py"), "list_keys"],
    "migrate": [str(ROOT / "manage.py"), "migrate"],
    "prepare": ["-m", "healthcode.tools.run.prepare", "demo.json"],
}


def complete() -> dict[str, str]:
    """Return settings with which a process would start if it had servers."""
    return SETTINGS | NOWHERE | new_secrets()


def refusal(monkeypatch: pytest.MonkeyPatch, **changes: str) -> str:
    """Return what the settings say when read with these values; "" when they accept them."""
    for name in settings_read():
        monkeypatch.delenv(name, raising=False)
    for name, value in (complete() | changes).items():
        monkeypatch.setenv(name, value)
    try:
        runpy.run_path(str(ROOT / "healthcode" / "settings.py"))
    except SystemExit as end:
        return str(end.code)
    return ""


def test_complete_settings_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch) == ""


def test_every_setting_is_tried() -> None:
    assert set(WRONG) == settings_read()


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    sentence = refusal(monkeypatch, **{name: value})
    assert sentence.startswith(f"{name} is "), sentence
    assert ": write " in sentence
    assert sentence.count("\n") == 0
    if name in HIDDEN and len(value) > 1:
        assert value.strip() not in sentence


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", ["", None])
def test_what_is_required_has_no_default(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    sentence = refusal(monkeypatch, **{name: value or ""})
    assert re.fullmatch(rf"{name} is not set: write .+ \(docs/reference/settings.md\)\.", sentence)


@pytest.mark.parametrize("name", sorted(set(WRONG) - set(REQUIRED)))
def test_empty_is_as_unset(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """compose.yaml passes an empty value for a variable that `.env` does not name."""
    assert refusal(monkeypatch, **{name: ""}) == ""


def test_without_names_of_hosts_the_own_one_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (complete() | {"BASE_URL": "https://code.example.org:444"}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ALLOWED_HOSTS")
    monkeypatch.delenv("STAFF_URL")
    found = runpy.run_path(str(ROOT / "healthcode" / "settings.py"))
    assert found["ALLOWED_HOSTS"] == ["code.example.org", "127.0.0.1"]


@pytest.mark.live
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"BASE_URL": "ftp://x"}, "BASE_URL is 'ftp://x', which does not fit: write https://"),
        ({"SMS_SENDER": "no.such.Sender"}, "SMS_SENDER: there is no no.such.Sender."),
        ({"IDENTITY_CHECK": "no.such.Check"}, "IDENTITY_CHECK: there is no no.such.Check."),
        ({"STATUS_INDEX_KEY": ""}, "SIGNING_KEY_SECRET and STATUS_INDEX_KEY go together"),
        ({"TRUST_LIST": "/x"}, "TRUST_LIST is set, but not ALLIANCE_KEYS"),
    ],
)
def test_no_process_starts(
    process: str, wrong: dict[str, str], sentence: str, tmp_path: Path
) -> None:
    """Each fault stops it, in one setting or between two, without a traceback."""
    outside = {name: value for name, value in os.environ.items() if name not in complete()}
    port = {"GRANIAN_PORT": str(reserve())}

    ended = subprocess.run(
        [sys.executable, *PROCESSES[process]],
        env=outside | port | {"PYTHONPATH": str(ROOT)} | complete() | wrong,
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert said.count(sentence) == 1, said
    assert "Traceback" not in said
