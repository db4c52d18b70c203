"""The rules of the demo world as tables: bases, motifs, splice sites, cell types.

Everything here is invented (names carry the prefix "D-" or the word "demo"). No table
depends on a position: the world is a function of the bases and of the organism alone.

Source: specification of the demo genome, sections 2, 3 and 4.
"""

import dataclasses

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.errors import AllelensError

LETTERS = "ACGTN"
UNKNOWN = 4
_COMPLEMENT = np.array([3, 2, 1, 0, UNKNOWN], np.uint8)
_INVALID = 255

# Which of A, C, G, T each letter of a consensus stands for.
IUPAC = {
    "A": "A", "C": "C", "G": "G", "T": "T",
    "R": "AG", "Y": "CT", "K": "GT", "W": "AT", "H": "ACT", "N": "ACGT",
}  # fmt: skip
_COMPLEMENT_SYMBOL = {
    "A": "T", "C": "G", "G": "C", "T": "A",
    "R": "Y", "Y": "R", "K": "M", "M": "K", "W": "W", "H": "D", "N": "N",
}  # fmt: skip
IUPAC |= {"M": "AC", "D": "AGT"}


class SequenceLetterError(AllelensError):
    """A sequence holds a letter that is none of A, C, G, T, N."""

    code = "sequence_letter"


def encode(sequence: str) -> UInt8[np.ndarray, " S"]:
    """Turns letters into base codes A 0, C 1, G 2, T 3, N 4; lower case is accepted.

    Raises:
      SequenceLetterError: a letter is none of A, C, G, T, N.
    """
    table = np.full(256, _INVALID, np.uint8)
    for code, letter in enumerate(LETTERS):
        table[ord(letter)] = table[ord(letter.lower())] = code
    codes = table[np.frombuffer(sequence.encode("latin-1", "replace"), np.uint8)]
    if (codes == _INVALID).any():
        place = int(np.argmax(codes == _INVALID))
        raise SequenceLetterError(
            f"The sequence holds {sequence[place]!r} at position {place + 1}; "
            "only A, C, G, T and N can be read. Replace it or use N.",
            field="sequence",
        )
    return codes


def decode(codes: UInt8[np.ndarray, " S"]) -> str:
    """Turns base codes into letters; the inverse of `encode`."""
    letters: bytes = np.frombuffer(LETTERS.encode(), np.uint8)[codes].tobytes()
    return letters.decode()


def reverse_complement(codes: UInt8[np.ndarray, " S"]) -> UInt8[np.ndarray, " S"]:
    """Base codes of the other strand, read in its own direction; N stays N."""
    complement: UInt8[np.ndarray, " S"] = _COMPLEMENT[codes[::-1]]
    return complement


def reverse_complement_consensus(consensus: str) -> str:
    """The consensus that matches the other strand of a match of `consensus`."""
    return "".join(_COMPLEMENT_SYMBOL[symbol] for symbol in reversed(consensus))


# Occupancy of a site by its number of mismatches to the consensus (an N is a mismatch).
OCCUPANCY_BY_MISMATCHES = (1.0, 0.12, 0.01)
OCCUPANCY_FLOOR = 0.05

MOTIFS = {
    "MYB": "HAACNGTC",
    "GATA": "AGATAAGR",
    "TAL": "CAGATGKT",
    "RUNX": "TGTGGTTW",
    "ETS": "CCGGAAGT",
    "CEBP": "TTGCGCAAY",
    "HNF4": "CAAAGTCCA",
    "ASCL": "GCAGCTGY",
    "AP1": "TGAGTCAY",
    "REST": "TTCAGCACCACG",
    "CTCF": "CCACNAGGTGGCAG",
    "SP1": "GGGGCGGGG",
    "TATA": "TATAAAAG",
    "Inr": "CTCAGTYY",
}
# Read on their own strand only; every other motif counts on both strands.
ORIENTED_MOTIFS = ("TATA", "Inr")

# Matched in full or not at all, on the strand of the transcript.
ESE = "CAGACAA"
ESS = "TAGACAA"
RBFOX = "TGCATG"
GU_RICH = "TGTGTTKG"
BRANCH_POINT = "YTNAY"
POLYA_HEXAMERS = {"AATAAA": 0.95, "ATTAAA": 0.6}

# Donor 9-mer, positions -3 ... +6 around the exon's end; rows are A, C, G, T.
DONOR_PROBABILITIES = np.array(
    [
        (0.35, 0.60, 0.10, 0.10),
        (0.60, 0.10, 0.10, 0.20),
        (0.10, 0.05, 0.80, 0.05),
        (0.00, 0.00, 1.00, 0.00),
        (0.00, 0.00, 0.00, 1.00),
        (0.60, 0.02, 0.36, 0.02),
        (0.70, 0.08, 0.12, 0.10),
        (0.08, 0.05, 0.80, 0.07),
        (0.15, 0.15, 0.20, 0.50),
    ]
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class CellType:
    """One cell type: what its factors do, and how its tracks are labelled.

    Attributes:
      key: short name used in code and tables.
      curie: identifier in the tracks' metadata.
      title: name for people.
      weights: contribution of each factor to the element activity E.
    """

    key: str
    curie: str
    title: str
    weights: dict[str, float]


T = CellType(
    key="T", curie="DEMO:0000001", title="T-lymphoblast-like (demo)",
    weights={"MYB": 0.8, "RUNX": 0.4, "ETS": 0.4, "AP1": 0.3, "REST": -1.2},
)  # fmt: skip
HEP = CellType(
    key="HEP", curie="DEMO:0000002", title="hepatocyte-like (demo)",
    weights={"CEBP": 0.8, "HNF4": 0.7, "ETS": 0.35, "AP1": 0.3, "REST": -1.2},
)  # fmt: skip
NEU = CellType(
    key="NEU", curie="DEMO:0000003", title="neuron-like (demo)",
    weights={"ASCL": 0.8, "ETS": 0.35, "AP1": 0.5},
)  # fmt: skip
ERY = CellType(
    key="ERY", curie="DEMO:0000004", title="erythroid-like (demo)",
    weights={"GATA": 0.7, "TAL": 0.6, "ETS": 0.35, "AP1": 0.3, "REST": -1.2},
)  # fmt: skip
_MOUSE_HEP = dataclasses.replace(HEP, weights=HEP.weights | {"CEBP": 0.4, "HNF4": 1.0})


@dataclasses.dataclass(frozen=True, kw_only=True)
class OrganismRules:
    """What differs between the two organisms.

    Attributes:
      assembly: name of the made-up genome.
      gc: share of G and C in its background.
      cell_types: in the order of the tracks.
      rbfox_cell_type: the only cell type in which RBFOX sites help an exon, if any.
    """

    assembly: str
    gc: float
    cell_types: tuple[CellType, ...]
    rbfox_cell_type: str | None


ORGANISMS = {
    Organism.HOMO_SAPIENS: OrganismRules(
        assembly="demoH1", gc=0.42, cell_types=(T, HEP, NEU, ERY), rbfox_cell_type="NEU"
    ),
    Organism.MUS_MUSCULUS: OrganismRules(
        assembly="demoM1", gc=0.45, cell_types=(_MOUSE_HEP, ERY), rbfox_cell_type=None
    ),
}

# Factors that act on accessibility in any cell type of any organism, in motif order.
CELL_TYPE_FACTORS = tuple(
    name
    for name in MOTIFS
    if any(name in cell.weights for rules in ORGANISMS.values() for cell in rules.cell_types)
)
