"""DNASE, ATAC, CHIP_TF and CHIP_HISTONE: what open chromatin and promoters leave behind.

Broad Gaussians (200 bp and more) are taken of means over blocks of a sixteenth of their
width and then averaged over the 128-bp bins; the difference to base-by-base arithmetic is
below a thousandth and the cost a hundredth.

Axes: C cell types, S positions, T tracks, B bins.
Source: specification of the demo genome, section 6.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float32, Float64

from predictor.simulator import gaussian
from predictor.simulator.hidden import StartSites
from predictor.simulator.occupancy import Spikes
from predictor.simulator.track_table import HISTONE_MARKS, Track
from predictor.simulator.world import World

CHIP_BIN = 128
BASELINE = 0.05
_PROMOTER_REACH = 40.0
_CTCF_REACH = 40.0
_ATAC_DEVIATION = 30.0
_FACTOR_REACH = 80.0
_TRANSCRIBED_FROM = 500


@dataclasses.dataclass(frozen=True)
class Chromatin:
    """Sums that several assays share.

    Attributes:
      promoters: G_40 * P of both strands.
      open: DNASE by cell type.
    """

    promoters: Float64[np.ndarray, " S"]
    open: Float64[np.ndarray, "C S"]


def chromatin(world: World) -> Chromatin:
    """DNASE = 0.05 + 3 a + 1.5 G_40 * P (both strands) + 1.2 G_40 * o_CTCF."""
    promoters, insulators = np.zeros(world.length), np.zeros(world.length)
    for starts in world.hidden.starts:
        gaussian.add_spikes(promoters, starts.spikes(), _PROMOTER_REACH)
    gaussian.add_spikes(insulators, world.hidden.occupancy["CTCF"], _CTCF_REACH)
    common = BASELINE + 1.5 * promoters + 1.2 * insulators
    return Chromatin(promoters, 3 * world.hidden.accessibility + common)


def dnase(
    values: Float32[np.ndarray, "T S"],
    world: World,
    tracks: tuple[Track, ...],
    shared: Chromatin,
) -> None:
    """DNASE of each cell type, see `chromatin`."""
    for row, track in zip(values, tracks, strict=False):
        row[:] = shared.open[world.row(str(track.cell_type))]


def atac(
    values: Float32[np.ndarray, "T S"],
    world: World,
    tracks: tuple[Track, ...],
    shared: Chromatin,
) -> None:
    """Gn_30 * DNASE + 0.5 G_40 * P; outside the window DNASE counts as its baseline."""
    for row, track in zip(values, tracks, strict=False):
        signal = shared.open[world.row(str(track.cell_type))] - BASELINE
        row[:] = BASELINE + gaussian.smooth(signal, _ATAC_DEVIATION) + 0.5 * shared.promoters


def chip_tf(
    values: Float32[np.ndarray, "T B"],
    world: World,
    tracks: tuple[Track, ...],
    shared: Chromatin,
) -> None:
    """6 G_80 * [o (0.15 + 0.85 min(1, a + 0.5 P))]; CTCF: 6 G_80 * o.

    P acts here through G_40 * P as in DNASE: a promoter opens its surroundings.
    """
    for row, track in zip(values, tracks, strict=False):
        sites = world.hidden.occupancy[str(track.target)]
        bound = sites.values
        if track.target != "CTCF":
            accessible = world.hidden.accessibility[world.row(str(track.cell_type))]
            opened = accessible[sites.positions] + 0.5 * shared.promoters[sites.positions]
            bound = bound * (0.15 + 0.85 * np.minimum(1, opened))
        spikes = Spikes(sites.positions, bound)
        row[:] = 6 * gaussian.bin_means_of_spikes(
            spikes, _FACTOR_REACH, bins=len(row), width=CHIP_BIN
        )


def chip_histone(
    values: Float32[np.ndarray, "T B"], world: World, tracks: tuple[Track, ...]
) -> None:
    """The histone marks, each by its formula."""
    for row, track in zip(values, tracks, strict=False):
        row[:] = _MARK[str(track.target)](world, world.row(str(track.cell_type)))


def acetylation(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K27ac: 3 min(1, 2 Gn_200 * a) + 2 G_200 * [P T / (T + 0.3)]."""
    enhancers = 3 * np.minimum(1, 2 * _broad(world, cell_type, 200.0, block=16))
    promoters = _at_starts(
        world, 200.0, lambda s: s.strength * _saturating(s.expression[cell_type], 0.3)
    )
    total: Float64[np.ndarray, " B"] = _bins(enhancers, 16) + 2 * promoters
    return total


def _primed(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K4me1: 3 min(1, 3 Gn_400 * a) (1 - min(1, G_200 * P))."""
    enhancers = 3 * np.minimum(1, 3 * _broad(world, cell_type, 400.0, block=32))
    promoters = _at_starts(world, 200.0, lambda s: s.strength, width=32)
    return _bins(enhancers * (1 - np.minimum(1, promoters)), 32)


def _active_start(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K4me3: 4 G_250 * [P T / (T + 0.2)]."""
    return 4 * _at_starts(
        world, 250.0, lambda s: s.strength * _saturating(s.expression[cell_type], 0.2)
    )


def _transcribed(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K36me3: 2 T / (T + 0.3) from 500 bp behind the start to the last polyA site."""
    track = np.zeros(world.length)
    for expressed in world.transcripts:
        start = expressed.transcript.start + _TRANSCRIBED_FROM
        end = expressed.transcript.last_polya
        if start >= end:
            continue
        if expressed.strand == "-":
            start, end = world.length - end, world.length - start
        track[start:end] += 2 * _saturating(expressed.expression[cell_type : cell_type + 1], 0.3)
    return _bins(track, 1)


def _silenced(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K27me3: 1.5 G_800 * [P 0.1 / (0.1 + T)]."""
    return 1.5 * _at_starts(
        world, 800.0, lambda s: s.strength * 0.1 / (0.1 + s.expression[cell_type])
    )


def _closed(world: World, cell_type: int) -> Float64[np.ndarray, " B"]:
    """H3K9me3: 0.8 (1 - min(1, 8 Gn_1000 * (a + P)))."""
    block = 64
    activity = world.hidden.accessibility[cell_type].reshape(-1, block).sum(axis=1)
    for starts in world.hidden.starts:
        np.add.at(activity, starts.positions // block, starts.strength)
    activity = gaussian.smooth(activity / block, 1000 / block)
    return _bins(0.8 * (1 - np.minimum(1, 8 * activity)), block)


_MARK: dict[str, Callable[[World, int], Float64[np.ndarray, " B"]]] = dict(
    zip(
        HISTONE_MARKS,
        (acetylation, _primed, _active_start, _transcribed, _silenced, _closed),
        strict=True,
    )
)


def _broad(
    world: World, cell_type: int, deviation: float, *, block: int
) -> Float64[np.ndarray, " N"]:
    means = world.hidden.accessibility[cell_type].reshape(-1, block).mean(axis=1)
    return gaussian.smooth(means, deviation / block)


def _at_starts(
    world: World,
    deviation: float,
    height: Callable[[StartSites], Float64[np.ndarray, " P"]],
    *,
    width: int = CHIP_BIN,
) -> Float64[np.ndarray, " N"]:
    """Bin means of G_s around the start sites of both strands."""
    starts = world.hidden.starts
    spikes = Spikes(
        np.concatenate([s.positions for s in starts]), np.concatenate([height(s) for s in starts])
    )
    return gaussian.bin_means_of_spikes(spikes, deviation, bins=world.length // width, width=width)


def _saturating(x: Float64[np.ndarray, " P"], half: float) -> Float64[np.ndarray, " P"]:
    ratio: Float64[np.ndarray, " P"] = x / (x + half)
    return ratio


def _bins(blocks: Float64[np.ndarray, " N"], block: int) -> Float64[np.ndarray, " B"]:
    """Means over 128-bp bins of a track given as means over blocks."""
    means: Float64[np.ndarray, " B"] = blocks.reshape(-1, CHIP_BIN // block).mean(axis=1)
    return means
