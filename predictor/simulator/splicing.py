"""Splice sites and polyA sites of one strand, with their strengths.

Positions are "as read": 0-based along the strand that is passed in, so the minus strand
is its reverse complement. A donor is named by its last exon base, an acceptor by its first
exon base, a polyA site by the first base of its hexamer.

Axes: S positions, D donors, A acceptors, Q polyA sites.
Source: specification of the demo genome, section 3.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Float64, Int32, Int64, UInt8

from predictor.simulator import grammar
from predictor.simulator.occupancy import MotifScanner, matches

_A, _C, _G, _T = range(4)
_STRENGTH_FLOOR = 0.05

with np.errstate(divide="ignore"):
    _DONOR_SCORES = np.log2(grammar.DONOR_PROBABILITIES / 0.25)
_DONOR_SCORES = np.hstack([_DONOR_SCORES, np.full((9, 1), -np.inf)])  # a column for N
_DONOR_MAXIMUM = _DONOR_SCORES.max(axis=1).sum()
_DONOR_LEFT = 2  # bases of the 9-mer left of the last exon base

_PYRIMIDINES = 12
_YAG = 3
_BRANCH_UPSTREAM = (22, 45)
_NO_BRANCH = 0.35
_NOT_G = 0.75

GU_AFTER_HEXAMER = (16, 45)


@dataclasses.dataclass(frozen=True)
class StrandSites:
    """Splice sites and polyA sites of a strand, each in ascending order as read."""

    donors: Int64[np.ndarray, " D"]
    donor_strength: Float64[np.ndarray, " D"]
    acceptors: Int64[np.ndarray, " A"]
    acceptor_strength: Float64[np.ndarray, " A"]
    polya: Int64[np.ndarray, " Q"]
    polya_strength: Float64[np.ndarray, " Q"]


def sigmoid(x: Float64[np.ndarray, " N"]) -> Float64[np.ndarray, " N"]:
    """Logistic function."""
    result: Float64[np.ndarray, " N"] = 1.0 / (1.0 + np.exp(-x))
    return result


def strand_sites(codes: UInt8[np.ndarray, " S"]) -> StrandSites:
    """All donors, acceptors and polyA sites of a strand that are at least 0.05 strong."""
    scanner = MotifScanner(codes)
    return StrandSites(*donor_sites(codes), *acceptor_sites(scanner), *polya_sites(scanner))


def donor_sites(
    codes: UInt8[np.ndarray, " S"],
) -> tuple[Int64[np.ndarray, " D"], Float64[np.ndarray, " D"]]:
    """Strength D = sigmoid(1.2 (s - (s_max - 4.5))), s the sum of log2(p / 0.25) over -3 ... +6.

    Example: `CAGGTAAGT` has 0.996 on its first G, a 9-mer without GT nothing.
    """
    gt = np.flatnonzero((codes[:-1] == _G) & (codes[1:] == _T))
    last = gt - 1
    last = last[(last >= _DONOR_LEFT) & (last + len(_DONOR_SCORES) - _DONOR_LEFT <= len(codes))]
    bases = codes[last[:, None] + np.arange(-_DONOR_LEFT, len(_DONOR_SCORES) - _DONOR_LEFT)]
    score = _DONOR_SCORES[np.arange(len(_DONOR_SCORES)), bases].sum(axis=1)
    return _at_least_floor(last, sigmoid(1.2 * (score - (_DONOR_MAXIMUM - 4.5))))


def acceptor_sites(
    scanner: MotifScanner,
) -> tuple[Int64[np.ndarray, " A"], Float64[np.ndarray, " A"]]:
    """Strength A = [YAG] x (G first or 0.75) x sigmoid(14 (f_py - 0.72)) x (branch or 0.35).

    The pyrimidine tract is the 12 bases before YAG; a branch point is a YTNAY that starts
    22-45 bp upstream of the first exon base.
    """
    codes = scanner.codes
    pyrimidine = (codes == _C) | (codes == _T)
    yag: Bool[np.ndarray, " Y"] = pyrimidine[:-3] & (codes[1:-2] == _A) & (codes[2:-1] == _G)
    first = np.flatnonzero(yag) + _YAG
    first = first[first >= _PYRIMIDINES + _YAG]
    tract_end = first - _YAG
    fraction = _count(pyrimidine, tract_end - _PYRIMIDINES, tract_end) / _PYRIMIDINES
    branch = scanner.mismatches(grammar.BRANCH_POINT) == 0
    near, far = _BRANCH_UPSTREAM
    has_branch = _count(branch, np.maximum(first - far, 0), np.maximum(first - near + 1, 0)) > 0
    strength = (
        np.where(codes[first] == _G, 1.0, _NOT_G)
        * sigmoid(14 * (fraction - 0.72))
        * np.where(has_branch, 1.0, _NO_BRANCH)
    )
    return _at_least_floor(first, strength)


def polya_sites(
    scanner: MotifScanner,
) -> tuple[Int64[np.ndarray, " Q"], Float64[np.ndarray, " Q"]]:
    """Strength q = hexamer x (0.1 + 0.9 x best GU-rich occupancy 16-45 bp behind)."""
    found = [
        (start, strength)
        for hexamer, strength in grammar.POLYA_HEXAMERS.items()
        for start in scanner.full_matches(hexamer).tolist()
    ]
    if not found:
        return np.zeros(0, np.int64), np.zeros(0)
    gu_starts, gu_occupancy = matches(scanner, grammar.GU_RICH)
    positions, strengths = [], []
    for start, hexamer_strength in sorted(found):
        first = np.searchsorted(gu_starts, start + GU_AFTER_HEXAMER[0], "left")
        last = np.searchsorted(gu_starts, start + GU_AFTER_HEXAMER[1], "right")
        positions.append(start)
        strengths.append(hexamer_strength * (0.1 + 0.9 * gu_occupancy[first:last].max(initial=0.0)))
    return _at_least_floor(np.array(positions), np.array(strengths))


def _count(
    flags: Bool[np.ndarray, " S"], starts: Int64[np.ndarray, " N"], ends: Int64[np.ndarray, " N"]
) -> Int32[np.ndarray, " N"]:
    total = np.zeros(len(flags) + 1, np.int32)
    np.cumsum(flags, out=total[1:])
    counts: Int32[np.ndarray, " N"] = total[ends] - total[starts]
    return counts


def _at_least_floor(
    positions: Int64[np.ndarray, " N"], strengths: Float64[np.ndarray, " N"]
) -> tuple[Int64[np.ndarray, " M"], Float64[np.ndarray, " M"]]:
    kept = strengths >= _STRENGTH_FLOOR
    return positions[kept], strengths[kept]
