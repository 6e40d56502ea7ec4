"""Permute the indexes of a status list with a secret key, so that an index looks random.

This is format-preserving encryption of numbers: a balanced Feistel network of ten rounds over AES,
with the structure and the number of rounds of FF1 (NIST SP 800-38G). Each number gets an index of
its own.

This module permutes many numbers at once: each number has 16 bytes of one large integer. So a whole
list costs ten AES passes instead of ten for each number.
"""

import sys
from array import array
from collections.abc import Iterable, Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

ROUNDS: Final = 10
LANE: Final = 16
_ROUND_NUMBER_SHIFT: Final = 96


class Permutation:
    """A bijection of 0 … `size` - 1, one for each key of 16, 24 or 32 bytes.

    `size` must be a power of four, so that both halves of a number have the same number of bits and
    every result lies inside the range. Any other size raises ValueError.
    """

    def __init__(self, *, key: bytes, size: int) -> None:
        bits = size.bit_length() - 1
        if not 2 <= bits <= 64 or bits % 2 or size != 1 << bits:
            raise ValueError("the size is not a power of four, from 4 to 2^64")
        self.size = size
        self._half = bits // 2
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305  a PRF, not a mode

    def forward(self, numbers: Sequence[int]) -> list[int]:
        """Return the indexes of `numbers`, in their order. Raises ValueError outside the size."""
        return self._permute(numbers, range(ROUNDS))

    def inverse(self, indexes: Sequence[int]) -> list[int]:
        """Return the numbers that have these indexes."""
        # The inverse of a Feistel network is the network itself with swapped halves and reversed
        # rounds.
        swapped = [self._swap(index) for index in indexes]
        return [self._swap(n) for n in self._permute(swapped, range(ROUNDS - 1, -1, -1))]

    def _permute(self, numbers: Sequence[int], rounds: Iterable[int]) -> list[int]:
        if not numbers:
            return []
        if min(numbers) < 0 or max(numbers) >= self.size:
            raise ValueError("a number lies outside the size")
        count, half = len(numbers), self._half
        lanes = _lanes(numbers)
        every = _lanes([1] * count)
        mask = every * ((1 << half) - 1)
        left, right = lanes >> half & mask, lanes & mask
        encryptor = self._cipher.encryptor()
        for number in rounds:
            block = right | every * (number << _ROUND_NUMBER_SHIFT)
            mixed = encryptor.update(block.to_bytes(LANE * count, "little"))
            left, right = right, left ^ (int.from_bytes(mixed, "little") & mask)
        return _numbers(left << half | right, count)

    def _swap(self, number: int) -> int:
        return (number & ((1 << self._half) - 1)) << self._half | number >> self._half


def _lanes(numbers: Sequence[int]) -> int:
    """Return one integer with each number in the low bytes of its own lane, the first lowest."""
    words = array("Q", bytes(LANE * len(numbers)))
    words[::2] = array("Q", numbers)
    return int.from_bytes(_little_endian(words).tobytes(), "little")


def _numbers(lanes: int, count: int) -> list[int]:
    words = array("Q", lanes.to_bytes(LANE * count, "little"))
    return _little_endian(words)[::2].tolist()


def _little_endian(words: "array[int]") -> "array[int]":
    if sys.byteorder == "big":
        words.byteswap()
    return words
