"""The motifs of the demo world as a library in MEME format.

What a rule of the grammar does to a site becomes the probabilities of its bases: where a mismatch
leaves 12 % of the occupancy, each base that mismatches has 12 % of the probability of one that
matches. So the log-odds of a site fall as the logarithm of its occupancy does.

Axes: W positions of a motif; four columns A, C, G, T.
Source: specification of the demo genome, section 3.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from predictor.simulator import grammar

PREFIX = "D-"
_MISMATCH = grammar.OCCUPANCY_BY_MISMATCHES[1]
# "Full match only" as a probability; zero would give a logarithm without end.
_ALMOST_NEVER = 0.001
# So many sites that a reader's pseudocount changes nothing.
_SITES = 1000

# Acceptor: sigmoid(14 (f - 0.72)) of the share f of pyrimidines among 12 bases falls by e^(-14/12)
# with each purine; a first exon base other than G leaves 0.75.
_TRACT = 12
_PURINE = float(np.exp(-14 / _TRACT))
_NO_EXON_G = 0.75


def library_text() -> str:
    """The library; the shipped file is this text."""
    frequencies = " ".join(f"{base} 0.25" for base in "ACGT")
    parts = [
        "MEME version 4",
        "# Motifs of an invented world (Allelens demo), made by: "
        "python -m predictor simulate motifs",
        "ALPHABET= ACGT",
        "strands: + -",
        f"Background letter frequencies\n{frequencies}",
    ]
    for name, probabilities in matrices().items():
        rows = "\n".join(" ".join(f"{value:.4f}" for value in row) for row in probabilities)
        parts.append(
            f"MOTIF {PREFIX}{name} {name} (demo)\n"
            f"letter-probability matrix: alength= 4 w= {len(probabilities)} nsites= {_SITES} E= 0\n"
            f"{rows}"
        )
    return "\n\n".join(parts) + "\n"


def write_library(path: Path) -> None:
    """Writes the library."""
    path.write_text(library_text(), encoding="ascii", newline="\n")


def matrices() -> Mapping[str, Float[np.ndarray, "W 4"]]:
    """Probabilities of every motif of the grammar that is read from a fixed number of bases.

    The branch point (five bases with two free) is left out: it would match everywhere.
    """
    found = {name: _matrix(consensus, _MISMATCH) for name, consensus in grammar.MOTIFS.items()}
    for name, consensus in (("ESE", grammar.ESE), ("ESS", grammar.ESS), ("RBFOX", grammar.RBFOX)):
        found[name] = _matrix(consensus, _ALMOST_NEVER)
    found["GU-rich"] = _matrix(grammar.GU_RICH, _MISMATCH)
    found["polyA"] = _polya_signal()
    found["donor"] = _normalised(grammar.DONOR_PROBABILITIES + _ALMOST_NEVER)
    found["acceptor"] = _acceptor()
    return found


def _matrix(consensus: str, mismatch: float) -> Float[np.ndarray, "W 4"]:
    rows = [
        [1.0 if base in grammar.IUPAC[symbol] else mismatch for base in "ACGT"]
        for symbol in consensus
    ]
    return _normalised(np.array(rows))


def _polya_signal() -> Float[np.ndarray, "W 4"]:
    """The hexamers as one motif, each letter with the strength of the hexamers that have it."""
    width = len(next(iter(grammar.POLYA_HEXAMERS)))
    table = np.full((width, 4), _ALMOST_NEVER)
    for hexamer, strength in grammar.POLYA_HEXAMERS.items():
        for place, base in enumerate(hexamer):
            table[place, "ACGT".index(base)] += strength
    return _normalised(table)


def _acceptor() -> Float[np.ndarray, "W 4"]:
    """Twelve bases of the tract, YAG, and the first exon base."""
    exon = np.full((1, 4), _NO_EXON_G)
    exon[0, "ACGT".index("G")] = 1.0
    return np.concatenate(
        [_matrix("Y" * _TRACT, _PURINE), _matrix("YAG", _ALMOST_NEVER), _normalised(exon)]
    )


def _normalised(table: Float[np.ndarray, "W 4"]) -> Float[np.ndarray, "W 4"]:
    normalised: np.ndarray = table / table.sum(axis=1, keepdims=True)
    return normalised
