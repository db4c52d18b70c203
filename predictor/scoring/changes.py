"""How much each track changes from REF to ALT: one number a track, wherever its answer lies.

Each output type is asked where its answer lies:

- open chromatin and ChIP: around the variant, log2(1 + Σ ALT) − log2(1 + Σ REF) over 501 bp
  (2,001 bp for histone marks), the recommended center mask scorers of spec/scoring.md 6.1;
- RNA-seq, CAGE, PRO-cap: at genes, which may lie far from the variant, so the same number over
  the 512-bp stretch of the window whose sum changes most;
- splice sites and their usage: the base whose value changes most;
- junctions and contact maps: the junction, or the pair of bins, whose value changes most.

ALT is aligned to REF here, while the official scorers of tracks do not align it.

Axes: S bins, M bins of a contact map, T tracks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_output import OutputType
from jaxtyping import Float, Float32

from predictor.scoring.center_mask import Aggregation, center_mask, center_mask_score
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.joined_junctions import FORWARD, joined_junctions
from predictor.tracks.output_types import OUTPUTS

MEASURES: dict[OutputType, str] = {
    OutputType.ATAC: "sum_501bp_at_variant",
    OutputType.DNASE: "sum_501bp_at_variant",
    OutputType.CHIP_HISTONE: "sum_2001bp_at_variant",
    OutputType.CHIP_TF: "sum_501bp_at_variant",
    OutputType.RNA_SEQ: "sum_512bp_changed_most",
    OutputType.CAGE: "sum_512bp_changed_most",
    OutputType.PROCAP: "sum_512bp_changed_most",
    OutputType.SPLICE_SITES: "base_changed_most",
    OutputType.SPLICE_SITE_USAGE: "base_changed_most",
    OutputType.SPLICE_JUNCTIONS: "junction_changed_most",
    OutputType.CONTACT_MAPS: "contact_changed_most",
}
"""The measure of each output type."""


@dataclass(frozen=True)
class Changes:
    """One measure of every track of an output type.

    Attributes:
      measure: name of what `reference` and `alternate` are, such as `sum_501bp_at_variant`.
      tracks: metadata, one row a track.
      reference, alternate: that number for each allele.
      intervals: where it was measured, one a track, 0-based half-open.
      is_ratio: sums and counts, which are compared by their log2 ratio; probabilities and contacts
        by their difference.
    """

    measure: str
    tracks: pd.DataFrame
    reference: Float[np.ndarray, " T"]
    alternate: Float[np.ndarray, " T"]
    intervals: Sequence[Interval]
    is_ratio: bool

    def numbers(self) -> Float[np.ndarray, " T"]:
        """What is ranked: log2((1 + alternate) / (1 + reference)), or alternate − reference."""
        numbers: Float[np.ndarray, " T"]
        if self.is_ratio:
            # Sums of signals and counts are not negative, but for rounding.
            reference, alternate = np.maximum(self.reference, 0), np.maximum(self.alternate, 0)
            numbers = np.log2(1 + alternate) - np.log2(1 + reference)
        else:
            numbers = self.alternate - self.reference
        return numbers


def background_name(output_type: str, measure: str) -> str:
    """Name of a measure in the table of background scores: `RNA_SEQ sum_512bp_changed_most`."""
    return f"{output_type} {measure}"


def is_of_window(measure: str) -> bool:
    """The measure is the largest of the window, so that it depends on the window's length."""
    return measure.endswith("_changed_most")


def changes_of(
    output_type: OutputType,
    reference: TrackData | JunctionData,
    alternate: TrackData | JunctionData,
    *,
    interval: Interval,
    variants: Sequence[Variant],
) -> Changes:
    """What changes in one output type.

    Args:
      output_type: of the data.
      reference: [S, T], for contact maps [M, M, T], or junctions.
      alternate: the same of ALT, aligned to REF.
      interval: what was predicted.
      variants: of the ALT haplotype; of several, a track shows the one that changes it most.

    Returns:
      One number a track; of junctions one for each tissue on the + strand, then on the − strand.
    """
    measure = MEASURES[output_type]
    if OUTPUTS[output_type].kind == "junctions":
        return _junctions(measure, reference, alternate, interval)
    ref = np.asarray(reference.values)
    alt = _without_lost_end(ref, np.asarray(alternate.values), interval, variants)
    return _COMPUTE[measure](_Pair(ref, alt, measure, reference.metadata, interval, variants))


def _junctions(
    measure: str, reference: JunctionData, alternate: JunctionData, interval: Interval
) -> Changes:
    """For each tissue and strand the junction whose count changes most."""
    places, counts = joined_junctions(reference, alternate)
    tissues = reference.metadata
    tracks = pd.concat([tissues.assign(strand=strand) for strand in "+-"], ignore_index=True)
    ref = np.zeros(len(tracks))
    alt = np.zeros(len(tracks))
    intervals = [interval] * len(tracks)
    for index, strand in enumerate(tracks["strand"]):
        own = np.flatnonzero((places[:, 2] == FORWARD) == (strand == "+"))
        if len(own) == 0:
            continue
        pair = counts[:, own, index % len(tissues)]
        most = int(np.argmax(np.abs(pair[1] - pair[0])))
        ref[index], alt[index] = pair[:, most]
        start, end, _ = places[own[most]]
        intervals[index] = Interval(interval.chromosome, int(start), int(end), strand)
    return Changes(measure, tracks, ref, alt, intervals, is_ratio=True)


def _without_lost_end(
    ref: Float32[np.ndarray, "S ..."],
    alt: Float32[np.ndarray, "S ..."],
    interval: Interval,
    variants: Sequence[Variant],
) -> Float32[np.ndarray, "S ..."]:
    """REF where an insertion has pushed ALT out of the window: nothing is known to change there."""
    lost = AlleleAlignment(interval, variants).lost_end
    if not lost or ref.shape[0] != interval.width:
        return alt
    return np.concatenate([alt[:-lost], ref[-lost:]])


class _Pair(NamedTuple):
    """REF and ALT [S, T] of an output type, contact maps [M, M, T]."""

    ref: Float32[np.ndarray, "S ..."]
    alt: Float32[np.ndarray, "S ..."]
    measure: str
    tracks: pd.DataFrame
    interval: Interval
    variants: Sequence[Variant]

    @property
    def bin_size(self) -> int:
        return int(self.interval.width // self.ref.shape[0])

    def part(self, first: int, end: int) -> Interval:
        """From one bin to before another, cut at the end of the window."""
        start = self.interval.start + first * self.bin_size
        last = min(self.interval.start + end * self.bin_size, self.interval.end)
        return Interval(self.interval.chromosome, start, last)


def _center(width: int) -> Callable[[_Pair], Changes]:
    def measure(pair: _Pair) -> Changes:
        candidates = []
        for variant in pair.variants:
            mask = center_mask(pair.interval, variant, width=width, resolution=pair.bin_size)
            sums = [np.sum(allele[mask], axis=0, dtype=np.float64) for allele in pair[:2]]
            score = center_mask_score(pair.ref, pair.alt, mask, Aggregation.DIFF_LOG2_SUM)
            candidates.append((sums, score, _masked(pair, mask)))
        # Of several variants on one haplotype, each track shows the one that changes it most.
        best = np.argmax(np.abs([score for _, score, _ in candidates]), axis=0)
        tracks = np.arange(pair.ref.shape[1])
        both = np.array([sums for sums, _, _ in candidates])
        return Changes(
            pair.measure,
            pair.tracks,
            both[best, 0, tracks],
            both[best, 1, tracks],
            [candidates[index][2] for index in best],
            is_ratio=True,
        )

    return measure


def _masked(pair: _Pair, mask: np.ndarray) -> Interval:
    marked = np.flatnonzero(mask)
    return pair.part(int(marked[0]), int(marked[-1]) + 1) if len(marked) else pair.part(0, 0)


def _stretch_changed_most(width: int) -> Callable[[_Pair], Changes]:
    def measure(pair: _Pair) -> Changes:
        starts = np.arange(0, pair.ref.shape[0], width)
        sums = [np.add.reduceat(allele, starts, axis=0, dtype=np.float64) for allele in pair[:2]]
        best = np.argmax(np.abs(sums[1] - sums[0]), axis=0)
        tracks = np.arange(pair.ref.shape[1])
        return Changes(
            pair.measure,
            pair.tracks,
            sums[0][best, tracks],
            sums[1][best, tracks],
            [pair.part(int(index) * width, (int(index) + 1) * width) for index in best],
            is_ratio=True,
        )

    return measure


def _base_changed_most(pair: _Pair) -> Changes:
    best = np.argmax(np.abs(pair.alt - pair.ref), axis=0)
    tracks = np.arange(pair.ref.shape[1])
    return Changes(
        pair.measure,
        pair.tracks,
        pair.ref[best, tracks].astype(np.float64),
        pair.alt[best, tracks].astype(np.float64),
        [pair.part(int(index), int(index) + 1) for index in best],
        is_ratio=False,
    )


def _contact_changed_most(pair: _Pair) -> Changes:
    bins, _, num_tracks = pair.ref.shape
    best = np.argmax(np.abs(pair.alt - pair.ref).reshape(bins * bins, num_tracks), axis=0)
    tracks = np.arange(num_tracks)
    rows, columns = np.divmod(best, bins)
    return Changes(
        pair.measure,
        pair.tracks,
        pair.ref[rows, columns, tracks].astype(np.float64),
        pair.alt[rows, columns, tracks].astype(np.float64),
        [pair.part(int(min(both)), int(max(both)) + 1) for both in zip(rows, columns, strict=True)],
        is_ratio=False,
    )


_COMPUTE: dict[str, Callable[[_Pair], Changes]] = {
    "sum_501bp_at_variant": _center(501),
    "sum_2001bp_at_variant": _center(2_001),
    "sum_512bp_changed_most": _stretch_changed_most(512),
    "base_changed_most": _base_changed_most,
    "contact_changed_most": _contact_changed_most,
}
