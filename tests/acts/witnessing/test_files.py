"""The file that says whose log is witnessed, and what is wrong with it."""

from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.checks import run_checks

from healthcode.acts.log.errors import LogFault
from healthcode.acts.witnessing import files
from tests.acts.witnessing import log_of, watch

LOG = log_of(1)
KEY = LOG.signers[0].key


def faults() -> list[str]:
    """Return what the checks say that stop a process before it starts."""
    return [fault.msg for fault in run_checks(tags=["settings"])]


def test_without_the_file_no_log_is_witnessed() -> None:
    assert files.watched_logs().logs == ()
    assert faults() == []


def test_a_changed_file_counts_at_once(settings: LazySettings, tmp_path: Path) -> None:
    settings.WITNESSED_LOGS = str(tmp_path / "logs")
    watch(tmp_path / "logs")
    assert files.watched_logs().keys_of(LOG.origin) == ()
    watch(tmp_path / "logs", LOG)
    assert files.watched_logs().keys_of(LOG.origin) == tuple(one.key for one in LOG.signers)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            f"log {KEY}\nlog {KEY}\nquorum none\n",
            "line 2 of the policy: a key stands in the policy",
        ),
        (f"log {KEY}\n\nlogs {KEY}\n", "line 3 of the policy: it is none of"),
        (f"log {KEY}\n", "a policy says its quorum"),
        (f"log {str(KEY)[:-4]}\nquorum none\n", "line 1 of the policy: "),
    ],
    ids=["twice", "other word", "no quorum", "no key"],
)
def test_a_file_that_is_no_policy_stops_the_process(
    settings: LazySettings, tmp_path: Path, text: str, sentence: str
) -> None:
    settings.WITNESSED_LOGS = str(tmp_path / "logs")
    (tmp_path / "logs").write_text(text)
    [fault] = faults()
    assert fault.startswith("WITNESSED_LOGS names a file that is not a policy of a log: ")
    assert sentence in fault


def test_a_file_that_is_missing_stops_the_process(settings: LazySettings) -> None:
    settings.WITNESSED_LOGS = "/no/such/file"
    [fault] = faults()
    assert "No such file" in fault


def test_a_witness_waits_for_no_other_witness(settings: LazySettings, tmp_path: Path) -> None:
    settings.WITNESSED_LOGS = str(tmp_path / "logs")
    witness = LOG.signers[1].key
    (tmp_path / "logs").write_text(f"log {KEY}\nwitness x {witness}\nquorum x\n")
    with pytest.raises(LogFault, match="write the line quorum none"):
        files.watched_logs()
