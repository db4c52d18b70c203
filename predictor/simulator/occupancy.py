"""Where motifs match, and how strongly: the occupancy o_m of the specification.

Axes: S positions, M matches, N positions with some occupancy.
Positions are 0-based on the plus strand of the window unless a docstring says "as read".
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float64, Int64, UInt8

from predictor.simulator import grammar


@dataclasses.dataclass(frozen=True)
class Spikes:
    """A sparse track: `values` at ascending `positions`, zero elsewhere."""

    positions: Int64[np.ndarray, " N"]
    values: Float64[np.ndarray, " N"]


class MotifScanner:
    """Counts mismatches of consensus sequences along one window.

    Each letter of a consensus is compared with the whole window once; a motif is then a
    sum of shifted comparisons, so eleven factors on both strands cost about a millisecond.
    """

    def __init__(self, codes: UInt8[np.ndarray, " S"]):
        self.codes = codes
        self._mismatch_of_symbol: dict[str, UInt8[np.ndarray, " S"]] = {}

    def mismatches(self, consensus: str) -> UInt8[np.ndarray, " M"]:
        """Number of mismatches of a match starting at each position (plus strand).

        Returns:
          M = S - length + 1 counts; empty where the window is shorter than the motif.
        """
        count = max(0, len(self.codes) - len(consensus) + 1)
        total = np.zeros(count, np.uint8)
        for offset, symbol in enumerate(consensus):
            np.add(total, self._mismatch(symbol)[offset : offset + count], out=total)
        return total

    def full_matches(self, consensus: str) -> Int64[np.ndarray, " M"]:
        """Starts of the matches without a mismatch (plus strand)."""
        return np.flatnonzero(self.mismatches(consensus) == 0)

    def _mismatch(self, symbol: str) -> UInt8[np.ndarray, " S"]:
        if symbol not in self._mismatch_of_symbol:
            table = np.ones(grammar.UNKNOWN + 1, np.uint8)
            for letter in grammar.IUPAC[symbol]:
                table[grammar.LETTERS.index(letter)] = 0
            self._mismatch_of_symbol[symbol] = table[self.codes]
        return self._mismatch_of_symbol[symbol]


def matches(
    scanner: MotifScanner, consensus: str
) -> tuple[Int64[np.ndarray, " M"], Float64[np.ndarray, " M"]]:
    """Starts and occupancies of the matches with at most two mismatches (plus strand)."""
    mismatches = scanner.mismatches(consensus)
    starts = np.flatnonzero(mismatches < len(grammar.OCCUPANCY_BY_MISMATCHES))
    return starts, np.array(grammar.OCCUPANCY_BY_MISMATCHES)[mismatches[starts]]


def occupancy(scanner: MotifScanner, consensus: str) -> Spikes:
    """Occupancy of both strands, on the middle base of each site.

    With an even length each of the two middle bases carries half, so that the reverse
    complement has the mirrored occupancy. Values that stay below 0.05 are dropped.

    Example: `AGATAAGR` matched in full at 100 gives 0.5 at 103 and 0.5 at 104.
    """
    positions, values = [], []
    for oriented in (consensus, grammar.reverse_complement_consensus(consensus)):
        starts, strengths = matches(scanner, oriented)
        for middle in ((len(consensus) - 1) // 2, len(consensus) // 2):
            positions.append(starts + middle)
            values.append(strengths / 2)
    return _drop_weak(np.concatenate(positions), np.concatenate(values))


def _drop_weak(positions: Int64[np.ndarray, " M"], values: Float64[np.ndarray, " M"]) -> Spikes:
    where, index = np.unique(positions, return_inverse=True)
    # An empty bincount is an array of integers.
    total = np.bincount(index, values, minlength=len(where)).astype(np.float64)
    # The margin keeps a sum of exactly 0.05 on the same side on every machine.
    kept: Bool[np.ndarray, " M"] = total > grammar.OCCUPANCY_FLOOR - 1e-9
    return Spikes(where[kept], total[kept])


@dataclasses.dataclass(frozen=True)
class OrientedSites:
    """Full CTCF matches: a match occupies two middle bases, `centers` is between them.

    Attributes:
      forward_centers: of matches on the plus strand (as x.5 positions).
      reverse_centers: of matches on the minus strand.
    """

    forward_centers: Float64[np.ndarray, " F"]
    reverse_centers: Float64[np.ndarray, " R"]


def insulator_sites(scanner: MotifScanner) -> OrientedSites:
    """CTCF sites that count for insulation: occupancy of at least 0.5, so no mismatch."""
    consensus = grammar.MOTIFS["CTCF"]
    middle = (len(consensus) - 1) / 2
    return OrientedSites(
        scanner.full_matches(consensus) + middle,
        scanner.full_matches(grammar.reverse_complement_consensus(consensus)) + middle,
    )
