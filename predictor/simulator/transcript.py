"""Reading a transcript from a start site: exons, inclusion, polyA sites, junctions.

Positions are "as read" (0-based along the transcribed strand), see `splicing`.

Where the specification leaves a choice, this reading takes the simplest:
  - Splice sites are read from 25 bp behind the start site (the shortest exon) up to the
    polyA site that leaves less than half of the transcripts, so that the little that reads
    through does not splice into the next gene.
  - Donors of an exon stand before the next acceptor that is at least half as strong as
    the exon's own, so that a short intron does not merge two exons.
  - The last exon starts at the strongest acceptor behind the last internal exon; without
    one the last internal exon runs on to the polyA site.

Source: specification of the demo genome, section 5.
"""

import dataclasses
import itertools

import numpy as np
from jaxtyping import Float64, UInt8

from predictor.simulator import grammar
from predictor.simulator.splicing import StrandSites, sigmoid

LONGEST_TRANSCRIPT = 8000
CLEAVAGE_BEHIND_HEXAMER = 15
_POLYA_DISTANCE = 150
_LEFT_TO_READ = 0.03
_LEFT_TO_SPLICE = 0.5
_FIRST_EXON = 500
_EXON_LENGTHS = (25, 400)
_SITE_FLOOR = 0.1
_RBFOX_REACH = 200
_MOTIF_CAP = 2
_BLOCKING_ACCEPTOR = 0.5


@dataclasses.dataclass(frozen=True)
class Exon:
    """One exon as read.

    Attributes:
      start: first base.
      donors: last bases with the share of transcripts that use each, in ascending order;
        empty for a last exon.
      inclusion: psi without, and with, a helpful RBFOX.
    """

    start: int
    donors: tuple[tuple[int, float], ...]
    inclusion: tuple[float, float] = (1.0, 1.0)


@dataclasses.dataclass(frozen=True)
class Transcript:
    """What is read downstream of one start site.

    Attributes:
      start: start site.
      end: one past the last base that is read.
      exons: first exon, internal exons, last exon; a single one without donors if unspliced.
      polya: hexamer positions in order, with the fraction that survives past each.
      last_polya: last polyA site, or `end` where there is none.
    """

    start: int
    end: int
    exons: tuple[Exon, ...]
    polya: tuple[tuple[int, float], ...]

    @property
    def cleaved(self) -> float:
        """Q, the fraction cleaved at any polyA site."""
        return 1.0 - self.polya[-1][1] if self.polya else 0.0

    @property
    def last_polya(self) -> int:
        """Position of the last polyA site; the end of reading where there is none."""
        return self.polya[-1][0] if self.polya else self.end

    def coverage(self, rbfox: int) -> Float64[np.ndarray, " L"]:
        """RNA per unit of level L from `start` to `end`.

        Exons have psi (never less than the introns' 0.03), a stretch between two donors the
        share of the donors beyond it; all times the fraction surviving each polyA site.

        Args:
          rbfox: 1 in the cell type in which RBFOX sites help, else 0.
        """
        result = np.full(self.end - self.start, 0.03)
        for exon in self.exons:
            psi, first = exon.inclusion[rbfox], exon.start - self.start
            remaining = 1.0
            for donor, share in exon.donors or ((self.end - 1, 1.0),):
                last = donor + 1 - self.start
                result[first:last] = max(0.03, psi * remaining)
                first, remaining = last, remaining - share
        result *= self.surviving()
        return result

    def surviving(self) -> Float64[np.ndarray, " L"]:
        """Share of transcripts that reach each base from `start` to `end`."""
        result = np.ones(self.end - self.start)
        for position, surviving in reversed(self.polya):
            cut = position + CLEAVAGE_BEHIND_HEXAMER - self.start
            before = self._surviving_before(position)
            result[cut:] *= surviving / before
        return result

    def _surviving_before(self, position: int) -> float:
        earlier = [surviving for where, surviving in self.polya if where < position]
        return earlier[-1] if earlier else 1.0

    def junctions(self, rbfox: int) -> list[tuple[int, int, float]]:
        """Donor, acceptor and fraction psi_i psi_j prod(1 - psi_k) of each pair of exons."""
        found = []
        for i, j in itertools.combinations(range(len(self.exons)), 2):
            skipped = 1.0
            for exon in self.exons[i + 1 : j]:
                skipped *= 1.0 - exon.inclusion[rbfox]
            left, right = self.exons[i], self.exons[j]
            fraction = left.inclusion[rbfox] * right.inclusion[rbfox] * skipped
            found += [(donor, right.start, fraction * share) for donor, share in left.donors]
        return found


def read_transcript(start: int, codes: UInt8[np.ndarray, " S"], sites: StrandSites) -> Transcript:
    """Reads downstream of a start site for at most 8 kb, or to the end of the window."""
    end = min(start + LONGEST_TRANSCRIPT, len(codes))
    polya: list[tuple[int, float]] = []
    surviving, splice_end = 1.0, end
    for position, strength in zip(sites.polya.tolist(), sites.polya_strength.tolist(), strict=True):
        if not start + _POLYA_DISTANCE <= position < end - CLEAVAGE_BEHIND_HEXAMER:
            continue
        before, surviving = surviving, surviving * (1.0 - strength)
        polya.append((position, surviving))
        if before >= _LEFT_TO_SPLICE > surviving:
            splice_end = position
        if surviving < _LEFT_TO_READ:
            end = position + CLEAVAGE_BEHIND_HEXAMER
            break
    return Transcript(start, end, _exons(start, splice_end, codes, sites), tuple(polya))


def _exons(
    start: int, splice_end: int, codes: UInt8[np.ndarray, " S"], sites: StrandSites
) -> tuple[Exon, ...]:
    shortest = start + _EXON_LENGTHS[0]
    donors = _between(sites.donors, sites.donor_strength, shortest - 1, splice_end)
    acceptors = _between(sites.acceptors, sites.acceptor_strength, shortest, splice_end)
    single = (Exon(start, ()),)
    if not acceptors:
        return single
    first_exon_end = min(start + _FIRST_EXON + 1, acceptors[0][0])
    first_donors = [(d, strength) for d, strength in donors if d < first_exon_end]
    if not first_donors:
        return single
    first_donor = max(first_donors, key=lambda site: site[1])[0]

    internal = _internal_exons(acceptors, [site for site in donors if site[0] > first_donor])
    behind = internal[-1].donors[-1][0] if internal else first_donor
    taken = {exon.start for exon in internal}
    left = [site for site in acceptors if site[0] > behind and site[0] not in taken]
    if left:
        last = Exon(max(left, key=lambda site: site[1])[0], ())
    elif internal:
        last = Exon(internal.pop().start, ())
    else:
        return single
    strengths = (dict(acceptors), dict(donors))
    included = [_with_inclusion(exon, *strengths, codes) for exon in internal]
    return (Exon(start, ((first_donor, 1.0),)), *included, last)


def _between(
    positions: np.ndarray, strengths: np.ndarray, start: int, end: int
) -> list[tuple[int, float]]:
    first, last = np.searchsorted(positions, (start, end))
    pairs = zip(positions[first:last].tolist(), strengths[first:last].tolist(), strict=True)
    return [(position, strength) for position, strength in pairs if strength >= _SITE_FLOOR]


def _internal_exons(
    acceptors: list[tuple[int, float]], donors: list[tuple[int, float]]
) -> list[Exon]:
    """Non-overlapping candidates, the larger A x D first; several donors share as D^4."""
    shortest, longest = _EXON_LENGTHS
    candidates = []
    for index, (start, strength) in enumerate(acceptors):
        following = acceptors[index + 1 :]
        stop = next((a for a, s in following if s >= _BLOCKING_ACCEPTOR * strength), None)
        own = [
            (donor, donor_strength)
            for donor, donor_strength in donors
            if shortest <= donor + 1 - start <= longest and (stop is None or donor < stop)
        ]
        if own:
            total = sum(donor_strength**4 for _, donor_strength in own)
            shares = tuple((donor, s**4 / total) for donor, s in own)
            candidates.append((strength * max(s for _, s in own), Exon(start, shares)))
    chosen: list[Exon] = []
    for _, exon in sorted(candidates, key=lambda candidate: -candidate[0]):
        if all(
            exon.donors[-1][0] < other.start or other.donors[-1][0] < exon.start for other in chosen
        ):
            chosen.append(exon)
    return sorted(chosen, key=lambda exon: exon.start)


def _with_inclusion(
    exon: Exon,
    acceptor_strength: dict[int, float],
    donor_strength: dict[int, float],
    codes: UInt8[np.ndarray, " S"],
) -> Exon:
    """Inclusion psi = sigmoid(6 A D - 2.5 + 1.8 n_ESE - 2.2 n_ESS + 2.5 [RBFOX]).

    Counts are capped at 2; the exon's motifs lie between its start and its strongest donor.
    """
    strongest = max(exon.donors, key=lambda donor: donor_strength[donor[0]])[0]
    bases = grammar.decode(codes[exon.start : strongest + 1])
    intron = grammar.decode(codes[strongest + 1 : strongest + 1 + _RBFOX_REACH])
    drive = (
        6 * acceptor_strength[exon.start] * donor_strength[strongest]
        - 2.5
        + 1.8 * min(_MOTIF_CAP, bases.count(grammar.ESE))
        - 2.2 * min(_MOTIF_CAP, bases.count(grammar.ESS))
    )
    helped = drive + 2.5 * (grammar.RBFOX in intron)
    psi = sigmoid(np.array([drive, helped]))
    return dataclasses.replace(exon, inclusion=(float(psi[0]), float(psi[1])))
