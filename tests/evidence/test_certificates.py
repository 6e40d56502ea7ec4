"""Which EU certificates are accepted when they are handed in, and which are refused."""

import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from django.db import connection
from rest_framework.test import APIClient

from accounts.models import Person
from healthcode.evidence import certificates
from healthcode.evidence.certificates import NOT_DETECTED, NUCLEIC_ACID
from healthcode.evidence.errors import NotACertificate
from healthcode.evidence.models import Evidence, EvidenceKind
from healthcode.web.days import day_of, span_of_day, start_of_day
from tests.evidence.conftest import World
from tests.evidence.handing_in import DAY, HOUR, hand_in, refusal
from tests.evidence.ministry import GERMANY, TESTS_ONLY, Ministry

pytestmark = pytest.mark.clock


def test_a_negative_test_is_evidence_like_any_other(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    sampled_at = (now - 2 * HOUR).replace(microsecond=0)
    answer = hand_in(resident_client, erika, GERMANY.test(sampled_at))
    assert answer.status_code == 201, answer.content
    fact = Evidence.objects.get()
    result = answer.json()
    assert (result["evidence"], result["kind"], result["traits"]) == (fact.pk, "test", ["negative"])
    assert (result["country"], result["colour"]["colour"]) == ("DE", "green")
    assert (fact.person_id, fact.kind, fact.traits) == (erika.pk, "test", ["negative"])
    assert fact.starts == fact.ends == sampled_at
    assert fact.detail == {"country": "DE", "key": GERMANY.kid.hex(), "holder_known_by": "name"}


def test_nothing_else_of_the_certificate_is_kept(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    """The test searches every column of every table, in bytes as well as in text."""
    text = GERMANY.test(now - HOUR, ci="URN:UVCI:01DE/UNIQUE9#W")
    assert hand_in(resident_client, erika, text).status_code == 201
    with connection.cursor() as cursor:
        everything = "".join(
            str(row)
            for table in connection.introspection.table_names(cursor)
            for row in rows_of(cursor, table)
        )
    assert GERMANY.kid.hex() in everything, "looked in the right place"
    for secret in ("MUSTERMANN", "Mustermann", "1964-08-12", "UNIQUE9", text[4:40]):
        assert secret not in everything
        assert secret.encode().hex() not in everything


def rows_of(cursor: Any, table: str) -> list[tuple[str]]:
    """Return a table's rows as JSON, with bytes in hexadecimal."""
    cursor.execute(f'SELECT to_jsonb(line)::text FROM "{table}" AS line')  # noqa: S608
    rows: list[tuple[str]] = cursor.fetchall()
    return rows


def test_two_negative_tests_release_and_a_positive_one_colours(
    germany: None, world: World, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    positive = GERMANY.test(now - 20 * DAY, is_positive=True, ci="1")
    answer = hand_in(resident_client, erika, positive)
    colour = answer.json()["colour"]
    assert colour["colour"] == "red"
    (reason,) = colour["reasons"]
    assert reason["evidence"] == answer.json()["evidence"]
    assert reason["text"].endswith(" This is based on an EU certificate from DE.")
    chinese = resident_client.get(
        f"/api/v1/people/{erika.pk}/colour", headers={"accept-language": "zh"}
    )
    assert "依据是DE签发的欧盟数字新冠证书。" in chinese.json()["reasons"][0]["text"]
    rapid = GERMANY.test(now - 6 * DAY, is_rapid=True, ci="2")
    first = GERMANY.test(now - 5 * DAY, ci="3")
    second = GERMANY.test(now - 3 * DAY, ci="4")
    colours = [
        hand_in(resident_client, erika, text).json()["colour"]["colour"]
        for text in (rapid, first, second)
    ]
    assert colours == ["red", "red", "green"], "a rapid test proves less"


def test_recovery_and_vaccination_are_facts_without_a_rule(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    today = day_of(now)
    tested, recovered = today - 40 * DAY, today - 29 * DAY
    until = today + 100 * DAY
    for text in (
        GERMANY.recovery(str(tested), f"{recovered}T00:00:00", str(until)),
        GERMANY.vaccination(str(tested), dose=1),
    ):
        answer = hand_in(resident_client, erika, text)
        assert answer.status_code == 201, answer.content
        assert answer.json()["colour"]["colour"] == "green"
    recovery = Evidence.objects.get(kind=EvidenceKind.RECOVERY)
    assert (recovery.starts, recovery.ends) == (start_of_day(tested), start_of_day(recovered))
    vaccination = Evidence.objects.get(kind=EvidenceKind.VACCINATION)
    assert (vaccination.starts, vaccination.ends) == span_of_day(tested)
    assert vaccination.traits == ["incomplete"]
    assert (vaccination.detail["dose"], vaccination.detail["of"]) == (1, 2)


def test_a_recovery_from_the_day_of_the_test_on_lasts_that_day(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    """The certificate does not say the hour of the test."""
    tested = day_of(now) - 40 * DAY
    until = day_of(now) + 100 * DAY
    text = GERMANY.recovery(str(tested), str(tested), str(until))

    assert hand_in(resident_client, erika, text).status_code == 201

    recovery = Evidence.objects.get(kind=EvidenceKind.RECOVERY)
    assert (recovery.starts, recovery.ends) == span_of_day(tested)


def test_without_signers_every_certificate_is_refused_with_what_to_do(
    world: World, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    answer = hand_in(resident_client, erika, GERMANY.test(now - HOUR))
    assert answer.status_code == 422
    assert answer.json()["reason"] == "unknown_issuer"
    assert "cannot check certificates from this issuer yet. Call 12345" in answer.json()["detail"]
    assert refusal(answer) == "certificate-refused"


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda at: Ministry("FR").test(at), "unknown_issuer"),
        (lambda at: Ministry("FR").test(at, claim_1="D\0"), "unknown_issuer"),
        (lambda at: Ministry("FR").test(at, claim_1="CNAM"), "unknown_issuer"),
        (lambda at: Ministry("DE", name="stranger").test(at), "unknown_key"),
        (lambda at: Ministry("FR").test(at, claim_1="AT"), "unknown_key"),
        (lambda at: GERMANY.test(at, lasts=-HOUR), "expired"),
        (lambda at: GERMANY.recovery("2021-01-01", "2021-01-11", "2021-06-30"), "expired"),
        (lambda at: GERMANY.recovery("2021-01-01", "2999-01-11", "2999-06-30"), "not_yet_valid"),
    ],
)
def test_what_cannot_be_believed(
    anchors: Callable[..., None],
    erika: Person,
    resident_client: APIClient,
    now: datetime,
    make: Callable[[datetime], str],
    reason: str,
) -> None:
    anchors(GERMANY, Ministry("AT"))
    answer = hand_in(resident_client, erika, make(now - HOUR))
    assert answer.json()["reason"] == reason
    assert refusal(answer) == "certificate-refused"


@pytest.mark.parametrize("says", ["CNAM", "DE", "D\0", 33])
def test_the_key_says_whose_word_it_is(
    anchors: Callable[..., None],
    erika: Person,
    resident_client: APIClient,
    now: datetime,
    says: object,
) -> None:
    """The issuer is sometimes the name of an office, and not a country."""
    france = Ministry("FR")
    anchors(GERMANY, france)
    answer = hand_in(resident_client, erika, france.test(now - HOUR, claim_1=says))
    assert answer.status_code == 201, answer.content
    assert answer.json()["country"] == "FR"
    assert Evidence.objects.get().detail["country"] == "FR"


def test_the_same_certificate_counts_once_whatever_it_says_of_its_issuer(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    assert hand_in(resident_client, erika, GERMANY.test(now - HOUR)).status_code == 201
    again = hand_in(resident_client, erika, GERMANY.test(now - HOUR, claim_1="RKI"))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/certificate-known")


def test_what_others_wrote_is_read_as_the_standard_allows(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    sampled = (now - HOUR).isoformat(timespec="seconds")
    test = {"tt": NUCLEIC_ACID, "tr": NOT_DETECTED, "sc": cbor2.CBORTag(0, sampled)}
    tested, until = day_of(now - 30 * DAY), day_of(now + 30 * DAY)
    recovery = {"fr": f"{tested}T08:00:00+01:00", "df": str(tested), "du": f"{until}T00:00:00"}
    vaccination = {"vp": "", "mp": "", "ma": None, "dn": 2.0, "sd": 2, "dt": "2021-05-01T12:00:00Z"}
    for number, text in enumerate(
        [
            GERMANY.attest("t", test | {"ci": "1"}),
            GERMANY.attest("t", test | {"tr": cbor2.CBORTag(0, NOT_DETECTED), "ci": "2"}),
            GERMANY.attest("r", recovery),
            GERMANY.attest("v", vaccination),
        ],
        1,
    ):
        answer = hand_in(resident_client, erika, text)
        assert answer.status_code == 201, answer.content
        assert Evidence.objects.count() == number
    tests = Evidence.objects.filter(kind=EvidenceKind.TEST)
    assert {fact.starts for fact in tests} == {datetime.fromisoformat(sampled)}
    assert Evidence.objects.get(kind=EvidenceKind.VACCINATION).traits == ["complete"]


def test_a_holder_with_a_given_name_alone(world: World, anchors: Callable[..., None]) -> None:
    """People without a family name have only `gnt` (schema 1.3.2)."""
    anchors(GERMANY)
    at = datetime.now(UTC)
    attested = certificates.read(GERMANY.test(at - HOUR, name={"gnt": "ERIKA"}), at=at)
    assert (attested.holder.family_latin, attested.holder.given_latin) == ("", "ERIKA")


def test_a_key_attests_only_what_it_is_for(
    anchors: Callable[..., None], erika: Person, resident_client: APIClient, now: datetime
) -> None:
    laboratories = Ministry("DE", name="laboratories", usages=(TESTS_ONLY,))
    anchors(laboratories)
    answer = hand_in(resident_client, erika, laboratories.vaccination("2021-05-01"))
    assert answer.json()["reason"] == "bad_signature"
    assert refusal(answer) == "certificate-refused"
    assert hand_in(resident_client, erika, laboratories.test(now - HOUR)).status_code == 201


def test_a_changed_certificate_is_not_genuine(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    def turn(message: bytes) -> bytes:
        return zlib.compress(message.replace(b"260373001", b"260415000"))

    text = GERMANY.test(now - HOUR, is_positive=True, compress=turn)
    answer = hand_in(resident_client, erika, text)
    assert answer.json()["reason"] == "bad_signature"
    assert refusal(answer) == "certificate-refused"


def test_what_is_no_certificate(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    bomb = GERMANY.test(now, compress=lambda data: zlib.compress(data + bytes(1 << 24), 9))
    whole = GERMANY.test(now - HOUR)
    for text in (bomb[:6000], whole[:-40], "HC1:", "JK1:ABC", "HC1:" + "0" * 5000, whole.lower()):
        answer = hand_in(resident_client, erika, text)
        assert answer.status_code == 422
        assert refusal(answer) == "not-a-certificate"
    with pytest.raises(NotACertificate):
        certificates.read(bomb, at=now)
    for wrong in ("", "x" * 6001, None, ["HC1:"]):
        answer = hand_in(resident_client, erika, wrong)  # type: ignore[arg-type]
        assert refusal(answer) == "invalid-input"


def test_line_breaks_of_a_mail_do_no_harm(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    text = GERMANY.test(now - HOUR)
    broken = "\r\n".join(text[n : n + 76] for n in range(0, len(text), 76))
    assert hand_in(resident_client, erika, f" \n{broken}\n").status_code == 201


@pytest.mark.parametrize(
    "entry",
    [
        {"tt": "LP6464-4", "tr": "419984006"},
        {"tt": "LP99999-9", "tr": "260415000"},
        {"tt": "LP6464-4", "tr": "260415000", "sc": "2021-02-31T10:00:00Z"},
        {"tt": "LP6464-4", "tr": "260415000", "sc": "2021-02-03T10:00:00"},
        {"tt": "LP6464-4", "tr": "260415000", "sc": "0001-01-01T00:00:00+14:00"},
        {"tt": "LP6464-4", "tr": "260415000", "sc": "2999-01-01T00:00:00Z"},
        {"tt": "LP6464-4", "tr": "260415000", "tg": "6142004"},
    ],
)
def test_what_is_genuine_and_says_nothing(
    germany: None, erika: Person, resident_client: APIClient, entry: dict[str, Any]
) -> None:
    """Genuine certificates with no clear result, an impossible time, or another disease."""
    text = GERMANY.attest("t", {"sc": "2021-05-30T10:12:22Z", **entry})
    assert refusal(hand_in(resident_client, erika, text)) == "certificate-says-nothing"


def test_what_cannot_be_is_refused(
    germany: None, erika: Person, resident_client: APIClient, now: datetime
) -> None:
    tomorrow = day_of(now + 2 * DAY)
    for text in (
        GERMANY.test(now - HOUR, born="1899-12-31"),
        GERMANY.test(now - HOUR, born="1899"),
        GERMANY.test(now - HOUR, born=str(tomorrow)),
        GERMANY.test(now - HOUR, born=str(tomorrow.year + 1)),
        GERMANY.test(now - HOUR, born=f"{tomorrow.year + 1}-01"),
        GERMANY.vaccination("2021-05-01", dose=0),
        GERMANY.vaccination("2021-05-01", of=0),
        GERMANY.vaccination("2021-05-01", dose=-1),
    ):
        assert refusal(hand_in(resident_client, erika, text)) == "certificate-says-nothing"
    assert not Evidence.objects.exists()
