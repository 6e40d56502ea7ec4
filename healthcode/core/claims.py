"""What a code says: its CWT claims, and the members of the claim `hc` (the colour and so on).

Each claim and member is a row of the tables below. The functions that encode, read and explain
codes all use these tables. The rows are in the order of the encoded keys, byte by byte (RFC 8949,
4.2.1). docs/format.md, section 3, says the same in CDDL, and a test compares them.

The key of a removed member is never given to another member. A reader skips an unknown member whose
key is in `LATER` (16 to 31), and refuses a code with any other unknown member. CONTRIBUTING.md says
how to add a member.
"""

import re
from collections.abc import Callable, Sequence
from enum import IntEnum
from functools import lru_cache
from operator import call, itemgetter
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from healthcode.core import cbor, grammar
from healthcode.core.errors import MalformedCode

MAX_HOLDER_BYTES: Final = 32
_COORDINATE_BYTES: Final = 32
# First bytes of texts: of an empty one, and of one whose size is in the next byte.
_EMPTY_TEXT, _TEXT_OF_24 = 0x60, 0x78
_UNCOMPRESSED = b"\x04"
# COSE_Key (RFC 9052, 7, and RFC 9053, 7.1), as the claim cnf of RFC 8747 contains it.
_COSE_KEY, _KTY, _CRV, _X, _Y = 1, 1, -1, -2, -3
_KTY_EC2, _CRV_P256 = 2, 1
# Line breaks, blanks, invisible marks and marks that change the direction of writing. The list is
# explicit because the characters that Unicode calls printable grow every year; lately by characters
# of Chinese names that older systems do not know.
INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    r"\ud800-\udfff\ufeff\ufff9-\uffff\U000e0000-\U000e007f]"
)


class Colour(IntEnum):
    """A person's colour. The gravest has the highest number."""

    GREEN = 0
    YELLOW = 1
    RED = 2

    # The hash of an int, because that of an enumeration is a Python function, and a door would call
    # it at every look-up.
    __hash__ = int.__hash__

    @property
    def label(self) -> str:
        """Return the name that programs use: `green`, `yellow` or `red`."""
        return self.name.lower()


class Kind(IntEnum):
    """The kind of code: a phone renews live codes every few minutes; paper codes are printed."""

    LIVE = 0
    PAPER = 1

    __hash__ = int.__hash__


class StatusRef(NamedTuple):
    """Where to find a code's status: bit `idx` of the list published at `uri`."""

    idx: int
    uri: str


class HealthCode(NamedTuple):
    """What a code says. Times are in seconds since 1970; `holder` is a masked name.

    `phone_key` (x || y of a P-256 point) binds a live code to the phone that has the private key.
    Such a code counts only with a fresh proof (`present`). `sign` and `decode` both refuse a code
    with a value that no code may have. No field has a default, so whoever issues codes must give
    each field.
    """

    issuer: str
    issued_at: int
    expires_at: int
    colour: Colour
    kind: Kind
    policy: int
    holder: str | None
    status: StatusRef
    phone_key: bytes | None


def phone_public_key(point: bytes) -> ec.EllipticCurvePublicKey:
    """Return a phone's key from x || y. Raises MalformedCode if this is not a point of P-256."""
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _UNCOMPRESSED + point)
    except ValueError as error:
        raise MalformedCode("phone key is not a point of P-256") from error


class Coding(NamedTuple):
    """How to encode a value, read it back from what `pattern` matched, and show it to people.

    `rule` is its name in the CDDL of docs/format.md. The pattern has no groups, and only one way to
    match. `write` and `read` raise MalformedCode.
    """

    rule: str
    pattern: bytes
    write: Callable[[Any], bytes]
    read: Callable[[bytes], Any]
    tell: Callable[[Any], object] = lambda value: value


class Member(NamedTuple):
    """A row: the encoded key, the field of HealthCode, and the coding of its value.

    The field is None if a member that is not `always` there is absent. `told_as` is the member's
    name for people if it differs from the field's.
    """

    key: int
    field: str
    coding: Coding
    always: bool = True
    told_as: str = ""


def _write_number(number: int) -> bytes:
    if not 0 <= number <= grammar.MAX_NUMBER:
        raise MalformedCode("number out of range")
    return cbor.head(0, number)


def _one_of(rule: str, values: Sequence[IntEnum]) -> Coding:
    """Return the coding of a small number that stands for one of `values`, shown by its name."""

    def write(value: int) -> bytes:
        if value not in values:
            raise MalformedCode(f"no such {rule}")
        return cbor.head(0, value)

    return Coding(
        rule,
        rb"[\x00-%c]" % (len(values) - 1),
        write,
        {cbor.head(0, value): value for value in values}.__getitem__,
        lambda value: value.name.lower(),
    )


def _text(rule: str, shape: str, wrong: str) -> Coding:
    """Return the coding of an ASCII text with a certain shape, after its size."""
    whole = re.compile(shape)

    def write(text: str) -> bytes:
        if not whole.fullmatch(text):
            raise MalformedCode(wrong)
        return grammar.TEXTS[len(text)] + text.encode()

    return Coding(rule, grammar.SIZE_OF_TEXT + shape.encode(), write, _read_text)


# A door sees the same few issuers and lists again and again.
@lru_cache(maxsize=256)
def _read_text(found: bytes) -> str:
    if found[0] < _TEXT_OF_24:
        size, text = found[0] - _EMPTY_TEXT, found[1:]
    else:
        size, text = found[1], found[2:]
    if size != len(text):
        raise MalformedCode("text does not have the size that it states")
    return text.decode()


def _write_holder(holder: str) -> bytes:
    if INVISIBLE.search(holder):
        raise MalformedCode("holder is not a visible name")
    data = holder.encode()
    if len(data) > MAX_HOLDER_BYTES:
        raise MalformedCode("holder is too long")
    return grammar.TEXTS[len(data)] + data


def _read_holder(found: bytes) -> str:
    try:
        name = found[1 if found[0] < _TEXT_OF_24 else 2 :].decode()
    except UnicodeDecodeError as error:
        raise MalformedCode("holder is not UTF-8") from error
    if INVISIBLE.search(name):
        raise MalformedCode("holder is not a visible name")
    return name


def _write_status(status: StatusRef) -> bytes:
    return _BEFORE_IDX + NUMBER.write(status.idx) + _BEFORE_URI + ADDRESS.write(status.uri)


def _read_status(found: bytes) -> StatusRef:
    idx, end = found[_IDX_AT], _IDX_AT + 1
    if size := grammar.SIZES_OF_NUMBERS.get(idx):
        idx, end = int.from_bytes(found[end : end + size], "big"), end + size
    return StatusRef(idx, _read_text(found[end + _BEFORE_URI_BYTES :]))


def _write_phone_key(point: bytes) -> bytes:
    return _BEFORE_X + point[:_COORDINATE_BYTES] + _BEFORE_Y + point[_COORDINATE_BYTES:]


def _read_phone_key(found: bytes) -> bytes:
    point = found[len(_BEFORE_X) :][:_COORDINATE_BYTES] + found[-_COORDINATE_BYTES:]
    phone_public_key(point)
    return point


_MAPS: Final = [cbor.head(5, size) for size in range(24)]
_BEFORE_IDX: Final = _MAPS[1] + cbor.encode("status_list") + _MAPS[2] + cbor.encode("idx")
_IDX_AT: Final = len(_BEFORE_IDX)
_BEFORE_URI: Final = cbor.encode("uri")
_BEFORE_URI_BYTES: Final = len(_BEFORE_URI)
_BEFORE_X: Final = b"".join(
    (
        _MAPS[1] + cbor.encode(_COSE_KEY) + _MAPS[4],
        *map(cbor.encode, (_KTY, _KTY_EC2, _CRV, _CRV_P256, _X)),
        grammar.OCTETS[_COORDINATE_BYTES],
    )
)
_BEFORE_Y: Final = cbor.encode(_Y) + grammar.OCTETS[_COORDINATE_BYTES]

NUMBER: Final = Coding("number", grammar.NUMBER, _write_number, grammar.number)
ISSUER: Final = _text("issuer", grammar.ISSUER, "issuer is not like CN-33")
ADDRESS: Final = _text("address", grammar.ADDRESS, "address is not a short http(s) address")
HOLDER: Final = Coding(
    "holder", grammar.text_of_bytes(MAX_HOLDER_BYTES), _write_holder, _read_holder
)
STATUS: Final = Coding(
    "status",
    re.escape(_BEFORE_IDX) + NUMBER.pattern + re.escape(_BEFORE_URI) + ADDRESS.pattern,
    _write_status,
    _read_status,
    StatusRef._asdict,
)
PHONE_KEY: Final = Coding(
    "confirmation",
    re.escape(_BEFORE_X)
    + rb".{%d}" % _COORDINATE_BYTES
    + re.escape(_BEFORE_Y)
    + rb".{%d}" % _COORDINATE_BYTES,
    _write_phone_key,
    _read_phone_key,
    lambda point: point is not None,
)

CLAIMS: Final = (
    Member(1, "issuer", ISSUER),
    Member(4, "expires_at", NUMBER),
    Member(6, "issued_at", NUMBER),
    Member(8, "phone_key", PHONE_KEY, always=False, told_as="bound"),
    Member(65535, "status", STATUS),
)
HC: Final = -65537
"""The last claim: a map with the members of STATEMENT."""
STATEMENT: Final = (
    Member(1, "colour", _one_of("colour", tuple(Colour))),
    Member(2, "kind", _one_of("kind", tuple(Kind))),
    Member(3, "policy", NUMBER),
    Member(4, "holder", HOLDER, always=False),
)
LATER: Final = range(16, 32)
"""Keys of members that a verifier may skip. They come last in STATEMENT."""
_MAX_LATER_BYTES: Final = 64
_LATER_MEMBER: Final = re.compile(
    rb"([\x10-\x17]|\x18[\x18-\x1f])(%b|%b)"
    % (NUMBER.pattern, grammar.octets_of_bytes(_MAX_LATER_BYTES)),
    re.DOTALL,
)


def _pattern(members: Sequence[Member], more: int = 0, later: int = 0) -> bytes:
    """Return the pattern of a map with `members`, `more` others, and up to `later` of LATER.

    It has one group for the head of the map, and one for each member's value.
    """
    least = more + sum(member.always for member in members)
    most = more + len(members) + later
    return rb"([%b-%b])" % (_MAPS[least], _MAPS[most]) + b"".join(
        rb"(?:%b(%b))%b" % (re.escape(cbor.encode(key)), coding.pattern, b"" if always else b"?")
        for key, _, coding, always, _ in members
    )


def _maybe(read: Callable[[bytes], Any]) -> Callable[[bytes | None], Any]:
    return lambda found: None if found is None else read(found)


_EARLY: Final = [each for each in STATEMENT if each.key not in LATER]
_LATER: Final = [each for each in STATEMENT if each.key in LATER]
PATTERN: Final = (
    _pattern(CLAIMS, more=1)
    + re.escape(cbor.encode(HC))
    + _pattern(_EARLY, later=len(LATER))
    + rb"(.*)"
)
"""The claims of a code, in the groups of `read`; the last group has the members of LATER."""

# Positions of the groups, computed once, because every code at a door passes here. `read` puts the
# members of LATER in place of the last group.
_ROWS: Final = (None, *CLAIMS, None, *STATEMENT)
_POSITIONS: Final = {row.field: position for position, row in enumerate(_ROWS) if row is not None}
_BY_FIELD: Final = [
    row for field in HealthCode._fields for row in (*CLAIMS, *STATEMENT) if row.field == field
]
_IN_ORDER_OF_FIELDS: Final = itemgetter(*(_POSITIONS[row.field] for row in _BY_FIELD))
_READERS: Final = [row.coding.read if row.always else _maybe(row.coding.read) for row in _BY_FIELD]
_SECOND_MAP: Final = 1 + len(CLAIMS)
_ALL_CLAIMS, _ALL_EARLY = len(CLAIMS) + 1, len(_EARLY)
_WRITERS: Final = [
    [
        (HealthCode._fields.index(each.field), cbor.encode(each.key), each.coding.write)
        for each in members
    ]
    for members in (CLAIMS, STATEMENT)
]
_HC: Final = cbor.encode(HC)


def read(groups: Sequence[bytes | None]) -> HealthCode:
    """Read the code from the groups of PATTERN, each by itself. Raises MalformedCode."""
    *early, encoded = groups
    claims, statement = early[:_SECOND_MAP], early[_SECOND_MAP:]
    later = _read_later(encoded) if encoded else {}
    if (
        claims[0] != _MAPS[_ALL_CLAIMS - claims.count(None)]
        or statement[0] != _MAPS[_ALL_EARLY - statement.count(None) + len(later)]
    ):
        raise MalformedCode("map does not have the size that it states")
    found = early + [later.get(each.key) for each in _LATER]
    return HealthCode._make(map(call, _READERS, _IN_ORDER_OF_FIELDS(found)))


def _read_later(encoded: bytes) -> dict[int, bytes]:
    """Return the encoded values of the members of LATER, known or not. Raises MalformedCode."""
    found: dict[int, bytes] = {}
    at, last = 0, b""
    while at < len(encoded):
        member = _LATER_MEMBER.match(encoded, at)
        if member is None or member[1] <= last:
            raise MalformedCode("not a member, or out of order")
        at, last = member.end(), member[1]
        found[last[-1]] = member[2]
    for each in _LATER:
        if each.key in found and not re.fullmatch(each.coding.pattern, found[each.key], re.DOTALL):
            raise MalformedCode(f"{each.field} does not have its form")
    return found


def write(code: HealthCode) -> bytes:
    """Encode the claims as PATTERN matches them. Raises MalformedCode for an invalid value."""
    claims, statement = (
        [key + write(value) for field, key, write in rows if (value := code[field]) is not None]
        for rows in _WRITERS
    )
    head, inner = _MAPS[len(claims) + 1], _MAPS[len(statement)]
    return b"".join((head, *claims, _HC, inner, *statement))


def tell(code: HealthCode) -> dict[str, object]:
    """Return what a code says as plain values, under names for people and other programs."""
    return {
        row.told_as or row.field: row.coding.tell(value)
        for row, value in zip(_BY_FIELD, code, strict=True)
    }
