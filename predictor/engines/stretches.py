"""Which stretches of a window are decoded, so that all bases that somebody reads are there.

The decoder and the heads at 1 bp are most of the work, and a base of theirs depends on 762 bp to
either side only. Stretches lie on a fixed grid and have few sizes: few programs are compiled,
and what a base gets does not depend on who else reads the window.
"""

from typing import NamedTuple

import numpy as np

from predictor.model.config import TOKEN_WIDTH
from predictor.model.windows import DECODER_HALO

SIZES = (256, 64, 16)
"""Tokens of a stretch, without what is decoded around it; the smallest is 2,048 bp."""
_HALO = DECODER_HALO // TOKEN_WIDTH


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


def whole(tokens: int) -> tuple[Stretch, ...]:
    """Stretches that together are the window."""
    return stretches(np.ones(tokens, bool))


def stretches(read: np.ndarray) -> tuple[Stretch, ...]:
    """Stretches that cover the tokens that are read, at the least work.

    Args:
      read: bool [N], N a multiple of 16.

    Returns:
      From left to right. The last ones of a window may overlap the ones before.
    """
    tokens = len(read)
    at_once = SIZES[0] + 2 * _HALO
    found = _cover(read, 0, tokens, [size for size in SIZES if size < tokens])
    if tokens <= at_once and sum(stretch.decoded for stretch in found) >= tokens:
        return (Stretch(0, tokens, 0, tokens),)
    return tuple(found)


def _cover(read: np.ndarray, first: int, end: int, sizes: list[int]) -> list[Stretch]:
    size, *finer = sizes or [end - first]
    found: list[Stretch] = []
    for cell in range(first, end, size):
        # The last cell overlaps the one before rather than being shorter.
        cell = min(cell, end - size)
        if not read[cell : cell + size].any():
            continue
        coarse = _stretch(cell, size, len(read))
        pieces = _cover(read, cell, cell + size, finer) if finer else []
        if pieces and sum(piece.decoded for piece in pieces) < coarse.decoded:
            found += pieces
        else:
            found.append(coarse)
    return found


def _stretch(first: int, given: int, tokens: int) -> Stretch:
    decoded = min(given + 2 * _HALO, tokens)
    return Stretch(first, given, min(max(first - _HALO, 0), tokens - decoded), decoded)
