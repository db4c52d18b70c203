"""What changes from REF to ALT, one row a track, computed when a part is published.

Tracks that do not change have rows too: that a cell type is left alone is an answer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_output import OutputType

from predictor.scoring.changes import Changes, changes_of
from webapp.tracks.labels import text_of, track_label
from webapp.tracks.output_types import OUTPUT_TYPES


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


def changes_by_track(
    output_type: str,
    reference: TrackData | JunctionData,
    alternate: TrackData | JunctionData,
    *,
    interval: Interval,
    variants: Sequence[Variant],
    track_ids: Sequence[str],
) -> list[Change]:
    """One row a track; see `predictor.scoring.changes` for what is measured.

    Args:
      output_type: name in the SDK.
      reference: of REF.
      alternate: of ALT, aligned to REF.
      interval: what was predicted.
      variants: of the ALT haplotype.
      track_ids: in the order of the columns; of junctions those of the + rows of all tissues, then
        those of the − rows.
    """
    found = changes_of(
        OutputType[output_type], reference, alternate, interval=interval, variants=variants
    )
    # JSON knows no NaN; a network that has gone astray must not make its results unreadable.
    found = replace(
        found,
        reference=np.nan_to_num(found.reference),
        alternate=np.nan_to_num(found.alternate),
    )
    return _rows(output_type, found, track_ids)


def as_json(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Rows for the database and the API."""
    return [asdict(change) for change in changes]


def _rows(output_type: str, found: Changes, track_ids: Sequence[str]) -> list[Change]:
    numbers = found.numbers()
    difference = found.alternate - found.reference
    return [
        Change(
            track=track,
            output_type=output_type,
            biosample_name=text_of(row, "biosample_name"),
            ontology_curie=text_of(row, "ontology_curie"),
            strand=text_of(row, "strand"),
            label=track_label(output_type, row),
            measure=found.measure,
            reference=float(found.reference[index]),
            alternate=float(found.alternate[index]),
            difference=float(difference[index]),
            log2_ratio=float(numbers[index]) if found.is_ratio else None,
            strength=float(np.abs(numbers[index])),
            unit=OUTPUT_TYPES[output_type].unit,
            interval={
                "chromosome": found.intervals[index].chromosome,
                "start": found.intervals[index].start,
                "end": found.intervals[index].end,
                "strand": found.intervals[index].strand,
            },
        )
        for index, (track, row) in enumerate(
            zip(track_ids, found.tracks.to_dict("records"), strict=True)
        )
    ]
