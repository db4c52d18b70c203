"""RNA_SEQ, CAGE and PROCAP: what start sites and transcripts leave in the tracks.

Axes: T tracks, S positions.
Source: specification of the demo genome, section 6.
"""

import numpy as np
from jaxtyping import Float32

from predictor.simulator import gaussian
from predictor.simulator.occupancy import Spikes
from predictor.simulator.track_table import Track
from predictor.simulator.world import World

_CAGE_DEVIATION = 3.0
_PROCAP_DEVIATION = 5.0
_ENHANCER_RNA_SHIFT = 90


def rna_seq(values: Float32[np.ndarray, "T S"], world: World, tracks: tuple[Track, ...]) -> None:
    """L psi in exons, 0.03 L in introns, times the fraction surviving each polyA site.

    An unstranded track is the sum of both strands.
    """
    for expressed in world.transcripts:
        transcript = expressed.transcript
        coverage = [transcript.coverage(rbfox) for rbfox in (0, 1)]
        where = slice(transcript.start, transcript.end)
        if expressed.strand == "-":
            coverage = [part[::-1] for part in coverage]
            where = slice(world.length - transcript.end, world.length - transcript.start)
        level = expressed.level
        for row, track in zip(values, tracks, strict=False):
            if track.strand in (".", expressed.strand):
                cell_type = str(track.cell_type)
                row[where] += level[world.row(cell_type)] * coverage[world.rbfox(cell_type)]


def cage(values: Float32[np.ndarray, "T S"], world: World, tracks: tuple[Track, ...]) -> None:
    """50 T Gn_3 at the start sites of the strand."""
    for row, track in zip(values, tracks, strict=False):
        starts = world.hidden.starts["+-".index(track.strand)]
        spikes = Spikes(starts.positions, 50 * starts.expression[world.row(str(track.cell_type))])
        gaussian.add_spikes(row, spikes, _CAGE_DEVIATION, unit_area=True)


def procap(values: Float32[np.ndarray, "T S"], world: World, tracks: tuple[Track, ...]) -> None:
    """30 P (0.2 + R) Gn_5 at the start sites, and divergent enhancer RNA.

    Enhancer RNA is 0.05 max(0, a - 0.3), moved 90 bp to the right on plus and to the left
    on minus.
    """
    for row, track in zip(values, tracks, strict=False):
        cell_type = world.row(str(track.cell_type))
        enhancer = 0.05 * np.maximum(0, world.hidden.accessibility[cell_type] - 0.3)
        if track.strand == "+":
            row[_ENHANCER_RNA_SHIFT:] = enhancer[:-_ENHANCER_RNA_SHIFT]
        else:
            row[:-_ENHANCER_RNA_SHIFT] = enhancer[_ENHANCER_RNA_SHIFT:]
        starts = world.hidden.starts["+-".index(track.strand)]
        height = 30 * starts.strength * (0.2 + starts.enhancers[cell_type])
        spikes = Spikes(starts.positions, height)
        gaussian.add_spikes(row, spikes, _PROCAP_DEVIATION, unit_area=True)
