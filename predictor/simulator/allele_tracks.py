"""True tracks of REF and ALT in one window, in the form in which an engine gives its predictions.

The window, the two sequences and the alignment of ALT to REF are those of the engines, so that
truth and prediction can be drawn over each other and measured at the same bases.

Axes: S positions, J junctions, T tracks.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Junction, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output, OutputType, VariantOutput
from jaxtyping import Int64

from predictor.genome.reference import Reference
from predictor.genome.sequences import allele_sequences
from predictor.simulator.readouts import simulate
from predictor.simulator.track_table import track_mask, tracks
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.output_types import OUTPUTS

Data: TypeAlias = TrackData | JunctionData


def true_metadata(organism: Organism, output_type: OutputType) -> pd.DataFrame:
    """The tracks of which the simulator knows the truth, without padding, index 0 ... n-1."""
    table = tracks(organism)[output_type]
    real = track_mask(organism)[OUTPUTS[output_type].head][: len(table)]
    return table[real].reset_index(drop=True)


def known_rows(rows: pd.DataFrame, organism: Organism, output_type: OutputType) -> list[int]:
    """Which rows of an engine's metadata are tracks of the simulator, at the same place.

    Args:
      rows: the engine's tracks of the output type, without padding.
      organism: whose.
      output_type: which.

    Returns:
      Indices into `rows`; a track that training has added behind the simulator's own, or put in
      place of one, is not among them.
    """
    known = true_metadata(organism, output_type)
    keys = [column for column in ("name", "strand") if column in known and column in rows]
    pairs = zip(rows[keys].to_numpy().tolist(), known[keys].to_numpy().tolist(), strict=False)
    return [index for index, (row, truth) in enumerate(pairs) if row == truth]


def true_alleles(
    interval: Interval,
    variants: Sequence[Variant],
    *,
    organism: Organism,
    reference: Reference,
    wanted: Mapping[OutputType, Sequence[int]],
    align: bool = True,
) -> Iterator[tuple[OutputType, Data, Data | None]]:
    """The truth of a window, output type by output type in the order wanted.

    Args:
      interval: the window, on the forward strand, a multiple of 2,048 bp long; beyond the
        chromosome it reads N.
      variants: of one ALT haplotype; without any there is only REF.
      organism: whose rules apply.
      reference: the demo genome.
      wanted: rows of `true_metadata` of each output type.
      align: put tracks and contact maps of ALT into REF coordinates. Junctions of ALT are given
        by the REF bases that its exons end at in either case, as those of an engine.

    Yields:
      Output type, REF, and ALT (None without variants).

    Raises:
      WindowLengthError: the window is no multiple of 2,048 bp.
      OverlappingVariantsError, VariantOutsideIntervalError: as for any engine.
    """
    alignment = AlleleAlignment(interval, variants)
    sequences = allele_sequences(interval, variants, reference)
    truths = [simulate(sequence, organism, interval=interval) for sequence in sequences]
    for kind, rows in wanted.items():
        chosen = list(rows)
        ref, alt = (_chosen(truth.get(kind), chosen) for truth in truths)
        if align or kind is OutputType.SPLICE_JUNCTIONS:
            alt = _aligned(kind, alt, alignment)
        yield kind, ref, alt if variants else None


def true_output(
    interval: Interval,
    variants: Sequence[Variant],
    *,
    organism: Organism,
    reference: Reference,
    align: bool = True,
) -> VariantOutput:
    """The truth of all tracks of a window, REF and ALT; arguments as of `true_alleles`."""
    wanted = {kind: range(len(true_metadata(organism, kind))) for kind in OUTPUTS}
    found = list(
        true_alleles(
            interval, variants, organism=organism, reference=reference, wanted=wanted, align=align
        )
    )
    return VariantOutput(
        reference=Output(**{kind.name.lower(): ref for kind, ref, _ in found}),
        alternate=Output(**{kind.name.lower(): alt for kind, _, alt in found}),
    )


def _chosen(data: Data, rows: list[int]) -> Data:
    return dataclasses.replace(
        data,
        values=np.ascontiguousarray(data.values[..., rows]),
        metadata=data.metadata.iloc[rows].reset_index(drop=True),
    )


def _aligned(kind: OutputType, data: Data, alignment: AlleleAlignment) -> Data:
    if isinstance(data, JunctionData):
        return _aligned_junctions(data, alignment)
    about = OUTPUTS[kind]
    align = alignment.contact_maps if about.kind == "contact_map" else alignment.tracks
    return dataclasses.replace(data, values=align(data.values, about.resolution))


def _aligned_junctions(data: JunctionData, alignment: AlleleAlignment) -> JunctionData:
    """ALT junctions between REF bases; counts of those that fall together are added.

    An exon that ends at an inserted base ends at the base before the insertion. A junction that
    ends behind the window of REF (a deletion has drawn it in) is left out.
    """
    if alignment.is_identity:
        return data
    offset = data.interval.start
    place = _reference_places(alignment)
    found: dict[tuple[int, int, str], np.ndarray] = {}
    for junction, values in zip(data.junctions, data.values, strict=True):
        # The last base of the exon on the left, and the first of the exon on the right.
        left = place[junction.start - 1 - offset]
        right = place[junction.end - offset]
        if min(left, right) < 0 or right <= left + 1:
            continue
        key = (int(offset + left + 1), int(offset + right), junction.strand)
        found[key] = found.get(key, 0) + values
    chromosome = data.interval.chromosome
    return JunctionData(
        junctions=np.array(
            [Junction(chromosome, start, end, strand=strand) for start, end, strand in found],
            dtype=object,
        ),
        values=np.array(list(found.values()), np.float32).reshape(-1, data.values.shape[1]),
        metadata=data.metadata,
        interval=data.interval,
    )


def _reference_places(alignment: AlleleAlignment) -> Int64[np.ndarray, " S"]:
    """The REF base of each ALT base: the one before for inserted bases, -1 behind the window."""
    place = np.full(alignment.width, -1)
    placed = np.flatnonzero(alignment.source >= 0)
    place[alignment.source[placed]] = placed
    for insertion in alignment.insertions:
        place[insertion.first : insertion.last] = insertion.at
    return place
