"""SPLICE_SITES, SPLICE_SITE_USAGE and SPLICE_JUNCTIONS.

A donor is labelled at the last exon base, an acceptor at the first exon base of the strand.

Axes: S positions, T tracks, C cell types, K sites per kind, J tissues.
Source: specification of the demo genome, section 6.
"""

from typing import TypedDict

import numpy as np
from jaxtyping import Float32, Int32

from predictor.simulator.track_table import Track
from predictor.simulator.transcript import Transcript
from predictor.simulator.world import Expressed, World

SITES_PER_KIND = 64
KINDS = (("+", "donor"), ("+", "acceptor"), ("-", "donor"), ("-", "acceptor"))
_NONE = 4
_USED = 0.05


class JunctionArrays(TypedDict):
    """Junction counts between used splice sites.

    Attributes:
      positions: [4, K] rows donor +, acceptor +, donor -, acceptor -; ascending, -1 empty.
      counts: [K, K, 2 J] by donor and acceptor; plus tissues, then minus tissues.
    """

    positions: Int32[np.ndarray, "4 K"]
    counts: Float32[np.ndarray, "K K J2"]


def _plus(world: World, strand: str, position: int) -> int:
    return position if strand == "+" else world.length - 1 - position


def _site_usage(transcript: Transcript, rbfox: int) -> list[tuple[str, int, float]]:
    """Kind, position as read and usage of every splice site of a transcript."""
    if len(transcript.exons) == 1:
        return []
    found = []
    for index, exon in enumerate(transcript.exons):
        psi = exon.inclusion[rbfox]
        if index > 0:
            found.append(("acceptor", exon.start, psi))
        found += [("donor", donor, psi * share) for donor, share in exon.donors]
    return found


def usage(values: Float32[np.ndarray, "T S"], world: World, tracks: tuple[Track, ...]) -> None:
    """Usage: psi at both ends of internal exons (times donor share), 1 at the outer sites.

    A site of several transcripts has the largest of its values.
    """
    for row, track in zip(values, tracks, strict=False):
        for expressed in world.transcripts:
            if expressed.strand != track.strand:
                continue
            rbfox = world.rbfox(str(track.cell_type))
            for _, position, used in _site_usage(expressed.transcript, rbfox):
                place = _plus(world, track.strand, position)
                row[place] = max(row[place], used)


def _used_sites(world: World) -> list[set[int]]:
    """Plus-strand positions of the sites of each kind used in any cell type."""
    helped = {world.rbfox(cell.key) for cell in world.rules.cell_types}
    found: list[set[int]] = [set() for _ in KINDS]
    for expressed in world.transcripts:
        for rbfox in helped:
            for kind, position, used in _site_usage(expressed.transcript, rbfox):
                if used >= _USED:
                    place = _plus(world, expressed.strand, position)
                    found[KINDS.index((expressed.strand, kind))].add(place)
    return found


def classes(world: World) -> Float32[np.ndarray, "S 5"]:
    """1 at each site used in any cell type, by kind; the fifth class is "none".

    The rare base that is a site on both strands is marked in both classes.
    """
    result = np.zeros((world.length, len(KINDS) + 1), np.float32)
    result[:, _NONE] = 1
    for kind, places in enumerate(_used_sites(world)):
        result[sorted(places), kind] = 1
        result[sorted(places), _NONE] = 0
    return result


def junctions(world: World, tissues: int) -> JunctionArrays:
    """Counts L x junction fraction between used sites, by tissue and strand.

    Of more than 64 sites of a kind those with the largest counts are kept.
    """
    used = _used_sites(world)
    counts: list[dict[tuple[int, int], np.ndarray]] = [{}, {}]
    for expressed in world.transcripts:
        half = "+-".index(expressed.strand)
        donors, acceptors = used[2 * half], used[2 * half + 1]
        for pair, values in _transcript_counts(world, expressed, tissues).items():
            if pair[0] in donors and pair[1] in acceptors:
                counts[half][pair] = counts[half].get(pair, 0) + values
    positions = np.full((len(KINDS), SITES_PER_KIND), -1, np.int32)
    matrix = np.zeros((SITES_PER_KIND, SITES_PER_KIND, 2 * tissues), np.float32)
    for half, pairs in enumerate(counts):
        rank: list[dict[int, int]] = []
        for side in range(2):
            kept = _strongest(used[2 * half + side], side, pairs)
            positions[2 * half + side, : len(kept)] = kept
            rank.append({place: index for index, place in enumerate(kept)})
        for (donor, acceptor), values in pairs.items():
            if donor in rank[0] and acceptor in rank[1]:
                where = slice(half * tissues, (half + 1) * tissues)
                matrix[rank[0][donor], rank[1][acceptor], where] = values
    return {"positions": positions, "counts": matrix}


def _transcript_counts(
    world: World, expressed: Expressed, tissues: int
) -> dict[tuple[int, int], np.ndarray]:
    result: dict[tuple[int, int], np.ndarray] = {}
    level = expressed.level
    by_rbfox = [expressed.transcript.junctions(rbfox) for rbfox in (0, 1)]
    for index, cell in enumerate(world.rules.cell_types):
        for donor, acceptor, fraction in by_rbfox[world.rbfox(cell.key)]:
            pair = tuple(_plus(world, expressed.strand, site) for site in (donor, acceptor))
            values = result.setdefault((pair[0], pair[1]), np.zeros(tissues))
            values[index] += level[index] * fraction
    return result


def _strongest(places: set[int], side: int, pairs: dict[tuple[int, int], np.ndarray]) -> list[int]:
    if len(places) <= SITES_PER_KIND:
        return sorted(places)
    total = dict.fromkeys(places, 0.0)
    for pair, values in pairs.items():
        total[pair[side]] += float(values.sum())
    return sorted(sorted(places, key=lambda place: -total[place])[:SITES_PER_KIND])
