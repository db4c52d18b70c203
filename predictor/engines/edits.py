"""What of the encoder a change of bases can reach.

A token depends on 513 bp to either side of its own 128. An edit that keeps the length changes
the tokens around it only, and the skips there: encoding a short stretch around it and putting
that in the place of REF's gives the encoder's result for ALT. An insertion or deletion moves all
bases behind it within their tokens, so that nothing is left to reuse.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from predictor.engines.stretches import SIZES
from predictor.model.config import TOKEN_WIDTH
from predictor.model.windows import ENCODER_HALO

_HALO = ENCODER_HALO // TOKEN_WIDTH


class Edit(NamedTuple):
    """The tokens to encode again, in tokens of 128 bp.

    Attributes:
      first: first token that may differ from REF's.
      given: number of tokens that take the place of REF's.
      start: first token of the stretch that is encoded for them.
      encoded: number of tokens of this stretch.
    """

    first: int
    given: int
    start: int
    encoded: int


class Patch(NamedTuple):
    """The skips of ALT around an edit; elsewhere they are those of REF.

    Attributes:
      skips: the encoder's results at 1, 2, 4, ... 64 bp for the tokens given.
      first: first of these tokens.
      given: number of these tokens.
    """

    skips: tuple[Float[Array, "B _ _"], ...]
    first: int
    given: int


def keeps_skips(reference: np.ndarray, alternate: np.ndarray) -> bool:
    """Whether ALT shares the skips of REF: it is REF, or little of it is encoded again."""
    return np.array_equal(reference, alternate) or edit(reference, alternate) is not None


def edit(reference: np.ndarray, alternate: np.ndarray) -> Edit | None:
    """The tokens to encode again for ALT, where that is less than the whole window.

    Args:
      reference: uint8 codes [S], S a multiple of 2,048.
      alternate: of the same length, with at least one other base.

    Returns:
      One of few sizes, so that few programs are compiled; None where all has to be encoded.
    """
    changed = np.flatnonzero(reference != alternate)
    tokens = len(reference) // TOKEN_WIDTH
    first = max(int(changed[0]) // TOKEN_WIDTH - _HALO, 0)
    end = min(int(changed[-1]) // TOKEN_WIDTH + 1 + _HALO, tokens)
    for given in reversed(SIZES):
        encoded = given + 2 * _HALO
        if end - first <= given and encoded < tokens:
            first = min(first, tokens - given)
            start = min(max(first - _HALO, 0), tokens - encoded)
            return Edit(first, given, start, encoded)
    return None
