"""What an engine knows about the genome of an organism, beside its weights."""

from dataclasses import dataclass

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.genome.gene_annotation import Annotation
from predictor.genome.reference import Reference
from predictor.model.config import TracksPerHead
from predictor.scoring.calibration_table import Calibration
from predictor.scoring.site import SitesOfGenes
from predictor.tracks.catalogue import Catalogue
from predictor.tracks.output_types import OUTPUTS

ORGANISM_INDEX = {Organism.HOMO_SAPIENS: 0, Organism.MUS_MUSCULUS: 1}
"""The number under which the network knows an organism."""

_NO_BASE = 4
_CODES = np.full(256, _NO_BASE, np.uint8)
_CODES[np.frombuffer(b"ACGT", np.uint8)] = range(4)


@dataclass(frozen=True, kw_only=True)
class OrganismData:
    """What is installed of one organism.

    Attributes:
      reference: its genome.
      annotation: its genes; None without.
      polyadenylation_sites: of its genes; None without.
      calibration: background that its variant scores are ranked against; None without.
    """

    reference: Reference
    annotation: Annotation | None = None
    polyadenylation_sites: SitesOfGenes | None = None
    calibration: Calibration | None = None


def base_codes(sequence: str) -> np.ndarray:
    """uint8 [S]: 0 to 3 for A, C, G, T, 4 for anything else."""
    codes: np.ndarray = _CODES[np.frombuffer(sequence.encode(), np.uint8)]
    return codes


def nonzero_means(
    catalogue: Catalogue, organism: Organism, widths: TracksPerHead
) -> dict[OutputType, np.ndarray]:
    """Float32 [T] of every track output type, padding included: what the network multiplies by.

    Args:
      catalogue: tracks of the engine.
      organism: whose.
      widths: of the heads of the network.
    """
    return {
        kind: catalogue.nonzero_mean(organism, kind, getattr(widths, about.head))
        for kind, about in OUTPUTS.items()
        if about.kind == "signal" and not about.head.startswith("splice")
    }


def interval_on_assembly(interval: Interval, reference: Reference) -> Interval:
    """The interval under the assembly's name of its chromosome.

    Raises:
      UnknownChromosomeError: the assembly has no such chromosome.
    """
    placed = interval.copy()
    placed.chromosome = reference.names.resolve(interval.chromosome)
    return placed


def variant_on_assembly(variant: Variant, reference: Reference) -> Variant:
    """The variant under the assembly's name of its chromosome; as `interval_on_assembly`."""
    placed = variant.copy()
    placed.chromosome = reference.names.resolve(variant.chromosome)
    return placed
