"""The value that a reader of the documents puts in for each `$NAME`."""

import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from healthcode.core import decode
from healthcode.web.days import SHANGHAI
from tests.administration import BY_ADMINISTRATOR
from tests.evidence.ministry import Ministry
from tests.live.service import ROOT, LiveService
from tests.verifier.authority import Authority


@dataclass(frozen=True)
class Around:
    """What a reader of a page has at hand."""

    service: LiveService
    neighbour: Authority
    germany: Ministry

    def call(self, method: str, path: str, body: object = None, *, role: str = "resident") -> Any:
        """Call the service as one of the demo's accounts and return the answer."""
        token = self.service.demo[role]["token"]
        answer = self.service.call(method, path, token=token, json_body=body)
        assert answer.status < 300, answer.body
        return answer.body

    def register_traveller(self) -> None:
        """Register Erika Mustermann, with the passport that the documents name."""
        passport = {"id_type": "20", "id_number": "C01X00T47", "relation": "other"}
        erika = {"name": "Erika Mustermann", "home_area": "330106", **passport}
        self.call("POST", "/api/v1/people", erika)

    def manage(self, *command: str) -> str:
        """Run a management command and return its output."""
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.service.environment(),
            capture_output=True,
            text=True,
            check=True,
        ).stdout


def _person(around: Around) -> str:
    return str(around.service.demo["resident"]["person"])


def _code(around: Around) -> str:
    person = int(_person(around))
    well = {"person": person, "symptoms": [], "stays": [], "contact_with_case": False}
    around.call("POST", "/api/v1/declarations", well)
    return str(around.call("GET", f"/api/v1/people/{person}/code")["code"])


def _traveller(around: Around) -> str:
    """Return Erika Mustermann, of whom the resident is guardian."""
    return str(around.call("GET", "/api/v1/people")[-1]["id"])


def _certificate(around: Around) -> str:
    return around.germany.test(datetime.now(UTC) - timedelta(hours=1), ci=secrets.token_hex(8))


def _enrolment_code(around: Around) -> str:
    venue = str(around.service.demo["device"]["venue"])
    return around.manage("enrolment_code", venue, "A phone", *BY_ADMINISTRATOR).split()[0]


def _leaving_token(around: Around) -> str:
    """Return the token of a device that nobody else uses."""
    code = {"enrolment_code": _enrolment_code(around)}
    return str(around.call("POST", "/api/v1/devices/enrol", code)["token"])


def _key(around: Around) -> str:
    """Return the key that has signed until now."""
    (signs,) = re.findall(r"^(\w+) .* signs$", around.manage("list_keys"), re.MULTILINE)
    return str(signs)


def _token_of(role: str) -> Callable[[Around], str]:
    return lambda around: str(around.service.demo[role]["token"])


def _earlier(**by: int) -> Callable[[Around], str]:
    """Return a function that gives a time before now, by as much as `by` says."""
    return lambda _: (datetime.now(SHANGHAI) - timedelta(**by)).isoformat(timespec="seconds")


VALUES: Final[Mapping[str, Callable[[Around], str]]] = {
    "RESIDENT_TOKEN": _token_of("resident"),
    "OFFICER_TOKEN": _token_of("officer"),
    "OFFICER2_TOKEN": _token_of("officer2"),
    "DEVICE_TOKEN": _token_of("device"),
    "LEAVING_TOKEN": _leaving_token,
    "SOURCE_TOKEN": _token_of("source"),
    "OFFICER": lambda _: "demo.officer",
    "ADMINISTRATOR": lambda _: "demo.administrator",
    "PERSON": _person,
    "TRAVELLER": _traveller,
    "CODE": _code,
    "THEIR_CODE": lambda around: around.neighbour.code(at=datetime.now(UTC)),
    "STATUS_LIST": lambda around: decode(_code(around)).code.status.uri,
    "CERTIFICATE": _certificate,
    "SIGNER": lambda around: around.germany.kid.hex(),
    "ENROLMENT_CODE": _enrolment_code,
    "KEY": _key,
    # The first act of the demo.
    "ACT": lambda _: "1",
    "AN_HOUR_AGO": _earlier(hours=1),
}
"""Each value is made again for every example that uses it."""
