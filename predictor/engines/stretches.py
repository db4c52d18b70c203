"""Which stretches of a window are decoded, so that all bases that somebody reads are there.

The decoder and the heads at 1 bp are most of the work, and a base of theirs depends on 762 bp to
either side only, most of them at coarse resolutions (`model/narrow.py`). Stretches lie on a fixed
grid and have few sizes: few programs are compiled.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from predictor.model.config import TOKEN_WIDTH
from predictor.model.narrow import MARGINS

SIZES = (256, 64, 16, 8)
"""Tokens of a stretch; the smallest is 1,024 bp."""
_AROUND = 2 * MARGINS[0]
_OFFSET = SIZES[-1] // 2
"""First border of the grid: the middle of a window, where variants mostly are, is on none."""
_OWN_COST = 3
"""What is decoded around a stretch, in tokens of decoding: many positions, but coarse ones."""


class Stretch(NamedTuple):
    """A part of a window, in tokens of 128 bp.

    Attributes:
      first: first token.
      given: number of tokens.
    """

    first: int
    given: int

    @property
    def end(self) -> int:
        """One past the last token."""
        return self.first + self.given

    def holds(self, other: "Stretch") -> bool:
        """Whether the other one lies within this one."""
        return self.first <= other.first and other.end <= self.end


def tokens_of(bases: np.ndarray) -> np.ndarray:
    """Marks [N] the tokens with any of the marked bases [S]."""
    return np.asarray(bases.reshape(-1, TOKEN_WIDTH).any(axis=1))


def whole(tokens: int, at_once: int = SIZES[0]) -> tuple[Stretch, ...]:
    """Stretches that together are the window, with at most `at_once` (of `SIZES`) tokens each."""
    size = at_once
    if tokens <= size + _AROUND:
        return (Stretch(0, tokens),)
    return tuple(_stretch(first, size, tokens) for first in range(0, tokens, size))


def stretches(read: np.ndarray, at_once: int = SIZES[0]) -> tuple[Stretch, ...]:
    """Stretches that cover the tokens that are read, at the least work.

    Args:
      read: bool [N], N a multiple of 16.
      at_once: tokens that a stretch gives at most; of `SIZES`.

    Returns:
      From left to right. Those at the ends of a window may overlap their neighbours.
    """
    return _stretches(np.asarray(read, bool).tobytes(), at_once)


# The variants of a window mostly read the same.
@lru_cache(maxsize=1_024)
def _stretches(marks: bytes, at_once: int) -> tuple[Stretch, ...]:
    read = np.frombuffer(marks, bool)
    tokens = len(read)
    everything = whole(tokens, at_once)
    sizes = [size for size in SIZES if size <= at_once and size + _AROUND <= tokens]
    if not read.any() or not sizes:
        return everything if read.any() else ()
    found = _cover(read, 0, tokens, sizes)
    return tuple(found) if cost(found) < cost(everything) else everything


def within(wanted: Iterable[Stretch], decoded: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """For each stretch the one that is decoded for it: another that holds it, or itself."""
    larger = list(decoded)
    return tuple(next((one for one in larger if one.holds(each)), each) for each in wanted)


def cost(found: Iterable[Stretch]) -> int:
    """Work of decoding these, in tokens."""
    return sum(stretch.given + _OWN_COST for stretch in found)


def _cover(read: np.ndarray, first: int, end: int, sizes: list[int]) -> list[Stretch]:
    """The cheapest stretches of these sizes for the tokens from `first` to before `end`."""
    size, *finer = sizes
    found = []
    for start, stop in pairwise([first, *range(_after(first, size), end, size), end]):
        if read[start:stop].any():
            coarse = [_stretch(start, size, len(read))]
            pieces = _cover(read, start, stop, finer) if finer else coarse
            found += min(coarse, pieces, key=cost)
    return found


def _after(token: int, size: int) -> int:
    """The first border of cells of this size behind a token."""
    return token + 1 + (_OFFSET - token - 1) % size


def _stretch(first: int, given: int, tokens: int) -> Stretch:
    """From `first`, or from where it still fits into the window."""
    return Stretch(min(first, tokens - given), given)
