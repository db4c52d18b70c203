"""Accessibility, promoter, insulation and expression: the hidden quantities of one window.

All tracks derive from these (and from the transcripts), so they agree with each other.

Axes: C cell types, S positions, P start sites.
Source: specification of the demo genome, section 5.
"""

import dataclasses

import numpy as np
from jaxtyping import Float64, Int64, UInt8

from predictor.simulator import gaussian, grammar
from predictor.simulator.occupancy import (
    MotifScanner,
    OrientedSites,
    Spikes,
    insulator_sites,
    matches,
    occupancy,
)

_ELEMENT_DEVIATION = 50.0
_START_BASE = 4  # the "G" of CTCAG in the Inr match
_TATA_UPSTREAM = (26, 34)
_SP1_UPSTREAM = (34, 190)
_PROMOTER_FLOOR = 0.03
_ENHANCER_REACH = 4000.0
_INSULATION_OF_EXPRESSION = 1.2


@dataclasses.dataclass(frozen=True)
class StartSites:
    """Start sites of one strand, in ascending order of plus-strand position.

    Attributes:
      strand: "+" or "-".
      positions: plus-strand positions.
      strength: P.
      enhancers: R by cell type.
      expression: T by cell type.
    """

    strand: str
    positions: Int64[np.ndarray, " P"]
    strength: Float64[np.ndarray, " P"]
    enhancers: Float64[np.ndarray, "C P"]
    expression: Float64[np.ndarray, "C P"]

    def spikes(self) -> Spikes:
        """Promoter strength as a sparse track."""
        return Spikes(self.positions, self.strength)


@dataclasses.dataclass(frozen=True)
class Hidden:
    """Everything that the readouts of one window are computed from.

    Attributes:
      occupancy: by factor, both strands together.
      insulators: the CTCF sites that count for insulation.
      insulation: I, the running sum of those sites.
      accessibility: a by cell type.
      starts: start sites of the plus and of the minus strand.
    """

    occupancy: dict[str, Spikes]
    insulators: OrientedSites
    insulation: Float64[np.ndarray, " S"]
    accessibility: Float64[np.ndarray, "C S"]
    starts: tuple[StartSites, StartSites]

    def expression_at(self, strand: str, position: int) -> Float64[np.ndarray, " C"]:
        """T by cell type of the start site at a plus-strand position; 0 where there is none."""
        starts = self.starts["+-".index(strand)]
        where = np.flatnonzero(starts.positions == position)
        if not len(where):
            return np.zeros(len(self.accessibility))
        return np.asarray(starts.expression[:, where[0]])


def hidden_quantities(
    codes: UInt8[np.ndarray, " S"], cell_types: tuple[grammar.CellType, ...]
) -> Hidden:
    """Reads the hidden quantities of a window from its bases."""
    scanner = MotifScanner(codes)
    sites = {
        name: occupancy(scanner, consensus)
        for name, consensus in grammar.MOTIFS.items()
        if name not in grammar.ORIENTED_MOTIFS
    }
    insulators = insulator_sites(scanner)
    running = insulation(insulators, len(codes))
    accessible = accessibility(sites, cell_types, len(codes))
    plus, minus = (
        _start_sites(strand, scanner, sites["SP1"], accessible, running) for strand in "+-"
    )
    return Hidden(sites, insulators, running, accessible, (plus, minus))


def accessibility(
    sites: dict[str, Spikes], cell_types: tuple[grammar.CellType, ...], length: int
) -> Float64[np.ndarray, "C S"]:
    """Accessibility: a = E^4 / (1 + E^4) with E = max(0, sum over factors of w (G_50 * o))."""
    activity = np.zeros((len(cell_types), length))
    for row, cell_type in zip(activity, cell_types, strict=True):
        for factor, weight in cell_type.weights.items():
            weighted = Spikes(sites[factor].positions, weight * sites[factor].values)
            gaussian.add_spikes(row, weighted, _ELEMENT_DEVIATION)
    fourth = np.maximum(activity, 0.0)
    fourth *= fourth
    fourth *= fourth
    return fourth / (1.0 + fourth)


def insulation(insulators: OrientedSites, length: int) -> Float64[np.ndarray, " S"]:
    """I(x): running sum of CTCF occupancy; a base of a site counts itself half.

    Each site stands half on either middle base. Counting the own base half makes
    differences of I the same on the reverse complement.
    """
    occupied = np.zeros(length)
    for centers in (insulators.forward_centers, insulators.reverse_centers):
        np.add.at(occupied, np.floor(centers).astype(np.int64), 0.5)
        np.add.at(occupied, np.ceil(centers).astype(np.int64), 0.5)
    return np.cumsum(occupied) - 0.5 * occupied


def _start_sites(
    strand: str,
    scanner: MotifScanner,
    sp1: Spikes,
    accessible: Float64[np.ndarray, "C S"],
    running: Float64[np.ndarray, " S"],
) -> StartSites:
    positions, strength = promoters(strand, scanner, sp1)
    reach = enhancer_input(positions, accessible, running)
    return StartSites(strand, positions, strength, reach, strength * (0.08 + reach))


def promoters(
    strand: str, scanner: MotifScanner, sp1: Spikes
) -> tuple[Int64[np.ndarray, " P"], Float64[np.ndarray, " P"]]:
    """Promoter strength: P = o_Inr x max(o_TATA 26-34 bp upstream) x (0.3 + 0.7 min(1, n_SP1 / 2)).

    The centre of a TATA match lies between its two middle bases, so "26-34 bp upstream"
    admits eight places of it.
    """
    inr, tata = grammar.MOTIFS["Inr"], grammar.MOTIFS["TATA"]
    sign = 1 if strand == "+" else -1
    if strand == "-":
        inr, tata = map(grammar.reverse_complement_consensus, (inr, tata))
    inr_starts, inr_occupancy = matches(scanner, inr)
    able = inr_occupancy >= _PROMOTER_FLOOR
    inr_starts, inr_occupancy = inr_starts[able], inr_occupancy[able]
    tata_starts, tata_occupancy = matches(scanner, tata)
    starts = inr_starts + (_START_BASE if sign > 0 else len(inr) - 1 - _START_BASE)
    tata_centers = tata_starts + (len(tata) - 1) / 2

    found: list[tuple[int, float]] = []
    for start, occupied in zip(starts.tolist(), inr_occupancy.tolist(), strict=True):
        best = _within(tata_centers, tata_occupancy, start, sign, _TATA_UPSTREAM).max(initial=0.0)
        count = _within(sp1.positions, sp1.values, start, sign, _SP1_UPSTREAM).sum()
        strength = occupied * best * (0.3 + 0.7 * min(1.0, count / 2))
        if strength >= _PROMOTER_FLOOR:
            found.append((start, strength))
    return (
        np.array([start for start, _ in found], np.int64),
        np.array([strength for _, strength in found], np.float64),
    )


def _within(
    positions: Float64[np.ndarray, " N"] | Int64[np.ndarray, " N"],
    values: Float64[np.ndarray, " N"],
    start: int,
    sign: int,
    upstream: tuple[int, int],
) -> Float64[np.ndarray, " M"]:
    """Values at positions whose distance upstream of `start` lies in the closed range."""
    edges = sorted((start - sign * upstream[0], start - sign * upstream[1]))
    first = np.searchsorted(positions, edges[0], "left")
    last = np.searchsorted(positions, edges[1], "right")
    return values[first:last]


def enhancer_input(
    positions: Int64[np.ndarray, " P"],
    accessible: Float64[np.ndarray, "C S"],
    running: Float64[np.ndarray, " S"],
) -> Float64[np.ndarray, "C P"]:
    """R = sum over x of a(x) exp(-|x - t| / 4000) exp(-1.2 |I(x) - I(t)|) / 125.

    I never falls, so the exponent is h(x) - h(t) left of t and h(t) - h(x) right of it,
    with h(x) = x / 4000 + 1.2 I(x): one running sum from either end serves all t.
    """
    if not len(positions):
        return np.zeros((len(accessible), 0))
    height = np.arange(accessible.shape[1]) / _ENHANCER_REACH + _INSULATION_OF_EXPRESSION * running
    rise, fall = np.exp(height), np.exp(-height)
    up_to = np.cumsum(accessible * rise, axis=1)[:, positions]
    beyond = np.cumsum((accessible * fall)[:, ::-1], axis=1)[:, ::-1][:, positions]
    at_start = accessible[:, positions]  # counted from both ends
    reach: Float64[np.ndarray, "C P"] = (
        up_to / rise[positions] + beyond / fall[positions] - at_start
    ) / 125
    return reach
