"""The commands of the tutorial do what it says, on a running service."""

import json
import re
import subprocess
from pathlib import Path

from tests.live.service import LiveService

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"


def test_the_tutorials_commands_declare_and_fetch_a_code(service: LiveService) -> None:
    (script,) = re.findall(r"```sh\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    script = script.replace("http://127.0.0.1:8000", service.base_url)
    script = script.replace("var/demo.json", str(service.var / "demo.json"))
    done = subprocess.run(["bash", "-eu", "-c", script], capture_output=True, check=True, text=True)
    declared, code = re.findall(r"\{.*?\}(?=\{|$)", done.stdout, re.DOTALL)
    assert json.loads(declared)["colour"] == json.loads(code)["colour"]
    assert json.loads(code)["code"].startswith("JK1:")
