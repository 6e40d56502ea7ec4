"""Ask whether a name, a document and a telephone belong together. `IDENTITY_CHECK` names whom."""

from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from accounts import rosters
from accounts.identity import Document


class RegisterAnswer(StrEnum):
    """What a register says about somebody."""

    YES = "yes"
    NO = "no"
    """The register knows the document, with another name or telephone number."""
    UNKNOWN = "unknown"
    """The register does not know the document, or cannot answer now."""


class IdentityCheck(Protocol):
    """The interface of a class that asks a register of people."""

    def check(self, *, document: Document, name: str, phone: str) -> RegisterAnswer:
        """Return what the register says, within seconds.

        Args:
            name: as in the document, see `names.normalise`.
            phone: the verified telephone number of the account (E.164).
        """


class RosterCheck:
    """Ask the roster that `manage.py load_roster` has loaded."""

    def check(self, *, document: Document, name: str, phone: str) -> RegisterAnswer:
        """Look the document up by its keyed hash. See `IdentityCheck`."""
        found = rosters.agrees(document=document, name=name, phone=phone)
        if found is None:
            return RegisterAnswer.UNKNOWN
        return RegisterAnswer.YES if found else RegisterAnswer.NO


class KnowsNobody:
    """Know nobody. Then only a document that an officer sees proves who somebody is."""

    def check(self, *, document: Document, name: str, phone: str) -> RegisterAnswer:
        """Return that nobody is known. See `IdentityCheck`."""
        return RegisterAnswer.UNKNOWN


def register() -> IdentityCheck:
    """Return the check that `IDENTITY_CHECK` names.

    Raises:
        ImproperlyConfigured: there is no such class.
    """
    return _register(settings.IDENTITY_CHECK)


@lru_cache(maxsize=8)
def _register(dotted: str) -> IdentityCheck:
    try:
        made: IdentityCheck = import_string(dotted)()
    except ImportError as error:
        raise ImproperlyConfigured(f"IDENTITY_CHECK: there is no {dotted}.") from error
    return made
