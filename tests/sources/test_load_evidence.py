"""`manage.py load_evidence` loads files of any length, and can be repeated."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from healthcode.colours.models import Recomputation
from healthcode.evidence.models import Evidence
from healthcode.sources.management.commands import load_evidence
from tests.evidence.conftest import World


def lines(world: World, count: int) -> list[str]:
    """Return lines of negative tests with references."""
    return [
        json.dumps(
            {
                "person": world.person.pk,
                "result": "negative",
                "sampled_at": "2020-02-24",
                "reference": f"lab-{n}",
            }
        )
        for n in range(count)
    ]


def load(file: Path, source: str = "hospital") -> tuple[str, str]:
    """Run the command; return its output and its errors."""
    out, err = StringIO(), StringIO()
    call_command("load_evidence", "tests", str(file), source=source, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_loading_twice_stores_once(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_evidence, "LINES_A_BATCH", 4)
    file = tmp_path / "tests.ndjson"
    file.write_text("\n".join(lines(world, 10)))
    for _ in range(2):
        assert load(file) == ("10 lines accepted, 0 refused.\n", "")
    assert Evidence.objects.count() == 10
    assert Recomputation.objects.filter(cause="evidence").count() == 3


def test_refused_lines_are_told_by_number_and_the_others_stored(
    world: World, tmp_path: Path
) -> None:
    file = tmp_path / "tests.ndjson"
    file.write_text("\n".join([*lines(world, 2), "{", "", *lines(world, 3)[2:]]))
    out, err = StringIO(), StringIO()
    with pytest.raises(CommandError, match="refused"):
        call_command("load_evidence", "tests", str(file), source="hospital", stdout=out, stderr=err)
    assert out.getvalue() == "3 lines accepted, 1 refused.\n"
    result = json.loads(err.getvalue())
    assert (result["line"], result["problem"]["type"]) == (3, "/problems/malformed-json")
    assert Evidence.objects.count() == 3


@pytest.mark.parametrize(
    ("source", "file", "sentence"),
    [
        ("nobody", "tests.ndjson", "no source account"),
        ("officer", "tests.ndjson", "no source account"),
        ("hospital", "missing.ndjson", "No such file"),
    ],
)
def test_what_is_missing_is_said(
    world: World, tmp_path: Path, source: str, file: str, sentence: str
) -> None:
    (tmp_path / "tests.ndjson").write_text("")
    with pytest.raises(CommandError, match=sentence):
        load(tmp_path / file, source)
