"""Specimens get the verdict that they name in the sandbox, and none outside."""

import pytest

from healthcode import core, sandbox
from healthcode.sandbox import Specimen, specimens

AT = 1_600_000_000
SPECIMENS = specimens(at=AT)


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.name)
@pytest.mark.parametrize("later", [0, 1700], ids=["at once", "after half an hour"])
def test_verdicts_are_those_promised(specimen: Specimen, later: int) -> None:
    trust, status = sandbox.knowledge(at=AT)
    verdict = core.verify(
        specimen.code, trust=trust, status=status, rules=core.Rules(), at=AT + later
    )
    promised = (specimen.outcome, specimen.reason)
    if specimen.name == "bound" and later:
        promised = (core.Outcome.REFUSE, core.Reason.EXPIRED)
    assert (verdict.outcome, verdict.reason) == promised


def test_every_reason_is_there() -> None:
    """All but `not_admitted_here`, which only a door with rules of its own gives."""
    missing = set(core.Reason) - {specimen.reason for specimen in SPECIMENS}
    assert missing == {core.Reason.NOT_ADMITTED_HERE}


def test_what_can_be_read_says_that_it_is_a_specimen() -> None:
    read = 0
    for specimen in SPECIMENS:
        try:
            code = core.decode(specimen.code).code
        except core.MalformedCode:
            continue
        read += 1
        assert "SPECIMEN" in str(code.holder)
        assert sandbox.is_specimen(code.issuer)
        assert code.status.uri.startswith("https://specimen.invalid/")
    assert read == 17


def test_no_province_is_named_like_a_specimen() -> None:
    assert not any(map(sandbox.is_specimen, ["CN-33", "CN-31", "CN", "SPECIMEN"]))
