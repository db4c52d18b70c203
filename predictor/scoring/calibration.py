"""Quantile scores: the rank of a raw score among those of a background of common variants.

Axes: R rows, T tracks, Q breakpoints.

Source: spec/scoring.md 11.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float

Ties = Literal["left", "mean"]


def quantile_scores(
    raw: Float[np.ndarray, "R T"],
    breakpoints: Float[np.ndarray, "T Q"],
    probabilities: Float[np.ndarray, " Q"],
    *,
    ties: Ties = "left",
) -> Float[np.ndarray, "R T"]:
    """Looks raw scores up in the table of each track.

    Where the background has many equal scores, the rank of that score is a range. The official
    code draws from it at random, so its answer depends on earlier calls; here it is always the
    same (spec/scoring.md 11, recommendation).

    Args:
      raw: scores; NaN stays NaN.
      breakpoints: scores of the background, ascending.
      probabilities: of the breakpoints; from -1 to 1 for signed scorers, otherwise from 0.
      ties: take the lower end of a range, or its middle.
    """
    known = ~np.isnan(raw)
    quantiles = np.full(raw.shape, np.nan, np.float32)
    for row, scores in enumerate(raw):
        # All tracks at once; breakpoints ascend, so counting them is searching.
        index = (breakpoints < scores[:, None]).sum(axis=1)
        if ties == "mean":
            index = (index + (breakpoints <= scores[:, None]).sum(axis=1)) // 2
        found = probabilities[np.minimum(index, len(probabilities) - 1)]
        quantiles[row, known[row]] = found[known[row]]
    return quantiles
