"""The page brings every sentence that its script asks for by name."""

import re
from pathlib import Path
from typing import Final

import pytest

from healthcode.evidence.certificate_pages import PHRASES as CERTIFICATE
from verifier.doors.pages import PHRASES as SCANNER
from verifier.doors.pages import _sentences

ROOT: Final = Path(__file__).resolve().parents[2]
NAMED: Final = re.compile(r"""(?:phrase\(|phrase: |CameraFailure\(|report\([^()]*, )"([\w-]+)\"""")
REASONS: Final = re.compile(r'Error: "([\w-]+)"')
CAMERA: Final = (
    "healthcode/web/frontend/shared/camera.ts",
    "healthcode/web/frontend/shared/reader.ts",
)
PAGES: Final = {
    "verifier/doors/frontend": {*SCANNER, *_sentences()},
    "healthcode/evidence/frontend": set(CERTIFICATE),
}


@pytest.mark.parametrize("folder", PAGES)
def test_every_phrase_that_a_script_names_is_on_its_page(folder: str) -> None:
    own = "".join(path.read_text("utf-8") for path in (ROOT / folder).rglob("*.ts"))
    shared = "".join((ROOT / path).read_text("utf-8") for path in CAMERA)
    named = {*NAMED.findall(own), *NAMED.findall(shared), *REASONS.findall(shared)}
    assert len(named) > 5, "nothing is found"
    assert sorted(named - PAGES[folder]) == []
