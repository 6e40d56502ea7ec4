"""The kinds of code that are read, told apart by the first characters of their text."""

from collections.abc import Callable, Mapping
from typing import Final

from healthcode.core import bound, codes
from healthcode.core.codes import SignedCode
from healthcode.core.errors import MalformedCode

_READERS: Final[Mapping[str, Callable[[str], SignedCode]]] = {
    codes.PREFIX: codes.read,
    bound.PREFIX: bound.read,
}
_PREFIX_CHARACTERS: Final = 4


def decode(text: str) -> SignedCode:
    """The content of a code, no signature verified. Raises MalformedCode for any other text."""
    reader = _READERS.get(text[:_PREFIX_CHARACTERS])
    if reader is None:
        raise MalformedCode("not a code of a known kind")
    return reader(text)
