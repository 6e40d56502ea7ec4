"""The commands with which an alliance edits and signs its list, on real files and a real server."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from healthcode import core
from healthcode.alliance.__main__ import main
from healthcode.alliance.folder import AllianceError, Folder
from healthcode.core import Colour, Outcome
from tests.core.forge import SHANGHAI, ZHEJIANG, NamedKey

SECRET = "correct horse battery staple"
WELL_KNOWN = "/.well-known/health-code/"
Run = Callable[..., int]


@dataclass
class PublishingProvince:
    """What an issuer publishes, on its own web server."""

    name: str
    base_url: str = ""
    bodies: dict[str, bytes] = field(default_factory=dict)

    def publish(self, *signers: NamedKey) -> None:
        keys = core.jwk_set([signer.key() for signer in signers])
        document = {"issuer": self.name, "jwks_uri": f"{self.base_url}{WELL_KNOWN}keys"}
        self.bodies[WELL_KNOWN] = json.dumps(document).encode()
        self.bodies[f"{WELL_KNOWN}keys"] = json.dumps(keys).encode()


@pytest.fixture
def province() -> Iterator[PublishingProvince]:
    """Shanghai, with one key."""
    site = PublishingProvince("CN-31")

    class ProvinceHandler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = site.bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), ProvinceHandler)
    site.base_url = f"http://127.0.0.1:{server.server_port}"
    # The argument is how often, in seconds, the server checks whether it should stop.
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    site.publish(SHANGHAI)
    yield site
    server.shutdown()
    server.server_close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "alliance"


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that runs one command on the folder and returns its exit status."""
    monkeypatch.setenv("ALLIANCE_KEY_SECRET", SECRET)

    def run(command: str, *arguments: str) -> int:
        return main([command, str(folder), *arguments])

    assert run("create") == 0
    return run


def add(run: Run, province: PublishingProvince, *more: str) -> int:
    title, contact = "上海市", "health-code@sh.example"
    return run(
        "add", province.name, province.base_url, "--title", title, "--contact", contact, *more
    )


def held(folder: Path) -> core.Trust:
    """Read the list as a verifier does, with only the public key."""
    keys = core.parse_jwk_set((folder / "alliance.json").read_bytes())
    return core.parse_trust_list((folder / "trust.jws").read_bytes(), keys, int(time.time()))


def test_a_list_is_made_shown_and_signed(
    run: Run, folder: Path, province: PublishingProvince, capsys: pytest.CaptureFixture[str]
) -> None:
    assert add(run, province, "--honours", "green=caution,red=refuse") == 0
    assert SHANGHAI.key().kid.hex() in capsys.readouterr().out
    assert run("sign", "--yes", "--days", "3") == 0
    assert "+ CN-31" in capsys.readouterr().out

    trust = held(folder)
    shanghai = trust.issuers["CN-31"]
    assert (trust.sequence, shanghai.keys) == (1, (SHANGHAI.key(),))
    assert trust.expires_at == trust.as_of + 3 * 24 * 3600
    assert shanghai.honours == {Colour.GREEN: Outcome.CAUTION, Colour.RED: Outcome.REFUSE}
    assert shanghai.status_lists == (f"{province.base_url}{WELL_KNOWN}",)
    assert (shanghai.title, shanghai.contact) == ("上海市", "health-code@sh.example")


def test_a_withdrawn_key_and_a_member_leave_with_the_next_list(
    run: Run, folder: Path, province: PublishingProvince, capsys: pytest.CaptureFixture[str]
) -> None:
    add(run, province)
    run("sign", "--yes")
    province.publish(ZHEJIANG)
    assert run("renew", "CN-31") == 0
    capsys.readouterr()
    assert run("difference") == 0
    shown = capsys.readouterr().out
    assert "CN-31 keys: " in shown
    assert core.keys.to_base64url(ZHEJIANG.key().kid) in shown
    assert held(folder).issuers["CN-31"].keys == (SHANGHAI.key(),), "not before it is signed"

    assert run("sign", "--yes") == 0
    assert held(folder).issuers["CN-31"].keys == (ZHEJIANG.key(),)
    assert run("remove", "CN-31") == 0
    assert run("sign", "--yes") == 0
    assert (held(folder).sequence, dict(held(folder).issuers)) == (3, {})


def test_nothing_is_signed_without_being_asked(
    run: Run, folder: Path, province: PublishingProvince, capsys: pytest.CaptureFixture[str]
) -> None:
    add(run, province)
    assert run("sign") == 1
    assert "Nothing was signed" in capsys.readouterr().err
    assert not (folder / "trust.jws").exists()


def test_an_old_copy_of_the_folder_does_not_go_backwards(
    run: Run, folder: Path, province: PublishingProvince, capsys: pytest.CaptureFixture[str]
) -> None:
    add(run, province)
    run("sign", "--yes")
    backup = (folder / "trust.jws").read_bytes()
    run("remove", "CN-31")
    run("sign", "--yes")
    province.bodies["/trust.jws"] = (folder / "trust.jws").read_bytes()
    (folder / "trust.jws").write_bytes(backup)
    capsys.readouterr()
    assert run("sign", "--yes", "--published", f"{province.base_url}/trust.jws") == 1
    assert "verifiers have list 2, this folder only 1" in capsys.readouterr().err
    assert (folder / "trust.jws").read_bytes() == backup


def test_a_clock_that_went_backwards_signs_nothing(run: Run, folder: Path) -> None:
    run("sign", "--yes")
    before = held(folder).as_of
    with pytest.raises(core.WentBackwards):
        Folder(folder).sign(secret=SECRET.encode(), at=before - 30, until=before + 3600)


def test_a_list_of_another_alliance_is_refused(
    run: Run, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("sign", "--yes")
    other = tmp_path / "other"
    assert main(["create", str(other)]) == 0
    assert main(["sign", str(other), "--yes"]) == 0
    (folder / "trust.jws").write_bytes((other / "trust.jws").read_bytes())
    assert run("sign", "--yes") == 1


def test_the_key_is_sealed_and_kept_from_others(run: Run, folder: Path) -> None:
    assert b"ENCRYPTED PRIVATE KEY" in (folder / "alliance.pem").read_bytes()
    assert (folder / "alliance.pem").stat().st_mode & 0o077 == 0
    assert b'"d"' not in (folder / "alliance.json").read_bytes()
    now = int(time.time())
    with pytest.raises(AllianceError, match="does not decrypt"):
        Folder(folder).sign(secret=b"wrong", at=now, until=now + 3600)
    assert run("create") == 1


def test_the_alliances_key_is_followed_by_another_with_overlap(
    run: Run, folder: Path, province: PublishingProvince
) -> None:
    add(run, province)
    run("sign", "--yes")
    (old,) = core.parse_jwk_set((folder / "alliance.json").read_bytes())
    assert run("switch-key") == 1, "none is prepared"
    assert run("prepare-key") == 0
    assert run("prepare-key") == 1, "one is enough"
    given_out = core.parse_jwk_set((folder / "alliance.json").read_bytes())
    run("sign", "--yes")
    signed_by_old = (folder / "trust.jws").read_bytes()
    now = int(time.time())
    assert core.parse_trust_list(signed_by_old, [old], now).sequence == 2

    assert run("switch-key") == 0
    assert held(folder).sequence == 2, "what the old key signed still counts"
    assert run("sign", "--yes") == 0
    token = (folder / "trust.jws").read_bytes()
    assert core.parse_trust_list(token, given_out, now).sequence == 3, "with the keys given out"
    with pytest.raises(core.NotTrusted):
        core.parse_trust_list(token, [old], now)
    ended, successor = core.parse_jwk_set((folder / "alliance.json").read_bytes())
    assert ended.kid == old.kid
    assert ended.not_after is not None
    assert successor.not_after is None
    assert not (folder / "alliance-next.pem").exists()


def test_wrong_arguments_are_refused_with_a_sentence(
    run: Run, province: PublishingProvince, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong: list[tuple[Any, ...]] = [
        ("remove", "CN-99"),
        ("renew", "CN-99"),
        ("sign", "--yes", "--days", "0"),
        ("add", "CN-33", province.base_url, "--title", "浙江省", "--contact", ""),
        ("add", "CN-31", "http://127.0.0.1:1", "--title", "上海市", "--contact", ""),
    ]
    for command in wrong:
        assert run(*command) == 1, command
        assert capsys.readouterr().err.startswith("healthcode.alliance: ")
    with pytest.raises(SystemExit, match="2"):
        add(run, province, "--honours", "green=maybe")
    assert Folder(folder).draft() == {}


def test_it_runs_without_settings_or_secret(folder: Path) -> None:
    """Signing for an alliance needs no database and no service."""
    ran = subprocess.run(
        [sys.executable, "-m", "healthcode.alliance", "create", str(folder)],
        env={"PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "Set ALLIANCE_KEY_SECRET" in ran.stderr
