"""Read the environment variables. Every setting has a kind, which says what its value may be.

If a value does not fit, the process ends with one sentence: which setting, what is wrong, what to
write instead. msgspec checks types and bounds. Secrets are never shown.
"""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Generic, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

PAGE: Final = "docs/reference/settings.md"
_HOST: Final = r"(?:[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
_KEY: Final = r"[A-Za-z0-9+/]{43}="

T = TypeVar("T")


@dataclass(frozen=True)
class Setting(Generic[T]):
    """The kind of a setting: its type with bounds, these bounds in words, and a further check."""

    type: Any
    words: str
    fits: Callable[[T], bool] = lambda _: True
    is_secret: bool = False

    def read(self, text: str) -> T:
        """Convert the text of a variable. Raises ValueError."""
        value: T = msgspec.convert(text, self.type, strict=False)
        if not self.fits(value):
            raise ValueError(self.words)
        return value

    def refusal(self, name: str, text: str) -> str:
        """Say what is wrong with a value and what to write instead."""
        shown = f"a secret of {len(text)} characters" if self.is_secret else repr(text[:200])
        return f"{name} is {shown}, which does not fit: write {self.words} ({PAGE})."


def pattern(expression: str) -> Any:
    """Return the type of a text that the whole expression matches."""
    return Annotated[str, Meta(pattern=rf"\A(?:{expression})\Z")]


def whole(least: int, most: int, of: str) -> Setting[int]:
    """Return the kind of a whole number within bounds."""
    words = f"a whole number of {of} from {least} to {most}"
    return Setting(Annotated[int, Meta(ge=least, le=most)], words)


def one_of(*values: str) -> Setting[str]:
    """Return the kind of a setting that is one of a few words."""
    return Setting(pattern("|".join(map(re.escape, values))), " or ".join(values))


def _has_port_in_range(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


def _has_ids_once(keys: str) -> bool:
    ids = [pair.partition(":")[0] for pair in keys.split(",")]
    return len(set(ids)) == len(ids)


def _is_folder(path: str) -> bool:
    return Path(path).is_dir() and os.access(path, os.W_OK)


# Django's check security.W009 asks for the same number of different characters in SECRET_KEY.
_UNLIKE: Final = 5

DAYS: Final = whole(1, 3650, "days")
FLAG: Final[Setting[bool]] = Setting(bool, "1 or 0")
ISSUER: Final[Setting[str]] = Setting(
    pattern(r"CN-[1-9][0-9]"), "CN- and the two digits of the province, such as CN-33"
)
ORIGIN: Final[Setting[str]] = Setting(
    pattern(rf"https?://{_HOST}(:[0-9]+)?/?"),
    "https:// and the host's name, and a port where it needs one, such as https://code.example.org",
    _has_port_in_range,
)
ADDRESS: Final[Setting[str]] = Setting(
    pattern(rf"https?://{_HOST}(:[0-9]+)?(/[^\s?#]*)?"),
    "https:// and the host's name, with a path where it needs one, such as https://s.example.org/a",
    _has_port_in_range,
)
HOSTS: Final[Setting[str]] = Setting(
    pattern(rf"(\*|\.?{_HOST})(,(\*|\.?{_HOST}))*"),
    "names of hosts with commas between them, without https:// and port, such as code.example.org",
)
DATABASE: Final[Setting[str]] = Setting(
    pattern(r"postgres(ql)?://[^\s/@]+(:[^\s/]*)?@[^\s/]+/[^\s/?]+(\?\S*)?"),
    "postgresql://user:password@host:5432/name",
    _has_port_in_range,
    is_secret=True,
)
NAME: Final[Setting[str]] = Setting(
    pattern("[a-z_][a-z0-9_]{0,62}"), "the name of a role of the database, such as healthcode_doors"
)
BROKER: Final[Setting[str]] = Setting(
    pattern(r"(rediss?|amqps?)://\S+"),
    "redis://:password@host:6379/0 or amqp://user:password@host:5672//",
    _has_port_in_range,
    is_secret=True,
)
CLASS: Final[Setting[str]] = Setting(
    pattern(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+"), "the dotted path of a class, package.module.Class"
)
COUNTRIES: Final[Setting[str]] = Setting(
    pattern("[1-9][0-9]{0,2}(,[1-9][0-9]{0,2})*"),
    "country codes of telephone numbers with commas between them, such as 86,852",
)
SECRET: Final[Setting[str]] = Setting(
    Annotated[str, Meta(min_length=50)],
    "at least 50 random characters",
    lambda secret: len(set(secret)) >= _UNLIKE,
    is_secret=True,
)
SECRETS: Final[Setting[str]] = Setting(
    pattern(r"[^\s,][^,\r\n]{14,}[^\s,](,[^\s,][^,\r\n]{14,}[^\s,])*"),
    "a secret of at least 16 characters, or several with commas between them, the newest first",
    is_secret=True,
)
KEY: Final[Setting[str]] = Setting(pattern(_KEY), "the Base64 of 32 random bytes", is_secret=True)
KEYS: Final[Setting[str]] = Setting(
    pattern(rf"[!-+\--9;-~]{{1,32}}:{_KEY}(,[!-+\--9;-~]{{1,32}}:{_KEY})*"),
    "id:key, or several with commas between them, the newest first, no id twice, each key the "
    "Base64 of 32 random bytes",
    _has_ids_once,
    is_secret=True,
)
SOURCE: Final[Setting[str]] = Setting(
    pattern(rf"https?://{_HOST}(:[0-9]+)?(/[^\s#]*)?|/.+"),
    "an address, https://…, or the absolute path of a file",
    _has_port_in_range,
)
FILE: Final[Setting[str]] = Setting(pattern("/.+"), "the absolute path of a file")
FOLDER: Final[Setting[str]] = Setting(
    pattern("/.+"), "the absolute path of a folder that is there and may be written to", _is_folder
)


class Environment:
    """The environment variables of a process. Each is read once and checked by its kind."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def required(self, name: str, kind: Setting[T]) -> T:
        """Return a setting without a default. Ends the process when it is missing or wrong."""
        if not self._variables.get(name):
            sys.exit(f"{name} is not set: write {kind.words} ({PAGE}).")
        return self._read(name, kind)

    def optional(self, name: str, kind: Setting[T], default: T) -> T:
        """Return a setting or its default. Ends the process when the setting is wrong."""
        return self._read(name, kind) if self._variables.get(name) else default

    def _read(self, name: str, kind: Setting[T]) -> T:
        text = self._variables[name]
        try:
            return kind.read(text)
        except ValueError:
            sys.exit(kind.refusal(name, text))
