"""Center mask scorer: what changes in a window around the variant.

Axes: S bins, W bins of the window, T tracks.

Source: spec/scoring.md 6.1.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.variant_scorers import AggregationType as Aggregation
from alphagenome.models.variant_scorers import CenterMaskScorer
from jaxtyping import Bool, Float, Int

from predictor.scoring.arrays import namespace, wide
from predictor.scoring.scorer import Arrays, Prepared, VariantScoring, single_row
from predictor.scoring.site import VariantSite
from predictor.tracks.output_types import OUTPUTS

__all__ = ["Aggregation", "CenterMask", "center_mask", "center_mask_score", "center_window"]


class Window(NamedTuple):
    """Bins of a window; its length depends on the width only, wherever the variant lies.

    Attributes:
      bins: int32 [W], indices of bins, 0 where they would lie outside.
      inside: bool [W], which of them count.
    """

    bins: Int[np.ndarray, " W"]
    inside: Bool[np.ndarray, " W"]


class CenterMask(VariantScoring):
    """Aggregates REF and ALT over bins around the variant; one row.

    As in the official code ALT is not aligned to REF, also for insertions and deletions.
    """

    around_variant = True

    def prepare(self, scorer: CenterMaskScorer, site: VariantSite) -> Prepared:
        """The window; empty, if the variant does not start inside the interval."""
        resolution = OUTPUTS[scorer.requested_output].resolution
        window = center_window(
            site.interval, site.variant, width=scorer.width, resolution=resolution
        )
        return Prepared(arrays=window._asdict(), rows=single_row())

    def reads(
        self, scorer: CenterMaskScorer, prepared: Prepared, width: int
    ) -> Bool[np.ndarray, " S"]:
        """The bases of the window."""
        resolution = OUTPUTS[scorer.requested_output].resolution
        marks = np.zeros(width // resolution, bool)
        marks[prepared.arrays["bins"][prepared.arrays["inside"]]] = True
        return np.repeat(marks, resolution)

    def scores(
        self,
        scorer: CenterMaskScorer,
        reference: Float[Any, "S T"],
        alternate: Float[Any, "S T"],
        arrays: Arrays,
    ) -> Float[Any, "1 T"]:
        """Scores [1, T] of the bins of the window."""
        xp = namespace(reference)
        ref, alt = (xp.take(allele, arrays["bins"], axis=0) for allele in (reference, alternate))
        return center_mask_score(ref, alt, arrays["inside"], scorer.aggregation_type)[None]


def center_window(
    interval: Interval, variant: Variant, *, width: int | None, resolution: int
) -> Window:
    """The bins of a window centred on the start of the variant.

    Args:
      interval: the predicted interval, 0-based half-open.
      variant: its start is the centre, for an insertion or deletion the anchor base. Where it
        starts outside the interval, or on another chromosome, no bin counts.
      width: width of the window in bp; None for the whole interval.
      resolution: bin size in bp.

    Returns:
      At an end the window is cut, not moved.
    """
    num_bins = interval.width // resolution
    inside = interval.start <= variant.start < interval.end
    inside = inside and variant.chromosome == interval.chromosome
    if width is None:
        return Window(np.arange(num_bins, dtype=np.int32), np.full(num_bins, inside))
    bins_wide = -(-width // resolution)
    first = (variant.start - interval.start) // resolution - bins_wide // 2
    bins = first + np.arange(bins_wide)
    marks = (bins >= 0) & (bins < num_bins) & inside
    return Window(np.where(marks, bins, 0).astype(np.int32), marks)


def center_mask(
    interval: Interval, variant: Variant, *, width: int | None, resolution: int
) -> Bool[np.ndarray, " S"]:
    """The same window as flags for the S = interval.width // resolution bins."""
    window = center_window(interval, variant, width=width, resolution=resolution)
    mask = np.zeros(interval.width // resolution, bool)
    mask[window.bins[window.inside]] = True
    return mask


def center_mask_score(
    reference: Float[Any, "S T"],
    alternate: Float[Any, "S T"],
    mask: Bool[Any, " S"],
    aggregation: Aggregation,
) -> Float[Any, " T"]:
    """One number a track from the bins under a mask.

    Args:
      reference: REF tracks, in the unit of the track.
      alternate: ALT tracks. The official scorer does not align them to REF.
      mask: bins to take.
      aggregation: DIFF_* are signed (gains are positive); L2_* and ACTIVE_* are not.

    Returns:
      T scores. Without any bin, means are NaN and all others 0.
    """
    xp = namespace(reference)
    if xp is np:
        # On the host the rest of a long window need not be looked at.
        reference, alternate, mask = reference[mask], alternate[mask], mask[mask]
    ref, alt = (xp.where(mask[:, None], wide(allele), 0) for allele in (reference, alternate))
    count = xp.asarray(mask).sum()
    return _SCORES[aggregation](ref, alt, count)


def _mean_difference(ref: Any, alt: Any, count: Any) -> Any:
    return _mean((alt - ref).sum(axis=0), count)


def _sum_difference(ref: Any, alt: Any, count: Any) -> Any:
    # The sum of differences, rather than the difference of sums: nothing large cancels.
    return (alt - ref).sum(axis=0)


def _sum_log2_difference(ref: Any, alt: Any, count: Any) -> Any:
    xp = namespace(ref)
    return (xp.log2(alt + 1) - xp.log2(ref + 1)).sum(axis=0)


def _log2_sum_difference(ref: Any, alt: Any, count: Any) -> Any:
    # log2((1 + sum A) / (1 + sum R)), exact also where the two hardly differ.
    xp = namespace(ref)
    return xp.log1p((alt - ref).sum(axis=0) / (1 + ref.sum(axis=0))) / np.log(2)


def _l2_difference(ref: Any, alt: Any, count: Any) -> Any:
    return namespace(ref).sqrt(((alt - ref) ** 2).sum(axis=0))


def _l2_log1p_difference(ref: Any, alt: Any, count: Any) -> Any:
    xp = namespace(ref)
    return _l2_difference(xp.log1p(ref), xp.log1p(alt), count)


def _active_mean(ref: Any, alt: Any, count: Any) -> Any:
    return _mean(_active_sum(ref, alt, count), count)


def _active_sum(ref: Any, alt: Any, count: Any) -> Any:
    return namespace(ref).maximum(alt.sum(axis=0), ref.sum(axis=0))


def _mean(sums: Any, count: Any) -> Any:
    xp = namespace(sums)
    return xp.where(count > 0, sums / xp.maximum(count, 1), np.nan)


_SCORES: dict[Aggregation, Callable[[Any, Any, Any], Any]] = {
    Aggregation.DIFF_MEAN: _mean_difference,
    Aggregation.DIFF_SUM: _sum_difference,
    Aggregation.DIFF_SUM_LOG2: _sum_log2_difference,
    Aggregation.DIFF_LOG2_SUM: _log2_sum_difference,
    Aggregation.L2_DIFF: _l2_difference,
    Aggregation.L2_DIFF_LOG1P: _l2_log1p_difference,
    Aggregation.ACTIVE_MEAN: _active_mean,
    Aggregation.ACTIVE_SUM: _active_sum,
}
