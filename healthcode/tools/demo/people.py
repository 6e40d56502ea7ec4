"""Invent people with plausible names and valid document numbers.

The same seed gives the same people.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from stdnum.cn import ric

# The most common surnames, some several times, and common characters of given names.
_SURNAMES = "王王王李李李张张张刘陈陈陈杨黄赵周吴徐孙朱马胡郭林何高罗郑郑梁谢宋唐许邓冯韩曹叶叶潘"
_GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红玲芬燕彬凤洁梅琳云帆宇轩怡然欣子涵晨"
)
_OLDEST = date(1932, 1, 1)
_YOUNGEST = date(2015, 12, 31)


@dataclass(frozen=True, slots=True)
class Synthetic:
    """A person who does not exist. `home` is the code of a county."""

    name: str
    id_number: str
    home: str


def people(count: int, *, homes: Sequence[str], random: Random) -> Iterator[Synthetic]:
    """Yield `count` people with different numbers, born and living in `homes` (six-digit codes)."""
    taken: set[str] = set()
    while len(taken) < count:
        home = random.choice(homes)
        number = resident_number(home, random=random)
        if number not in taken:
            taken.add(number)
            given = "".join(random.choices(_GIVEN, k=random.choice((1, 2, 2))))
            yield Synthetic(random.choice(_SURNAMES) + given, number, home)


def resident_number(area: str, *, random: Random) -> str:
    """Return the number of a resident ID card (GB 11643) for somebody born in county `area`."""
    days = random.randrange((_YOUNGEST - _OLDEST).days)
    born = _OLDEST + timedelta(days=days)
    digits = f"{area}{born:%Y%m%d}{random.randrange(1, 1000):03d}"
    return digits + ric.calc_check_digit(digits + "0")
