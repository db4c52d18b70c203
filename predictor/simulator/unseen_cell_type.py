"""A cell type that no network has seen: its tracks exist as files only, for fine-tuning.

Axes: S positions.
Source: specification of the demo genome, sections 4 and 7.
"""

import dataclasses

import numpy as np
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import Float32, UInt8

from predictor.simulator import chromatin_tracks, expression_tracks, grammar
from predictor.simulator.track_table import Track
from predictor.simulator.world import read_by_rules

STROMAL = grammar.CellType(
    key="STR", curie="DEMO:0000005", title="stromal-like (demo)",
    weights={"AP1": 0.8, "ETS": 0.6, "RUNX": 0.3},
)  # fmt: skip
_RULES = dataclasses.replace(
    grammar.ORGANISMS[Organism.HOMO_SAPIENS], cell_types=(STROMAL,), rbfox_cell_type=None
)


@dataclasses.dataclass(frozen=True)
class UnseenTrack:
    """One track of the cell type.

    Attributes:
      output_type: modality.
      strand: "+", "-" or ".".
      name: for people; both strands of an experiment have the same.
      stem: of the file.
    """

    output_type: OutputType
    strand: str
    name: str
    stem: str


UNSEEN_TRACKS = (
    UnseenTrack(OutputType.DNASE, ".", "D-STR DNase-seq", "stromal_dnase"),
    UnseenTrack(OutputType.RNA_SEQ, "+", "D-STR total RNA-seq", "stromal_rna_plus"),
    UnseenTrack(OutputType.RNA_SEQ, "-", "D-STR total RNA-seq", "stromal_rna_minus"),
)


def unseen_signals(codes: UInt8[np.ndarray, " S"]) -> dict[UnseenTrack, Float32[np.ndarray, " S"]]:
    """The tracks over a chromosome, by the same rules as those of the other cell types."""
    world = read_by_rules(codes, _RULES)
    rna = np.zeros((2, world.length), np.float32)
    rows = tuple(Track(STROMAL.key, strand) for strand in "+-")
    expression_tracks.rna_seq(rna, world, rows)
    dnase = chromatin_tracks.chromatin(world).open[0].astype(np.float32)
    return dict(zip(UNSEEN_TRACKS, (dnase, *rna), strict=True))
