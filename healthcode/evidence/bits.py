"""Sets of line numbers: as bytes with one bit for each line, or as text.

Bits are counted as PostgreSQL's `set_bit` counts them.
"""

from collections.abc import Iterable


def bits_of(lines: Iterable[int]) -> bytes:
    """Return the bytes for these lines. They end with the last byte that has a bit."""
    known = list(lines)
    bits = bytearray(max(known) // 8 + 1) if known else bytearray()
    for line in known:
        bits[line // 8] |= 1 << line % 8
    return bytes(bits)


def lines_of(bits: bytes | memoryview) -> list[int]:
    """Return the lines in ascending order."""
    return [
        place * 8 + bit
        for place, byte in enumerate(bytes(bits))
        if byte
        for bit in range(8)
        if byte >> bit & 1
    ]


def ranges(lines: Iterable[int]) -> str:
    """Return a set of lines as text, such as `1-4,7`."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and line == found[-1][1] + 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ",".join(f"{first}-{last}" if last > first else f"{first}" for first, last in found)


def lines_in(text: str) -> list[int]:
    """Return the lines of a text that `ranges` wrote."""
    lines: list[int] = []
    for part in filter(None, text.split(",")):
        first, _, last = part.partition("-")
        lines.extend(range(int(first), int(last or first) + 1))
    return lines
