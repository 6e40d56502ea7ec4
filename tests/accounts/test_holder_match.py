"""Match a certificate's holder: names in many scripts, birth dates inside document numbers."""

from datetime import date

import pytest

from accounts.holder_match import Holder, HolderMatch, compare

BORN = date(1964, 8, 12)


def erika(**changes: str) -> Holder:
    """Erika Mustermann as an EU certificate writes her, with changes."""
    written = {"family": "Mustermann", "given": "Erika"}
    latin = {"family_latin": "MUSTERMANN", "given_latin": "ERIKA"}
    return Holder(**{**written, **latin, "born": "1964-08-12", **changes})


def latin(family: str, given: str) -> Holder:
    """Somebody of whose name only the transliteration is there, born on `BORN`."""
    return Holder("", "", family, given, "1964-08-12")


@pytest.mark.parametrize(
    ("held", "family", "given"),
    [
        ("Erika Mustermann", "MUSTERMANN", "ERIKA"),
        ("MUSTERMANN ERIKA", "MUSTERMANN", "ERIKA"),
        ("ERIKA　MUSTERMANN", "MUSTERMANN", "ERIKA"),
        ("Gabriele Musterfrau-Gößinger", "MUSTERFRAU<GOESSINGER", "GABRIELE"),
        ("Gabriele Musterfrau-Gossinger", "MUSTERFRAU<GOESSINGER", "GABRIELE"),
        ("Åge Ågesen", "AAGESEN", "AAGE"),
        ("Klaus Jørgensen", "JOERGENSEN", "KLAUS"),
        ("Svätozár Sčasný", "SCASNY", "SVAETOZAR"),
        ("José Muñoz", "MUNXXOZ", "JOSE"),
        ("Łukasz Đorđević", "DORDEVIC", "LUKASZ"),
        ("Sean O'Connor", "OCONNOR", "SEAN"),
        ("Razaan Al Masalma", "ALMASALMA", "RAZAAN"),
        ("Zhang Xiao Ming", "ZHANG", "XIAOMING"),
        ("Carmen Andaluza Andaluza", "ANDALUZA<ANDALUZA", "CARMEN"),
    ],
)
def test_one_name_in_two_spellings(held: str, family: str, given: str) -> None:
    assert compare(held, BORN, latin(family, given)) is HolderMatch.NAME_AND_BIRTH_DATE
    assert compare(held, None, latin(family, given)) is HolderMatch.NAME


@pytest.mark.parametrize(
    ("held", "family", "given"),
    [("张三", "张", "三"), ("ПЕТКОВ Стамо", "ПЕТКОВ", "СТАМО"), ("山田 太郎", "山田", "太郎")],
)
def test_a_name_in_its_own_script(held: str, family: str, given: str) -> None:
    holder = Holder(family, given, "UNKNOWN", "", "1964-08-12")
    assert compare(held, BORN, holder) is HolderMatch.NAME_AND_BIRTH_DATE


@pytest.mark.parametrize(
    "held",
    [
        "张三",
        "Эрика Мустерманн",
        "Erika Maria Mustermann",
        "Erika Schmidt",
        "E. Mustermann",
        "Mustermann",
    ],
)
def test_what_an_officer_has_to_look_at(held: str) -> None:
    """Another script, one name more, a married name, an initial: perhaps, and not surely."""
    assert compare(held, BORN, erika()) is HolderMatch.INCONCLUSIVE
    assert compare(held, None, erika()) is HolderMatch.INCONCLUSIVE


@pytest.mark.parametrize("held", ["Hans Meier", "Zhang San", "Erik Muster"])
def test_another_name_is_somebody_else(held: str) -> None:
    assert compare(held, BORN, erika()) is HolderMatch.NO_MATCH
    assert compare(held, None, erika()) is HolderMatch.NO_MATCH


@pytest.mark.parametrize("born", ["1964-08-13", "1965", "1964-07", "1946-08-12T00:00:00"])
def test_another_birth_date_is_somebody_else(born: str) -> None:
    """A namesake, whatever the script of the name."""
    for held in ("Erika Mustermann", "张三"):
        assert compare(held, BORN, erika(born=born)) is HolderMatch.NO_MATCH


@pytest.mark.parametrize("born", ["", "1964", "1964-08"])
def test_a_birth_date_in_part_leaves_it_open(born: str) -> None:
    assert compare("Erika Mustermann", BORN, erika(born=born)) is HolderMatch.INCONCLUSIVE
    assert compare("Erika Mustermann", None, erika(born=born)) is HolderMatch.NAME


def test_a_birth_date_with_midnight_behind_it_counts() -> None:
    holder = erika(born="1964-08-12T00:00:00")
    assert compare("Erika Mustermann", BORN, holder) is HolderMatch.NAME_AND_BIRTH_DATE


def test_a_certificate_without_a_name_that_can_be_read_fits_nobody() -> None:
    nobody = Holder("", "", "<", "", "1964-08-12")
    assert compare("Erika Mustermann", BORN, nobody) is HolderMatch.NO_MATCH
    assert compare("张三", BORN, nobody) is HolderMatch.INCONCLUSIVE
