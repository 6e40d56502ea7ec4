"""Do the main job with the client that openapi-python-client generates, `interface`.

Errors are told apart by type. The standard input says in JSON where the service is and who calls.
tests/live runs this file, and mypy checks it, which shows that the client narrows types.
"""

import json
import re
import sys
import uuid
from datetime import date
from pathlib import Path
from typing import TypeVar

from interface import AuthenticatedClient, Client
from interface.api.areas import areas_levels_update
from interface.api.auth import login, send_otp, step_up
from interface.api.declarations import declarations_create
from interface.api.devices import devices_enrol_create
from interface.api.people import export_person, people_code_retrieve, register_person
from interface.api.scans import scans_batch_create, scans_create
from interface.api.verifications import verifications_create
from interface.models import (
    BatchInput,
    BatchInputScansItem,
    BatchOutput,
    ColourAnswer,
    DeclarationInput,
    DeclareFirstProblem,
    DocumentAlreadyRegisteredProblem,
    EnrolInput,
    EnrolmentCodeNotValidProblem,
    EnrolOutput,
    ExportPersonResponse200,
    ForbiddenProblem,
    GroundKindEnum,
    IdTypeEnum,
    InvalidInputProblem,
    InvalidMapProblem,
    IssuedCode,
    LevelLine,
    LoggedIn,
    LoginInput,
    MapInput,
    NotAuthenticatedProblem,
    OtpInput,
    OtpSent,
    OutsideYourAreaProblem,
    PersonInput,
    PersonOutput,
    PublicationAnswer,
    ScanIdReusedProblem,
    ScanInput,
    ScanOutput,
    StepUpInput,
    StepUpNeededProblem,
    StepUpOverProblem,
    TooManyRequestsProblem,
    VerificationInput,
    VerificationOutput,
    WrongCodeProblem,
)

Kind = TypeVar("Kind")


def main() -> None:
    """Do the main job; stop at any answer without the expected type."""
    given = json.load(sys.stdin)
    url = given["base_url"]
    resident = AuthenticatedClient(url, token=logged_in(Client(url), given))
    code = declared(resident, given)
    scanned(Client(url), given, code)
    published(AuthenticatedClient(url, token=given["officer"]), resident, given["area"])
    verified(url, given["partner"], code)
    exported(url, given)
    print("done")


def a(kind: type[Kind], value: object) -> Kind:
    """Return `value`, which must have this type."""
    assert isinstance(value, kind), f"{value!r} is no {kind.__name__}"
    return value


def logged_in(anybody: Client, given: dict[str, str]) -> str:
    phone = given["phone"]
    began = a(OtpSent, send_otp.sync(client=anybody, body=OtpInput(phone=phone))).login
    again = send_otp.sync_detailed(client=anybody, body=OtpInput(phone=phone))
    refused = a(TooManyRequestsProblem, again.parsed)
    assert refused.retry_after == int(again.headers["Retry-After"])
    otp = re.findall(r"To .*\D(\d{6})\D", Path(given["log"]).read_text())[-1]
    wrong = f"{(int(otp) + 1) % 10**6:06d}"
    tried = LoginInput(phone=phone, otp=wrong, login=began)
    problem = a(WrongCodeProblem, login.sync(client=anybody, body=tried))
    assert (problem.type_, problem.status) == ("/problems/wrong-code", 401)
    tried.otp = otp
    done = a(LoggedIn, login.sync(client=anybody, body=tried))
    known = send_otp.sync_detailed(client=anybody, body=OtpInput(phone, device=a(str, done.device)))
    assert known.status_code == 202, "the device is known, so it need not wait for others"
    return done.token


def declared(resident: AuthenticatedClient, given: dict[str, str]) -> str:
    person = PersonInput(
        name="王芳", id_type=IdTypeEnum("10"), id_number="3301", home_area=given["home"]
    )
    wrong = a(InvalidInputProblem, register_person.sync(client=resident, body=person))
    assert [fault.pointer for fault in wrong.errors or []] == ["/id_number"]
    person.id_number = given["id_number"]
    number = a(PersonOutput, register_person.sync(client=resident, body=person)).id
    a(DocumentAlreadyRegisteredProblem, register_person.sync(client=resident, body=person))
    a(DeclareFirstProblem, people_code_retrieve.sync(number, client=resident))
    declaration = DeclarationInput(person=number, symptoms=[], stays=[], contact_with_case=False)
    a(ColourAnswer, declarations_create.sync(client=resident, body=declaration))
    return a(IssuedCode, people_code_retrieve.sync(number, client=resident)).code


def scanned(anybody: Client, given: dict[str, str], code: str) -> None:
    a(
        EnrolmentCodeNotValidProblem,
        devices_enrol_create.sync(client=anybody, body=EnrolInput("0000-0000")),
    )
    enrolled = devices_enrol_create.sync(client=anybody, body=EnrolInput(given["enrolment_code"]))
    door = AuthenticatedClient(given["base_url"], token=a(EnrolOutput, enrolled).token)
    scan = ScanInput(id=uuid.uuid4(), code=code)
    assert a(ScanOutput, scans_create.sync(client=door, body=scan)).outcome == "pass"
    scan.code = "JK1:ANOTHER"
    a(ScanIdReusedProblem, scans_create.sync(client=door, body=scan))
    batch = BatchInput(scans=[BatchInputScansItem.from_dict({"id": str(uuid.uuid4())})])
    [result] = a(BatchOutput, scans_batch_create.sync(client=door, body=batch)).results
    faults = a(InvalidInputProblem, result.problem).errors or []
    assert {fault.pointer for fault in faults} == {"/code", "/scanned_at"}


def published(officer: AuthenticatedClient, resident: AuthenticatedClient, area: str) -> None:
    def a_map(code: str) -> MapInput:
        return MapInput(
            effective_from=date(2020, 2, 9),
            ground_kind=GroundKindEnum.RISK_ASSESSMENT,
            ground="Order No. 7 of 9 February",
            levels=[LevelLine.from_dict({"code": code, "level": "yellow"})],
        )

    a(ForbiddenProblem, areas_levels_update.sync(client=resident, body=a_map(area)))
    a(InvalidMapProblem, areas_levels_update.sync(client=officer, body=a_map("339999")))
    outside = areas_levels_update.sync(client=officer, body=a_map("310151"))
    assert a(OutsideYourAreaProblem, outside).codes == ["310151"]
    a(PublicationAnswer, areas_levels_update.sync(client=officer, body=a_map(area)))


def verified(url: str, token: str, code: str) -> None:
    asked = VerificationInput(code=code)
    stranger = AuthenticatedClient(url, token="not-a-token")
    a(NotAuthenticatedProblem, verifications_create.sync(client=stranger, body=asked))
    partner = AuthenticatedClient(url, token=token)
    found = a(VerificationOutput, verifications_create.sync(client=partner, body=asked))
    assert found.outcome == "pass"


def exported(url: str, given: dict[str, str]) -> None:
    """Export the data of the demo's resident, which a step-up must allow first."""
    number = int(given["person"])
    resident = AuthenticatedClient(url, token=given["resident"])
    asked = a(StepUpNeededProblem, export_person.sync(number, client=resident))
    answer = StepUpInput(a(str, asked.step_up), given["document_last4"])
    done = a(LoggedIn, step_up.sync(client=Client(url), body=answer))
    a(StepUpOverProblem, step_up.sync(client=Client(url), body=answer))
    resident = AuthenticatedClient(url, token=done.token)
    told = a(ExportPersonResponse200, export_person.sync(number, client=resident))
    assert told["registration"]["person"] == number


if __name__ == "__main__":
    main()
