"""Who asks for a code, and how the person stands whose code it is: in one way to the database.

Codes are what most calls are for. A way there and back costs more than the question, on both sides.
"""

from dataclasses import dataclass
from typing import Any, Final

from rest_framework.request import Request

from accounts.authentication import BearerAuthentication, ask
from accounts.models import Account
from healthcode.codes.selectors import Standing, standing_of, storable
from healthcode.evidence.models import EvidenceKind

ASKED: Final = "SELECT * FROM codes_asked(%s, %s, %s, %s)"
"""A function of the migration's, whose plan connections keep."""

REQUIREMENT: Final[list[Any]] = [{"bearer": []}]
"""What the interface's description says of it: a bearer token like any other (OpenAPI)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was found of a person when their account's token was."""

    row: tuple[Any, ...]

    def standing(self, person: int) -> Standing:
        """How the person stands. Raises NotFound, DeclareFirst, see `standing_of`."""
        return standing_of(person, self.row)


class AskingForCode(BearerAuthentication):
    """`request.auth` is what was `Asked` of the person in the address."""

    def holder(self, token: str, request: Request) -> tuple[Account, Asked]:
        """The account and the row. Raises AuthenticationFailed, see `ask`."""
        person = storable(request.parser_context["kwargs"]["person"])
        account, _token, row = ask(ASKED, token, person, EvidenceKind.DECLARATION.value)
        return account, Asked(row)
