"""Authenticate a request for a code, and read what goes into the code, in a single query.

Most calls ask for codes, and a round trip to the database costs both sides more than the query
itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rest_framework.request import Request

from accounts.authentication import BearerAuthentication, ask
from accounts.models import Account
from healthcode.codes.selectors import CodeInput, read_row, storable
from healthcode.evidence.models import EvidenceKind

ACCOUNT_AND_ROW: Final = "SELECT * FROM codes_input_by_token(%s, %s, %s, %s)"
"""A function in the database (migration 0003); each connection keeps its query plan."""

REQUIREMENT: Final[list[Any]] = [{"bearer": []}]
"""The security requirement in the OpenAPI description: a bearer token, as for all other calls."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """The row about a person that the query for the token found."""

    row: tuple[Any, ...]

    def code_input(self, person: int, *, at: datetime) -> CodeInput:
        """Read the code input from the row. Raises as `read_row` does."""
        return read_row(person, self.row, at=at)


class CodeAuthentication(BearerAuthentication):
    """Put the row about the person in the address into `request.auth`."""

    def holder(self, token: str, request: Request) -> tuple[Account, PersonRow]:
        """Return the account and the row. Raises AuthenticationFailed, see `ask`."""
        person = storable(request.parser_context["kwargs"]["person"])
        account, _token, row = ask(ACCOUNT_AND_ROW, token, person, EvidenceKind.DECLARATION.value)
        return account, PersonRow(row)
