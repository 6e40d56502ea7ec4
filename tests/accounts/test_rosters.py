"""A roster is loaded whole or not at all, and keeps nothing but keyed hashes."""

import hashlib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts import identity, rosters
from accounts.identity_check import KnowsNobody, RegisterAnswer, RosterCheck
from accounts.models import IdType, RosterEntry
from accounts.rosters import HASHED, PLAIN, BrokenRoster, agrees, replace_roster

TODAY = date(2026, 11, 29)
HEAD, HASHED_HEAD = ",".join(PLAIN), ",".join(HASHED)
WANG, LI = "20,e10000001,王 伟,138 0013 8000", "20,E10000002,Li,"
PASSPORT = identity.Document(IdType.PASSPORT, "E10000001")
PHONE = "+8613800138000"


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "lines",
    [
        [HEAD, WANG, LI],
        [HASHED_HEAD, f"20,{sha('E10000001')},{sha('王 伟')},{sha(PHONE)}"],
    ],
)
def test_plain_and_hashed_rosters_know_the_same(lines: list[str]) -> None:
    assert replace_roster(lines, on=TODAY) == len(lines) - 1
    assert agrees(document=PASSPORT, name="王 伟", phone=PHONE)
    check = RosterCheck()
    assert check.check(document=PASSPORT, name="王 伟", phone=PHONE) is RegisterAnswer.YES
    other = identity.Document(IdType.OTHER, "E10000001")
    assert check.check(document=other, name="王 伟", phone=PHONE) is RegisterAnswer.UNKNOWN
    assert check.check(document=PASSPORT, name="王", phone=PHONE) is RegisterAnswer.NO
    assert check.check(document=PASSPORT, name="王 伟", phone="+1555000") is RegisterAnswer.NO
    nobody = KnowsNobody().check(document=PASSPORT, name="王 伟", phone=PHONE)
    assert nobody is RegisterAnswer.UNKNOWN


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([], "Line 1 must be"),
        (["name,phone"], "Line 1 must be"),
        ([HEAD], "names nobody"),
        ([HEAD, WANG, "20,E10000002,Li"], "Line 3 does not have 4 columns"),
        ([HEAD, WANG, "77,E10000002,Li,"], "Line 3: there is no type"),
        ([HEAD, WANG, "10,E10000002,Li,"], "Line 3: A resident ID card number"),
        ([HEAD, WANG, "20,E10000002,,"], "Line 3: Please enter the name"),
        ([HEAD, WANG, "20,E10000002,Li,12"], "Line 3: Please enter a mainland"),
        (
            [HEAD, WANG, LI, "20,E10000001,Other,"],
            "Line 4 has a document that stands in an earlier",
        ),
        ([HASHED_HEAD, "20,abc,abc,"], "Line 2: A hash is not"),
        ([HEAD, WANG, '20,"E1'], "After line 2"),
    ],
)
def test_a_broken_line_is_named_and_nothing_changes(lines: list[str], sentence: str) -> None:
    replace_roster([HEAD, LI], on=TODAY)
    with pytest.raises(BrokenRoster, match=sentence) as broken:
        replace_roster(lines, on=TODAY)
    assert not any(secret in str(broken.value) for secret in ("E1000", "138 0013", "王 伟"))
    assert RosterEntry.objects.count() == 1


@pytest.mark.django_db
def test_a_document_in_a_later_batch_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rosters, "_ROWS_AT_ONCE", 1)
    assert replace_roster([HEAD, WANG, LI], on=TODAY) == 2
    with pytest.raises(BrokenRoster, match="Line 4"):
        replace_roster([HEAD, WANG, LI, WANG], on=TODAY)


@pytest.mark.django_db
def test_without_a_telephone_in_the_roster_no_telephone_agrees() -> None:
    replace_roster([HEAD, LI], on=TODAY)
    assert agrees(
        document=identity.Document(IdType.PASSPORT, "E10000002"), name="Li", phone=""
    ) is (False)


@pytest.mark.django_db
@given(st.lists(st.text(max_size=12), max_size=5))
def test_no_line_breaks_the_reader(cells: list[str]) -> None:
    with pytest.raises(BrokenRoster):
        replace_roster([HEAD, ",".join(cells)], on=TODAY)
