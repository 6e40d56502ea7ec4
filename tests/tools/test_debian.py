"""Debian's packages are installed where possible; otherwise a sentence says what to do."""

import os
import shutil

import pytest

from healthcode.tools.run import debian
from healthcode.tools.run.debian import main


def test_without_its_rights_or_apt_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = (
        "no-such-package must be installed. On Debian, as root: apt-get install no-such-package\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: 1000)
        assert main("no-such-package") == 1
    assert capsys.readouterr().err == said
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "which", lambda name: None)
        assert main("no-such-package") == 1
    assert capsys.readouterr().err == said


def test_nothing_happens_where_all_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_is_installed", lambda package: True)
    assert main("pgbouncer", "rabbitmq-server") == 0
