"""A roster of the authority: who has which document and telephone, as keyed hashes alone.

A roster is a CSV file in UTF-8. It has the header `id_type,id_number,name,phone`; or
`id_type,id_number_sha256,name_sha256,phone_sha256`, if those who made it gave hashes (SHA-256 in
hexadecimal of the same texts in their one spelling). A telephone may be missing. What is stored is
a keyed hash of the hash, so that both forms give the same rows.
"""

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Final

from django.db import IntegrityError, transaction

from accounts import identity, names, phones, vault
from accounts.errors import invalid
from accounts.identity import Document
from accounts.models import IdType, RosterEntry
from healthcode.web import texts
from healthcode.web.errors import Refusal

PLAIN: Final = ("id_type", "id_number", "name", "phone")
HASHED: Final = ("id_type", "id_number_sha256", "name_sha256", "phone_sha256")
_SHA256: Final = re.compile("[0-9a-f]{64}")
_ROWS_AT_ONCE: Final = 5000


class BrokenRoster(Exception):
    """Raised for a roster that cannot be read. The message names the line, but nobody in it."""


def agrees(*, document: Document, name: str, phone: str) -> bool | None:
    """Return whether the roster has this document with this name and telephone (E.164).

    The result is None if the document is not in the roster.
    """
    number = _sha256(document.number)
    entry = RosterEntry.objects.filter(
        id_type=document.id_type, number_index=_number_index(document.id_type, number)
    ).first()
    if entry is None:
        return None
    known = bytes(entry.name_index), entry.phone_index and bytes(entry.phone_index)
    return known == (_name_index(number, _sha256(name)), _phone_index(number, _sha256(phone)))


@transaction.atomic
def replace_roster(lines: Iterable[str], *, on: date) -> int:
    """Replace the roster by the one in these lines of a CSV file; return how many people it has.

    `on` is today in Asia/Shanghai. If a line is broken, the roster before stays as it is. Rows are
    inserted by the thousand, so the time grows with the file, and the memory does not.

    Raises:
        BrokenRoster: a line is broken, names a document a second time, or there is none.
    """
    RosterEntry.objects.all().delete()
    entries = _read(lines, on)
    people = 0
    while batch := list(islice(entries, _ROWS_AT_ONCE)):
        _store(batch)
        people += len(batch)
    if not people:
        raise BrokenRoster("The file names nobody.")
    return people


def _store(batch: Sequence[tuple[int, RosterEntry]]) -> None:
    try:
        with transaction.atomic():
            RosterEntry.objects.bulk_create([entry for _line, entry in batch])
    except IntegrityError as error:
        line = _repeated(batch)
        raise BrokenRoster(f"Line {line} has a document that stands in an earlier line.") from error


def _repeated(batch: Sequence[tuple[int, RosterEntry]]) -> int:
    """Return the first line whose document was there before."""
    indexes = [entry.number_index for _line, entry in batch]
    stored = RosterEntry.objects.filter(number_index__in=indexes)
    seen = {bytes(index) for index in stored.values_list("number_index", flat=True)}
    for line, entry in batch:
        index = bytes(entry.number_index)
        if index in seen:
            return line
        seen.add(index)
    raise AssertionError("the constraint allows what was refused")


def _read(lines: Iterable[str], on: date) -> Iterator[tuple[int, RosterEntry]]:
    """Yield each line's entry with the number of the line in the file."""
    reader = csv.reader(lines, strict=True)
    number = 0
    try:
        header = tuple(next(reader, ()))
        read = _plain if header == PLAIN else _hashed
        if header not in (PLAIN, HASHED):
            raise BrokenRoster(
                f"Line 1 must be {','.join(PLAIN)} or {','.join(HASHED)}, in this order."
            )
        for row in reader:
            number = reader.line_num
            if len(row) != len(header):
                raise BrokenRoster(f"Line {number} does not have {len(header)} columns.")
            yield number, _entry(number, row, read, on)
    except (csv.Error, UnicodeDecodeError) as error:
        raise BrokenRoster(f"After line {number}, the file is not CSV in UTF-8.") from error


def _entry(
    line: int, row: list[str], read: Callable[[list[str], date], Iterable[str]], on: date
) -> RosterEntry:
    id_type = texts.trimmed(row[0])
    if id_type not in IdType.values:
        raise BrokenRoster(f"Line {line}: there is no type of document with this code.")
    try:
        number, name, phone = read(row, on)
    except Refusal as refusal:
        raise BrokenRoster(f"Line {line}: {refusal.detail}") from None
    return RosterEntry(
        id_type=id_type,
        number_index=_number_index(id_type, number),
        name_index=_name_index(number, name),
        phone_index=_phone_index(number, phone) if phone else None,
    )


def _plain(row: list[str], on: date) -> Iterable[str]:
    """Return the SHA-256 of number, name and telephone ("" without one)."""
    id_type, number, name, phone = row
    document = identity.parse(texts.trimmed(id_type), number, on=on)
    spelt = document.number, names.normalise(name)
    telephone = phones.normalise(phone) if texts.trimmed(phone) else ""
    return (*map(_sha256, spelt), _sha256(telephone) if telephone else "")


def _hashed(row: list[str], _on: date) -> Iterable[str]:
    """Return the hashes as they stand in the file."""
    number, name, phone = (texts.trimmed(text) for text in row[1:])
    if not all(_SHA256.fullmatch(text) for text in (number, name, phone or number)):
        raise invalid("", "A hash is not a SHA-256 of 64 digits 0-9, a-f.")
    return number, name, phone


def _number_index(id_type: str, number: str) -> bytes:
    return vault.index("roster.number", id_type, number)


def _name_index(number: str, name: str) -> bytes:
    return vault.index("roster.name", number, name)


def _phone_index(number: str, phone: str) -> bytes:
    return vault.index("roster.phone", number, phone)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
