"""What may be shown of what identifies somebody: enough to recognise it, too little to know it."""

import unicodedata

MOST_NAME_BYTES = 12
HIDDEN = "***"
SHORTEST_SHOWN = 6


def name(full: str) -> str:
    """A name for the door, at most 12 bytes: "张小明" -> "张*", "John Smith" -> "J*** S***".

    Alphabetic names show the initials of the first and the last word; other scripts, whose
    names are not spaced, their first character.
    """
    words = full.split()
    if not words:
        return "*"
    if not _alphabetic(words[0][0]):
        return words[0][0] + "*"
    initials = [words[0][0]] if len(words) == 1 else [words[0][0], words[-1][0]]
    masked = " ".join(initial + HIDDEN for initial in initials)
    return masked if len(masked.encode()) <= MOST_NAME_BYTES else initials[0] + HIDDEN


def number(full: str) -> str:
    """A document's number: the first and the last two characters, none of a short one."""
    if len(full) < SHORTEST_SHOWN:
        return "*" * len(full)
    return full[0] + "*" * (len(full) - 3) + full[-2:]


def phone(full: str) -> str:
    """A phone number: its last two digits."""
    return "*" * 9 + full[-2:]


def _alphabetic(character: str) -> bool:
    return unicodedata.category(character) in {"Lu", "Ll", "Lt"}
