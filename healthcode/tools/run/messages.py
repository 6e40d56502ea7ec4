"""Compile the translations, and find messages without one.

`python -m healthcode.tools.run.messages compile|check`. It uses Babel because not every machine has
gettext's programs.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("accounts", "healthcode", "verifier")
_KEYWORDS = dict.fromkeys(("gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "_"))


def catalogues() -> list[Path]:
    """Return the .po files of all rooms."""
    return sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.po"))


def compile_all() -> None:
    """Compile each .po file into a .mo file beside it."""
    for path in catalogues():
        with path.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_catalogue(path))


def problems() -> Iterator[str]:
    """Yield a sentence for each message without Chinese, and for each unused translation."""
    translated: dict[str, Path] = {}
    for path in catalogues():
        for message in read_catalogue(path):
            if message.id and (message.fuzzy or not message.string):
                yield f"{path.relative_to(ROOT)}: no translation of {_key(message.id)!r}"
            elif message.id:
                translated[_key(message.id)] = path
    used = dict(_used())
    for key, position in sorted(used.items()):
        if key not in translated:
            yield f"{position}: {key!r} is in no catalogue"
    for key, path in sorted(translated.items()):
        if key not in used:
            yield f"{path.relative_to(ROOT)}: {key!r} is used nowhere"


def _used() -> Iterator[tuple[str, str]]:
    """Yield every message in code and templates, with its position."""
    for name in PACKAGES:
        for path in sorted((ROOT / name).rglob("*")):
            if path.suffix not in {".py", ".html", ".txt"} or "tools" in path.parts:
                continue
            for line, key in _extract(path):
                yield key, f"{path.relative_to(ROOT)}:{line}"


def _extract(path: Path) -> Iterator[tuple[int, str]]:
    source = path.read_text()
    if path.suffix != ".py":
        # Imported here, because templates need Django and `compile` does not.
        from django.utils.translation.template import templatize

        source = templatize(source)
    for line, _, found, _ in extract_python(BytesIO(source.encode()), _KEYWORDS, (), {}):
        key = found if isinstance(found, str) else found[0]
        if key:
            yield line, str(key)


def _key(message_id: str | list[str] | tuple[str, ...]) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as source:
        return read_po(source, locale="zh_Hans")


def main(action: str) -> int:
    """Do `action`; return the exit status."""
    if action == "compile":
        compile_all()
        return 0
    found = list(problems())
    print("\n".join(found), file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
