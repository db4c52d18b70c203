"""What changes from REF to ALT, one row a track, computed when a part is published.

Each output type is asked where its answer lies:

- open chromatin and ChIP: around the variant, log2(1 + Σ ALT) − log2(1 + Σ REF) over 501 bp
  (2,001 bp for histone marks), the recommended center mask scorers of spec/scoring.md 6.1;
- RNA-seq, CAGE, PRO-cap: at genes, which may lie far from the variant, so the same number over
  the 512-bp stretch of the window whose sum changes most;
- splice sites and their usage: the base whose value changes most;
- junctions and contact maps: the junction, or the pair of bins, whose value changes most.

ALT is aligned to REF here, while the official scorers of tracks do not align it.
Tracks that do not change have rows too: that a cell type is left alone is an answer.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from jaxtyping import Float, Float32

from predictor.scoring.center_mask import Aggregation, center_mask, center_mask_score
from predictor.tracks.alignment import AlleleAlignment
from webapp.results.parts import FORWARD, joined_junctions
from webapp.tracks.labels import text_of, track_label
from webapp.tracks.output_types import OUTPUT_TYPES

_STRETCH = 512


@dataclass(frozen=True)
class Change:
    """How much one track changes.

    Attributes:
      track: id of the track, such as `DNASE/0`.
      label: the track in plain words.
      measure: name of what `reference` and `alternate` are.
      reference, alternate: that number for each allele.
      difference: alternate − reference.
      log2_ratio: log2((1 + alternate) / (1 + reference)) of sums and counts; None for
        probabilities and contacts.
      strength: what the rows are ordered by, never negative.
      unit: of reference and alternate.
      interval: where it was measured, 0-based half-open.
    """

    track: str
    output_type: str
    biosample_name: str
    ontology_curie: str
    strand: str
    label: str
    measure: str
    reference: float
    alternate: float
    difference: float
    log2_ratio: float | None
    strength: float
    unit: str
    interval: dict[str, Any]


@dataclass(frozen=True)
class _Measured:
    """One measure of every track of a part; places are intervals, one a track."""

    measure: str
    reference: Float[np.ndarray, " T"]
    alternate: Float[np.ndarray, " T"]
    intervals: list[Interval]
    is_ratio: bool

    def log2_ratio(self) -> Float[np.ndarray, " T"]:
        # Sums of signals and counts are not negative, but for rounding.
        reference, alternate = np.maximum(self.reference, 0), np.maximum(self.alternate, 0)
        ratio: Float[np.ndarray, " T"] = np.log2(1 + alternate) - np.log2(1 + reference)
        return ratio


def signal_changes(
    output_type: str,
    reference: TrackData,
    alternate: TrackData,
    *,
    interval: Interval,
    variants: Sequence[Variant],
    track_ids: Sequence[str],
) -> list[Change]:
    """Changes of signal tracks or contact maps; ALT is aligned to REF."""
    measure = _MEASURES[output_type]
    ref = np.asarray(reference.values)
    alt = _without_lost_end(ref, np.asarray(alternate.values), interval, variants)
    measured = measure(ref, alt, interval, variants)
    rows = reference.metadata.to_dict("records")
    return _rows(output_type, measured, rows, track_ids)


def junction_changes(
    reference: JunctionData,
    alternate: JunctionData,
    *,
    interval: Interval,
    track_ids: Sequence[str],
) -> list[Change]:
    """Changes of junctions: for each tissue and strand the one whose count changes most.

    The track ids are those of the + rows of all tissues, then those of the − rows.
    """
    places, counts = joined_junctions(reference, alternate)
    tissues = reference.metadata.to_dict("records")
    rows = [{**row, "strand": strand} for strand in "+-" for row in tissues]
    ref = np.zeros(len(rows))
    alt = np.zeros(len(rows))
    intervals = [interval] * len(rows)
    for index, row in enumerate(rows):
        own = np.flatnonzero((places[:, 2] == FORWARD) == (row["strand"] == "+"))
        if len(own) == 0:
            continue
        pair = counts[:, own, index % len(tissues)]
        most = int(np.argmax(np.abs(pair[1] - pair[0])))
        ref[index], alt[index] = pair[:, most]
        start, end, _ = places[own[most]]
        intervals[index] = Interval(interval.chromosome, int(start), int(end), row["strand"])
    measured = _Measured("junction_changed_most", ref, alt, intervals, is_ratio=True)
    return _rows("SPLICE_JUNCTIONS", measured, rows, track_ids)


def as_json(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Rows for the database and the API."""
    return [asdict(change) for change in changes]


def _rows(
    output_type: str,
    measured: _Measured,
    rows: Sequence[Mapping[Any, Any]],
    track_ids: Sequence[str],
) -> list[Change]:
    # JSON knows no NaN; a network that has gone astray must not make its results unreadable.
    measured = replace(
        measured,
        reference=np.nan_to_num(measured.reference),
        alternate=np.nan_to_num(measured.alternate),
    )
    ratios = measured.log2_ratio() if measured.is_ratio else None
    difference = measured.alternate - measured.reference
    strength = np.abs(difference if ratios is None else ratios)
    return [
        Change(
            track=track,
            output_type=output_type,
            biosample_name=text_of(row, "biosample_name"),
            ontology_curie=text_of(row, "ontology_curie"),
            strand=text_of(row, "strand"),
            label=track_label(output_type, row),
            measure=measured.measure,
            reference=float(measured.reference[index]),
            alternate=float(measured.alternate[index]),
            difference=float(difference[index]),
            log2_ratio=None if ratios is None else float(ratios[index]),
            strength=float(strength[index]),
            unit=OUTPUT_TYPES[output_type].unit,
            interval={
                "chromosome": measured.intervals[index].chromosome,
                "start": measured.intervals[index].start,
                "end": measured.intervals[index].end,
                "strand": measured.intervals[index].strand,
            },
        )
        for index, (track, row) in enumerate(zip(track_ids, rows, strict=True))
    ]


_Values = Float32[np.ndarray, "S T"]
_Measure = Callable[[_Values, _Values, Interval, Sequence[Variant]], _Measured]


def _center(width: int) -> _Measure:
    def measure(
        ref: _Values, alt: _Values, interval: Interval, variants: Sequence[Variant]
    ) -> _Measured:
        resolution = interval.width // ref.shape[0]
        candidates = []
        for variant in variants:
            mask = center_mask(interval, variant, width=width, resolution=resolution)
            sums = [np.sum(allele[mask], axis=0, dtype=np.float64) for allele in (ref, alt)]
            score = center_mask_score(ref, alt, mask, Aggregation.DIFF_LOG2_SUM)
            candidates.append((sums, score, _masked_interval(interval, mask, resolution)))
        # Of several variants on one haplotype, each track shows the one that changes it most.
        best = np.argmax(np.abs([score for _, score, _ in candidates]), axis=0)
        tracks = np.arange(ref.shape[1])
        both = np.array([sums for sums, _, _ in candidates])
        return _Measured(
            f"sum_{width}bp_at_variant",
            both[best, 0, tracks],
            both[best, 1, tracks],
            [candidates[index][2] for index in best],
            is_ratio=True,
        )

    return measure


def _masked_interval(interval: Interval, mask: np.ndarray, resolution: int) -> Interval:
    marked = np.flatnonzero(mask)
    if len(marked) == 0:
        return Interval(interval.chromosome, interval.start, interval.start)
    return Interval(
        interval.chromosome,
        interval.start + int(marked[0]) * resolution,
        interval.start + (int(marked[-1]) + 1) * resolution,
    )


def _without_lost_end(
    ref: _Values, alt: _Values, interval: Interval, variants: Sequence[Variant]
) -> _Values:
    """REF where an insertion has pushed ALT out of the window: nothing is known to change there."""
    lost = lost_end(AlleleAlignment(interval, variants))
    if not lost or ref.shape[0] != interval.width:
        return alt
    return np.concatenate([alt[:-lost], ref[-lost:]])


def lost_end(alignment: AlleleAlignment) -> int:
    """How many bases at the right end of the window ALT has lost, by an insertion."""
    return int(np.argmin(alignment.missing()[::-1]))


def _stretch_changed_most(
    ref: _Values, alt: _Values, interval: Interval, variants: Sequence[Variant]
) -> _Measured:
    starts = np.arange(0, ref.shape[0], _STRETCH)
    sums = [np.add.reduceat(allele, starts, axis=0, dtype=np.float64) for allele in (ref, alt)]
    best = np.argmax(np.abs(sums[1] - sums[0]), axis=0)
    tracks = np.arange(ref.shape[1])
    return _Measured(
        f"sum_{_STRETCH}bp_changed_most",
        sums[0][best, tracks],
        sums[1][best, tracks],
        [_stretch_interval(interval, int(index) * _STRETCH, _STRETCH) for index in best],
        is_ratio=True,
    )


def _base_changed_most(
    ref: _Values, alt: _Values, interval: Interval, variants: Sequence[Variant]
) -> _Measured:
    best = np.argmax(np.abs(alt - ref), axis=0)
    tracks = np.arange(ref.shape[1])
    return _Measured(
        "base_changed_most",
        ref[best, tracks].astype(np.float64),
        alt[best, tracks].astype(np.float64),
        [_stretch_interval(interval, int(index), 1) for index in best],
        is_ratio=False,
    )


def _stretch_interval(interval: Interval, offset: int, width: int) -> Interval:
    start = interval.start + offset
    return Interval(interval.chromosome, start, min(start + width, interval.end))


def _contact_changed_most(
    ref: Float32[np.ndarray, "M M T"],
    alt: Float32[np.ndarray, "M M T"],
    interval: Interval,
    variants: Sequence[Variant],
) -> _Measured:
    bins, _, num_tracks = ref.shape
    size = interval.width // bins
    flat = np.abs(alt - ref).reshape(bins * bins, num_tracks)
    best = np.argmax(flat, axis=0)
    tracks = np.arange(num_tracks)
    rows, columns = np.divmod(best, bins)
    return _Measured(
        "contact_changed_most",
        ref[rows, columns, tracks].astype(np.float64),
        alt[rows, columns, tracks].astype(np.float64),
        [
            Interval(
                interval.chromosome,
                interval.start + int(min(pair)) * size,
                interval.start + (int(max(pair)) + 1) * size,
            )
            for pair in zip(rows, columns, strict=True)
        ],
        is_ratio=False,
    )


_MEASURES: dict[str, _Measure] = {
    "ATAC": _center(501),
    "DNASE": _center(501),
    "CHIP_HISTONE": _center(2_001),
    "CHIP_TF": _center(501),
    "RNA_SEQ": _stretch_changed_most,
    "CAGE": _stretch_changed_most,
    "PROCAP": _stretch_changed_most,
    "SPLICE_SITES": _base_changed_most,
    "SPLICE_SITE_USAGE": _base_changed_most,
    "CONTACT_MAPS": _contact_changed_most,
}
