"""Levels of a signal part: the native bins and the coarser summaries of them.

A view never needs more values than it has pixels, and a mean over many bins would hide a splice
site that was lost. So every summary level keeps, for each bin, the mean and the maximum of each
allele and both extremes of ALT−REF.

Axes: P planes, T tracks, B bins. Bins count from the start of the part's interval; the last one
may be cut by the interval's end.

Source: reference/storage.md 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32

Plane = Literal["reference", "alternate", "difference_max", "difference_min"]
Summary = Literal["mean", "max"]
Reduction = Literal["mean", "max", "min"]

# Planes of a summary level in the order they are stored; REF-only parts have the first two.
SUMMARY_PLANES: tuple[tuple[Plane, Reduction], ...] = (
    ("reference", "mean"),
    ("reference", "max"),
    ("alternate", "mean"),
    ("alternate", "max"),
    ("difference_max", "max"),
    ("difference_min", "min"),
)
# Summary levels in native bins, by resolution: 32 to 2,048 bp, and 1,024 and 8,192 bp.
_FACTORS = {1: (32, 256, 2_048), 128: (8, 64)}
# A summary of fewer bins than this shows too little to be worth its files; a level below this
# size is itself read at a glance.
_FEWEST_BINS = 256


@dataclass(frozen=True)
class Reading:
    """Which stored level answers a view, and how.

    Attributes:
      level: bin size in bp of the level to read.
      factor: this many bins of the level become one bin of the answer.
      first, last: bins of the level to read, half-open.
      start: genomic start of the first bin of the answer, 0-based.
    """

    level: int
    factor: int
    first: int
    last: int
    start: int

    @property
    def bin(self) -> int:
        """Bin size of the answer in bp."""
        return self.level * self.factor

    @property
    def bins(self) -> int:
        """Number of bins of the answer."""
        return -(-(self.last - self.first) // self.factor)


def summary_levels(num_bins: int, resolution: int) -> list[int]:
    """Bin sizes in bp of the summary levels of a part, finest first; none for a short part.

    Args:
      num_bins: native bins of the interval.
      resolution: native bin size in bp.
    """
    if num_bins <= _FEWEST_BINS:
        return []
    finest, *coarser = _FACTORS.get(resolution, (8, 64))
    kept = [finest, *(factor for factor in coarser if num_bins // factor >= _FEWEST_BINS)]
    return [factor * resolution for factor in kept]


def bin_widths(length: int, bin_size: int) -> Float32[np.ndarray, " B"]:
    """How many bp of the interval each bin covers: the bin size, less for a cut last bin."""
    num_bins = -(-length // bin_size)
    widths = np.full(num_bins, bin_size, np.float32)
    if num_bins:
        widths[-1] = length - (num_bins - 1) * bin_size
    return widths


def summarise(
    reference: Float32[np.ndarray, "T S"],
    alternate: Float32[np.ndarray, "T S"] | None,
    factor: int,
) -> Float32[np.ndarray, "P T B"]:
    """The planes of the finest summary level, from native values.

    Args:
      reference: REF values by native bin.
      alternate: ALT values, aligned to REF; None for a part without variants.
      factor: native bins that become one.
    """
    widths = np.ones(reference.shape[-1], np.float32)
    sources: dict[Plane, Float32[np.ndarray, "T S"]] = {"reference": reference}
    if alternate is not None:
        difference = alternate - reference
        sources |= {"alternate": alternate}
        sources |= {"difference_max": difference, "difference_min": difference}
    return np.stack(
        [
            reduce_bins(sources[plane], widths, factor, reduction)
            for plane, reduction in SUMMARY_PLANES
            if plane in sources
        ]
    )


def coarsen(
    planes: Float32[np.ndarray, "P T B"], widths: Float32[np.ndarray, " B"], factor: int
) -> Float32[np.ndarray, "P T C"]:
    """A coarser summary level from a finer one."""
    return np.stack(
        [
            reduce_bins(values, widths, factor, reduction)
            for values, (_, reduction) in zip(planes, SUMMARY_PLANES, strict=False)
        ]
    )


def reduce_bins(
    values: Float32[np.ndarray, "*any B"],
    widths: Float32[np.ndarray, " B"],
    factor: int,
    reduction: Reduction,
) -> Float32[np.ndarray, "*any C"]:
    """Joins every `factor` neighbouring bins along the last axis, from the first one on.

    Args:
      values: one number a bin.
      widths: bp that each bin covers: the weights of a mean.
      factor: the last group may be smaller.
      reduction: weighted mean, maximum or minimum.
    """
    if factor == 1:
        return values
    num_bins = values.shape[-1]
    whole = num_bins - num_bins % factor
    joined = _reduce_whole(values[..., :whole], widths[:whole], factor, reduction)
    if whole == num_bins:
        return joined
    rest = _reduce_whole(values[..., whole:], widths[whole:], num_bins - whole, reduction)
    return np.concatenate([joined, rest], axis=-1)


def _reduce_whole(
    values: Float32[np.ndarray, "*any B"],
    widths: Float32[np.ndarray, " B"],
    factor: int,
    reduction: Reduction,
) -> Float32[np.ndarray, "*any C"]:
    grouped = values.reshape(*values.shape[:-1], -1, factor)
    if reduction == "mean":
        # A matrix product is many times faster than a mean over a short axis. Only a last bin
        # that the interval's end cuts is narrower than the others.
        if widths.size and widths[-1] == widths[0]:
            return np.asarray(grouped @ np.full(factor, 1 / factor, np.float32))
        weights = widths.reshape(-1, factor)
        total = np.einsum("...cf,cf->...c", grouped, weights)
        return np.asarray(total / weights.sum(-1), np.float32)
    # So is comparing column with column.
    compare = np.maximum if reduction == "max" else np.minimum
    extreme = grouped[..., 0].copy()
    for column in range(1, factor):
        compare(extreme, grouped[..., column], out=extreme)
    return extreme


def choose_reading(
    *,
    start: int,
    end: int,
    max_bins: int,
    interval_start: int,
    interval_end: int,
    levels: Sequence[int],
) -> Reading | None:
    """The cheapest way to answer a view with at most `max_bins` bins.

    The bin size depends on the width of the view only, so that it stays the same while a person
    pans: it is the smallest multiple of a stored level that gives `max_bins` bins or fewer (one
    more where the view begins inside a bin). Where no level is fine enough the finest one is
    taken. View and interval are 0-based half-open; the view may reach beyond the interval.

    Args:
      start: of the view.
      end: of the view.
      max_bins: at least 1.
      interval_start: where the part's interval begins.
      interval_end: where it ends.
      levels: bin sizes in bp of the levels that are ready.

    Returns:
      None where view and interval do not overlap.
    """
    first_base = max(start, interval_start) - interval_start
    last_base = min(end, interval_end) - interval_start
    if first_base >= last_base:
        return None
    wanted = max(1, -(-(end - start) // max_bins))
    level = max((size for size in levels if size <= wanted), default=min(levels))
    factor = max(1, -(-wanted // level))
    size = level * factor
    length = interval_end - interval_start
    return Reading(
        level=level,
        factor=factor,
        first=(first_base // size) * factor,
        last=min(-(-last_base // size) * factor, -(-length // level)),
        start=interval_start + (first_base // size) * size,
    )
