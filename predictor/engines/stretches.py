"""Which stretches of a window are decoded, so that all bases that somebody reads are there.

The decoder and the heads at 1 bp are most of the work, and a base of theirs depends on 762 bp to
either side only. Stretches lie on a fixed grid and have few sizes: few programs are compiled,
and what a base gets does not depend on who else reads the window.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from predictor.model.config import TOKEN_WIDTH
from predictor.model.windows import DECODER_HALO

SIZES = (256, 64, 16)
"""Tokens of a stretch, without what is decoded around it; the smallest is 2,048 bp."""
_HALO = DECODER_HALO // TOKEN_WIDTH
_OFFSET = SIZES[-1] // 2
"""First border of the grid: the middle of a window, where variants mostly are, is on none."""


class Stretch(NamedTuple):
    """A part of a window, in tokens of 128 bp.

    Attributes:
      first: first token that the stretch gives.
      given: number of tokens that it gives.
      start: first token that is decoded for it.
      decoded: number of tokens that are decoded for it.
    """

    first: int
    given: int
    start: int
    decoded: int


def whole(tokens: int, at_once: int = SIZES[0]) -> tuple[Stretch, ...]:
    """Stretches that together are the window, with at most `at_once` (of `SIZES`) tokens each."""
    size = at_once
    if tokens <= size + 2 * _HALO:
        return (Stretch(0, tokens, 0, tokens),)
    return tuple(_stretch(first, size, tokens) for first in range(0, tokens, size))


def stretches(read: np.ndarray, at_once: int = SIZES[0]) -> tuple[Stretch, ...]:
    """Stretches that cover the tokens that are read, at the least work.

    Args:
      read: bool [N], N a multiple of 16.
      at_once: tokens that a stretch gives at most; of `SIZES`.

    Returns:
      From left to right. Those at the ends of a window may overlap their neighbours.
    """
    tokens = len(read)
    everything = whole(tokens, at_once)
    sizes = [size for size in SIZES if size < tokens and size <= at_once]
    if not read.any() or not sizes:
        return everything if read.any() else ()
    found = _cover(read, 0, tokens, sizes)
    return tuple(found) if _cost(found) < _cost(everything) else everything


def _cover(read: np.ndarray, first: int, end: int, sizes: list[int]) -> list[Stretch]:
    """The cheapest stretches of these sizes for the tokens from `first` to before `end`."""
    size, *finer = sizes
    found = []
    for start, stop in pairwise([first, *range(_after(first, size), end, size), end]):
        if read[start:stop].any():
            coarse = [_stretch(start, size, len(read))]
            pieces = _cover(read, start, stop, finer) if finer else coarse
            found += min(coarse, pieces, key=_cost)
    return found


def _after(token: int, size: int) -> int:
    """The first border of cells of this size behind a token."""
    return token + 1 + (_OFFSET - token - 1) % size


def _cost(found: Iterable[Stretch]) -> int:
    return sum(stretch.decoded for stretch in found)


def _stretch(first: int, given: int, tokens: int) -> Stretch:
    """From `first`, or from where it still fits into the window."""
    first = min(first, tokens - given)
    decoded = min(given + 2 * _HALO, tokens)
    return Stretch(first, given, min(max(first - _HALO, 0), tokens - decoded), decoded)
