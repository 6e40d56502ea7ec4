"""Follow docs/howto/partner-onboarding.md step by step against the running service."""

import os
import re
import shlex
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.administration import administrator
from tests.verifier.authority import Authority
from verifier.models import PartnerCall

GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "partner-onboarding.md"
_BLOCK = re.compile(r"```(python|sh) ?(\S*)\n(.*?)```", re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_the_guide_leads_there(
    live_server: LiveServer, settings: Settings, tmp_path: Path, now: datetime
) -> None:
    settings.BASE_URL = live_server.url
    zhejiang = Authority()
    zhejiang.is_trusted(at=now)
    zhejiang.publishes(at=now)
    said: dict[str, list[str]] = {}
    for language, name, text in _BLOCK.findall(GUIDE.read_text(encoding="utf-8")):
        if language == "sh":
            for command in text.splitlines():
                operate(command, tmp_path)
        else:
            (tmp_path / name).write_text(text, encoding="utf-8")
            arguments = [zhejiang.code(at=now), "nonsense"] if name == "go_live.py" else []
            said[name] = run(tmp_path / name, arguments, live_server.url)
    assert list(said) == ["make_key.py", "partner.py", "test_sandbox.py", "go_live.py"]
    assert len(said["test_sandbox.py"]) > 12
    assert {line.split()[0] for line in said["test_sandbox.py"]} == {"right"}
    assert said["go_live.py"] == ["pass ok CN-33", "refuse malformed None"]
    calls = PartnerCall.objects.order_by("pk").values_list("call", "refused")
    assert [call for call, refused in calls if not refused] == [
        *("token", "sandbox", "sandbox"),
        *("token", "verify"),
    ]


def operate(text: str, folder: Path) -> None:
    """Run what the operator types, with the partner's files."""
    manage, command, *arguments = shlex.split(text)
    assert manage == "manage.py"
    known = {"public.json": str(folder / "public.json"), "$ADMINISTRATOR": "demo.administrator"}
    administrator()
    call_command(command, *(known.get(word, word) for word in arguments), verbosity=0)


def run(script: Path, arguments: list[str], service: str) -> list[str]:
    """Run the partner's script and return what it prints."""
    done = subprocess.run(
        [sys.executable, script.name, *arguments],
        cwd=script.parent,
        env={**os.environ, "SERVICE": service, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
