"""Loading document signers is an act; no file withdraws or restores a signer unnoticed."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Role
from healthcode.acts.models import Act
from healthcode.evidence.models import DocumentSigner
from healthcode.web.days import day_of
from tests.acts import SENT_GROUND
from tests.evidence.conftest import World, staff
from tests.evidence.ministry import GERMANY, TESTS_ONLY, Ministry

pytestmark = pytest.mark.clock

FRANCE = Ministry("FR")
FORMER = Ministry("DE", name="former", lasts=-timedelta(days=1))
NAMELESS = Ministry("AT", names_country=False)

LoadSigners = Callable[..., str]


@pytest.fixture
def load(world: World, tmp_path: Path) -> LoadSigners:
    """Return a function that loads signers and returns what the command printed."""

    def run(*content: Ministry | bytes, **options: Any) -> str:
        file, out = tmp_path / "signers.pem", StringIO()
        file.write_bytes(b"".join(c if isinstance(c, bytes) else c.pem for c in content))
        given = {"officer": "officer", **SENT_GROUND, "yes": True, **options}
        call_command("load_document_signers", str(file), stdout=out, **given)
        return out.getvalue()

    return run


def counting() -> set[tuple[str, bytes]]:
    rows = DocumentSigner.objects.filter(withdrawn_by__isnull=True)
    return {(row.country, bytes(row.kid)) for row in rows}


def test_a_file_is_taken_over_as_an_act(load: LoadSigners) -> None:
    only_tests = Ministry("FR", name="laboratories", usages=(TESTS_ONLY,))
    output = load(GERMANY, FRANCE, only_tests)
    assert f"+ DE {GERMANY.kid.hex()} until " in output
    ends = only_tests.certificate.not_valid_after_utc
    assert f"+ FR {only_tests.kid.hex()} until {day_of(ends)} for test\n" in output
    assert "3 new (DE 1, FR 2), 0 not in the file." in output
    assert counting() == {("DE", GERMANY.kid), ("FR", FRANCE.kid), ("FR", only_tests.kid)}
    act = Act.objects.get(kind="signers-changed")
    assert (act.account.username, act.area, act.ground) == (
        "officer",
        "33",
        SENT_GROUND["ground"],
    )
    assert set(act.detail["added"]) == {
        f"DE {GERMANY.kid.hex()}",
        f"FR {FRANCE.kid.hex()}",
        f"FR {only_tests.kid.hex()}",
    }


def test_the_same_file_again_changes_nothing(load: LoadSigners) -> None:
    load(GERMANY)
    assert "No signer changes." in load(GERMANY, GERMANY)
    assert Act.objects.filter(kind="signers-changed").count() == 1


def test_without_anybody_to_ask_nothing_is_written(load: LoadSigners) -> None:
    with pytest.raises(CommandError, match="--yes"):
        load(GERMANY, yes=False)
    assert not counting()


def test_a_file_that_lacks_some_is_refused_until_it_is_said_what_that_means(
    load: LoadSigners,
) -> None:
    load(GERMANY, FRANCE)
    with pytest.raises(CommandError, match="1 signers that count now are not in the file"):
        load(GERMANY)
    assert len(counting()) == 2
    load(GERMANY, keep_missing=True)
    assert len(counting()) == 2
    output = load(GERMANY, drop_missing=True)
    assert f"- FR {FRANCE.kid.hex()}" in output
    assert counting() == {("DE", GERMANY.kid)}
    assert DocumentSigner.objects.get(country="FR").withdrawn_by is not None


def test_the_list_of_one_country_leaves_the_others_alone(load: LoadSigners) -> None:
    load(GERMANY, FRANCE)
    load(NAMELESS, country="AT")
    load(Ministry("DE", name="next"), GERMANY, country="DE")
    assert {country for country, _kid in counting()} == {"DE", "FR", "AT"}
    assert len(counting()) == 4


def test_what_was_withdrawn_comes_back_only_by_name(load: LoadSigners) -> None:
    load(GERMANY, FRANCE)
    load(GERMANY, drop_missing=True)
    assert f"! FR {FRANCE.kid.hex()} was withdrawn here and stays withdrawn" in load(
        GERMANY, FRANCE
    )
    assert counting() == {("DE", GERMANY.kid)}
    load(GERMANY, FRANCE, restore=[FRANCE.kid])
    assert counting() == {("DE", GERMANY.kid), ("FR", FRANCE.kid)}
    assert DocumentSigner.objects.filter(country="FR").count() == 2


def test_those_whose_time_has_ended_are_left_out(load: LoadSigners) -> None:
    output = load(GERMANY, FORMER)
    assert "1 in the file have expired and are left out." in output
    assert counting() == {("DE", GERMANY.kid)}


@pytest.mark.parametrize(
    ("content", "country", "sentence"),
    [
        (b"nothing at all", None, "holds no certificates"),
        (b"", None, "holds no certificates"),
        (GERMANY.pem + FRANCE.pem[:300], None, "damaged"),
        (GERMANY.pem.replace(b"M", b"#", 3), None, "damaged"),
        (NAMELESS.pem, None, "does not name one country"),
        (GERMANY.pem, "FR", "another country: DE"),
        (GERMANY.pem, "Germany", "another country|one country"),
    ],
)
def test_garbage_is_refused_whole(
    load: LoadSigners, content: bytes, country: str | None, sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        load(content, country=country)
    assert not DocumentSigner.objects.exists()


def test_one_bad_entry_is_named_and_the_rest_counts(load: LoadSigners) -> None:
    damaged = FRANCE.pem.replace(b"M", b"#", 3)
    output = load(damaged, GERMANY, NAMELESS)
    assert "! Certificate 1 of the file is left out: it is damaged." in output
    assert "! Certificate 3 of the file is left out: it does not name one country." in output
    assert counting() == {("DE", GERMANY.kid)}


def test_a_signer_that_counts_is_not_dropped_unseen_because_its_entry_is_damaged(
    load: LoadSigners,
) -> None:
    load(GERMANY, FRANCE)
    with pytest.raises(CommandError, match="1 signers that count now are not in the file"):
        load(FRANCE.pem.replace(b"M", b"#", 3), GERMANY)
    assert len(counting()) == 2


def test_only_an_officer_of_the_whole_province_decides(load: LoadSigners) -> None:
    staff("hangzhou", Role.OFFICER, "3301")
    with pytest.raises(CommandError):
        load(GERMANY, officer="hangzhou")
    with pytest.raises(CommandError):
        load(GERMANY, officer="hospital")
    with pytest.raises(CommandError, match="no officer named nobody"):
        load(GERMANY, officer="nobody")
    assert not DocumentSigner.objects.exists()


def test_the_list_says_what_counts_and_by_which_act(load: LoadSigners) -> None:
    load(GERMANY, FRANCE)
    load(GERMANY, drop_missing=True)
    out = StringIO()
    call_command("list_document_signers", stdout=out)
    _head, german, french = out.getvalue().splitlines()
    assert german.startswith(f"DE  {GERMANY.kid.hex()}")
    assert german.endswith("counts")
    last = Act.objects.latest("pk").pk
    assert french.endswith(f"withdrawn by act {last}")
    out = StringIO()
    call_command("list_document_signers", country="FR", stdout=out)
    assert len(out.getvalue().splitlines()) == 2


def test_a_file_that_cannot_be_read_is_named(world: World) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        call_command(
            "load_document_signers", "/nowhere.pem", officer="officer", **SENT_GROUND, yes=True
        )
