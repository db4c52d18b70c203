"""Center mask scorer on arrays: what changes in a window around the variant.

Axes: S bins, T tracks.
"""

import enum
from collections.abc import Callable

import numpy as np
from alphagenome.data.genome import Interval, Variant
from jaxtyping import Bool, Float

# Widths in bp that the official scorer accepts; None takes the whole interval.
WIDTHS: tuple[int | None, ...] = (None, 501, 2_001, 10_001, 100_001, 200_001)


class Aggregation(enum.Enum):
    """How the bins under the mask become one number a track."""

    DIFF_MEAN = "DIFF_MEAN"
    DIFF_SUM = "DIFF_SUM"
    DIFF_SUM_LOG2 = "DIFF_SUM_LOG2"
    DIFF_LOG2_SUM = "DIFF_LOG2_SUM"
    L2_DIFF = "L2_DIFF"
    L2_DIFF_LOG1P = "L2_DIFF_LOG1P"
    ACTIVE_MEAN = "ACTIVE_MEAN"
    ACTIVE_SUM = "ACTIVE_SUM"


def center_mask(
    interval: Interval, variant: Variant, *, width: int | None, resolution: int
) -> Bool[np.ndarray, " S"]:
    """Marks the bins of a window centred on the start of the variant.

    Args:
      interval: the predicted interval, 0-based half-open.
      variant: its start is the centre, for an insertion or deletion the anchor base. Where it
        starts outside the interval, or on another chromosome, no bin is marked.
      width: width of the window in bp; None marks every bin.
      resolution: bin size in bp.

    Returns:
      S = interval.width // resolution flags. At an end the window is cut, not moved.

    Source: spec/scoring.md 6.1.
    """
    num_bins = interval.width // resolution
    bins = np.arange(num_bins)
    inside = interval.start <= variant.start < interval.end
    if variant.chromosome != interval.chromosome or not inside:
        return np.zeros(num_bins, dtype=bool)
    if width is None:
        return np.ones(num_bins, dtype=bool)
    bins_wide = -(-width // resolution)
    first = (variant.start - interval.start) // resolution - bins_wide // 2
    mask: Bool[np.ndarray, " S"] = (first <= bins) & (bins < first + bins_wide)
    return mask


def center_mask_score(
    reference: Float[np.ndarray, "S T"],
    alternate: Float[np.ndarray, "S T"],
    mask: Bool[np.ndarray, " S"],
    aggregation: Aggregation,
) -> Float[np.ndarray, " T"]:
    """One number a track from the bins under a mask.

    Args:
      reference: REF tracks, in the unit of the track.
      alternate: ALT tracks. The official scorer does not align them to REF.
      mask: bins to take, as of `center_mask`.
      aggregation: DIFF_* are signed (gains are positive); L2_* and ACTIVE_* are not.

    Returns:
      T scores, float64. Without any bin, means are NaN and all others 0.

    Source: spec/scoring.md 6.1.
    """
    ref = reference[mask].astype(np.float64)
    alt = alternate[mask].astype(np.float64)
    return _SCORES[aggregation](ref, alt)


def _mean(values: Float[np.ndarray, "S T"]) -> Float[np.ndarray, " T"]:
    if values.shape[0] == 0:
        return np.full(values.shape[1], np.nan)
    mean: Float[np.ndarray, " T"] = values.mean(axis=0)
    return mean


_Score = Callable[
    [Float[np.ndarray, "S T"], Float[np.ndarray, "S T"]],
    Float[np.ndarray, " T"],
]

_SCORES: dict[Aggregation, _Score] = {
    Aggregation.DIFF_MEAN: lambda ref, alt: _mean(alt) - _mean(ref),
    Aggregation.DIFF_SUM: lambda ref, alt: alt.sum(0) - ref.sum(0),
    Aggregation.DIFF_SUM_LOG2: lambda ref, alt: np.log2(alt + 1).sum(0) - np.log2(ref + 1).sum(0),
    Aggregation.DIFF_LOG2_SUM: lambda ref, alt: np.log2(1 + alt.sum(0)) - np.log2(1 + ref.sum(0)),
    Aggregation.L2_DIFF: lambda ref, alt: np.sqrt(np.square(alt - ref).sum(0)),
    Aggregation.L2_DIFF_LOG1P: lambda ref, alt: np.sqrt(
        np.square(np.log1p(alt) - np.log1p(ref)).sum(0)
    ),
    Aggregation.ACTIVE_MEAN: lambda ref, alt: np.maximum(_mean(alt), _mean(ref)),
    Aggregation.ACTIVE_SUM: lambda ref, alt: np.maximum(alt.sum(0), ref.sum(0)),
}
