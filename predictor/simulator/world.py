"""One window as the demo world reads it: hidden quantities and transcripts.

Axes: S positions, C cell types.
Source: specification of the demo genome, section 5.
"""

import dataclasses

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import Float64, UInt8

from predictor.simulator import grammar
from predictor.simulator.hidden import Hidden, hidden_quantities
from predictor.simulator.splicing import strand_sites
from predictor.simulator.transcript import Transcript, read_transcript


@dataclasses.dataclass(frozen=True)
class Expressed:
    """A transcript with its levels.

    Attributes:
      transcript: as read on its strand.
      strand: "+" or "-".
      expression: T by cell type.
    """

    transcript: Transcript
    strand: str
    expression: Float64[np.ndarray, " C"]

    @property
    def level(self) -> Float64[np.ndarray, " C"]:
        """L = 10 T (0.2 + 0.8 Q) by cell type."""
        return 10 * self.expression * (0.2 + 0.8 * self.transcript.cleaved)


@dataclasses.dataclass(frozen=True)
class World:
    """What was read in one window; the readouts are functions of it.

    Attributes:
      length: S.
      rules: of the organism.
      hidden: accessibility, promoters, insulation, expression.
      transcripts: of both strands, in order of start site.
    """

    length: int
    rules: grammar.OrganismRules
    hidden: Hidden
    transcripts: tuple[Expressed, ...]

    def row(self, cell_type: str) -> int:
        """Index of a cell type along the axis C."""
        return [cell.key for cell in self.rules.cell_types].index(cell_type)

    def rbfox(self, cell_type: str) -> int:
        """1 where RBFOX sites help exons, else 0."""
        return int(cell_type == self.rules.rbfox_cell_type)


def read_world(codes: UInt8[np.ndarray, " S"], organism: Organism) -> World:
    """Reads the hidden quantities and the transcripts of a window.

    Args:
      codes: bases, A 0, C 1, G 2, T 3, unknown 4; any length.
      organism: decides cell types, weights and rules.
    """
    return read_by_rules(codes, grammar.ORGANISMS[organism])


def read_by_rules(codes: UInt8[np.ndarray, " S"], rules: grammar.OrganismRules) -> World:
    """As `read_world`, for rules that belong to neither organism."""
    hidden = hidden_quantities(codes, rules.cell_types)
    expressed = []
    for starts in hidden.starts:
        if not len(starts.positions):
            continue
        read = codes if starts.strand == "+" else grammar.reverse_complement(codes)
        sites = strand_sites(read)
        for position, expression in zip(starts.positions, starts.expression.T, strict=True):
            start = int(position) if starts.strand == "+" else len(codes) - 1 - int(position)
            transcript = read_transcript(start, read, sites)
            expressed.append(Expressed(transcript, starts.strand, expression))
    return World(len(codes), rules, hidden, tuple(expressed))
