"""What of the encoder a change of bases can reach.

An edit that keeps the length changes some twenty positions of every resolution, beside those that
it spans (`model/narrow.py`): computing these again and putting them in the place of REF's gives
the encoder's result for ALT. An insertion or deletion moves all bases behind it within their
tokens, so that nothing is left to reuse.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float, Int

from predictor.model import narrow

SPANS = (1, 128, 2_048, 16_384)
"""Bases that an edit may span, so that few programs are compiled."""


class Edit(NamedTuple):
    """What to encode again.

    Attributes:
      bases: one of `SPANS`; at most so many change.
      places: where, at every resolution.
    """

    bases: int
    places: narrow.EditPlaces


class Patch(NamedTuple):
    """The skips of ALT around an edit; elsewhere they are those of REF.

    Attributes:
      skips: the encoder's results at 1, 2, 4, ... 64 bp where they may differ from REF's.
      firsts: first position of each.
    """

    skips: tuple[Float[Array, "B _ _"], ...]
    firsts: Int[np.ndarray, " 7"]


def keeps_skips(reference: np.ndarray, alternate: np.ndarray) -> bool:
    """Whether ALT shares the skips of REF: it is REF, or little of it is encoded again."""
    return np.array_equal(reference, alternate) or edit(reference, alternate) is not None


def edit(reference: np.ndarray, alternate: np.ndarray) -> Edit | None:
    """What to encode again for ALT, where that is less than the whole window.

    Args:
      reference: uint8 codes [S], S a multiple of 2,048.
      alternate: of the same length, with at least one other base.
    """
    changed = np.flatnonzero(reference != alternate)
    first, spanned = int(changed[0]), int(changed[-1] - changed[0]) + 1
    window = len(reference)
    for bases in SPANS:
        if spanned <= bases and narrow.fits(bases, window):
            return Edit(bases, narrow.edit_places(first, bases, window))
    return None
