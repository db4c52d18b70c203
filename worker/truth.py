"""What is true of a chunk, where it was asked for. NumPy only: no model is opened for it."""

from collections.abc import Iterator, Mapping
from typing import Any

from alphagenome.data.genome import Interval
from alphagenome.models.dna_output import OutputType

from predictor.simulator.allele_tracks import true_alleles, true_metadata
from predictor.tracks.output_types import parse_organism
from webapp.jobs.models import Chunk, ChunkPart
from webapp.jobs.plan import variant_of
from webapp.jobs.submission import open_reference


def truth_of(
    chunk: Chunk, parts: Mapping[OutputType, ChunkPart]
) -> Iterator[tuple[OutputType, Any, Any]]:
    """Output type, REF and ALT (aligned to REF) of the parts, in their order.

    Raises:
      GenomeMissingError: the demo genome is not installed.
    """
    organism = parse_organism(chunk.job.organism)
    return true_alleles(
        Interval(chunk.chromosome, chunk.start, chunk.end),
        [variant_of(values) for values in chunk.variants],
        organism=organism,
        reference=open_reference(chunk.job.assembly),
        wanted={
            kind: _rows(part.tracks, len(true_metadata(organism, kind)))
            for kind, part in parts.items()
        },
    )


def _rows(tracks: list[str], known: int) -> list[int]:
    """Numbers of the tracks; of junctions those on +, which stand for the tissues."""
    numbers = [int(track.rpartition("/")[2]) for track in tracks]
    return [number for number in numbers if number < known]
