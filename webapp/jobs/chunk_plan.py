"""What one chunk computes: its window and haplotype, and a part for each output type and source."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.simulator.allele_tracks import known_rows
from predictor.tracks.catalogue import Catalogue
from predictor.tracks.output_types import OUTPUTS
from webapp.jobs.plan import ChunkPlan, PartPlan
from webapp.jobs.states import PartSource
from webapp.results.services import part_key


def plan_chunk(
    interval: Interval,
    variants: list[Variant],
    *,
    tracks: Catalogue,
    organism: Organism,
    output_types: list[OutputType],
    curies: tuple[str, ...] | None,
    sources: Mapping[PartSource, tuple[str, str]],
    identity: dict[str, Any],
) -> ChunkPlan:
    """A chunk with the parts of each source; `sources` names the engine and digest of each."""
    parts = []
    for source, (engine, digest) in sources.items():
        for output_type in output_types:
            ids = track_ids(tracks, organism, output_type, curies)
            if source == PartSource.TRUTH:
                ids = _true_tracks(ids, tracks, organism, output_type)
                if not ids:
                    continue
            parts.append(
                PartPlan(
                    source=source,
                    output_type=output_type.name,
                    key=part_key(
                        **identity,
                        engine=engine,
                        weights_digest=digest,
                        interval=interval_json(interval),
                        variants=[str(variant) for variant in variants],
                        output_type=output_type.name,
                        track_ids=ids,
                    ),
                    resolution=OUTPUTS[output_type].resolution,
                    tracks=ids,
                )
            )
    return ChunkPlan(
        chromosome=interval.chromosome,
        start=interval.start,
        end=interval.end,
        variants=tuple(variant_json(variant) for variant in variants),
        parts=tuple(parts),
    )


def _true_tracks(
    ids: Sequence[str], tracks: Catalogue, organism: Organism, output_type: OutputType
) -> tuple[str, ...]:
    """Those of the tracks that the simulator has too; fine-tuned weights may have others."""
    rows = tracks.metadata(organism, output_type)
    known = known_rows(rows, organism, output_type)
    # Junction tracks are numbered by tissue, + then −; of others there is one for each row.
    return tuple(each for each in ids if int(each.rpartition("/")[2]) % len(rows) in known)


def track_ids(
    table: Catalogue, organism: Organism, output_type: OutputType, curies: Sequence[str] | None
) -> tuple[str, ...]:
    """Ids of the tracks that a prediction for these cell types has, in its order.

    The number in an id counts the rows that are not padding. Junction tracks are tissues on
    the + strand, then the same tissues on the − strand.
    """
    rows = table.table(organism, output_type)
    real = np.flatnonzero(rows.real)
    indices = np.searchsorted(real, rows.select(curies)).tolist()
    if OUTPUTS[output_type].kind == "junctions":
        indices = indices + [len(real) + index for index in indices]
    return tuple(f"{output_type.name}/{index}" for index in indices)


def variant_json(variant: Variant) -> dict[str, Any]:
    """A variant as it stands in the API; the position is 1-based."""
    return {
        "text": str(variant),
        "chromosome": variant.chromosome,
        "position": variant.position,
        "reference_bases": variant.reference_bases,
        "alternate_bases": variant.alternate_bases,
    }


def interval_json(interval: Interval) -> dict[str, Any]:
    return {
        "chromosome": interval.chromosome,
        "start": interval.start,
        "end": interval.end,
        "strand": ".",
    }
