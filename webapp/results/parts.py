"""Predictions as the arrays of a part, and the names of those arrays.

Signals: `l1` (or `l128`) holds the native values [alleles, tracks, bins], `s32`, `s256`, ... the
planes of the summary levels. Contact maps: `contact` [alleles, bins, bins, tracks]. Junctions:
`junctions` [junctions, (start, end, strand)] and `counts` [alleles, junctions, tracks].
Alleles are REF and, where there are variants, ALT aligned to REF.

Source: reference/storage.md 1, 2.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from jaxtyping import Float32

from predictor.tracks.joined_junctions import joined_junctions
from webapp.results.levels import SUMMARY_PLANES, bin_widths, coarsen, summarise, summary_levels
from webapp.results.store import NewArray

CONTACT = "contact"
JUNCTIONS = "junctions"
COUNTS = "counts"

_CHUNK_TRACKS = 8
# Small enough that a close view reads little beside what it shows.
_CHUNK_BINS = 8_192
_SHARD_BINS = 65_536


def level_name(bin_size: int, resolution: int) -> str:
    """Name of the array of a level: `l…` for native values, `s…` for a summary."""
    return f"{'l' if bin_size == resolution else 's'}{bin_size}"


@dataclass(frozen=True)
class PartArrays:
    """What is published of a part, in two steps.

    Attributes:
      overview: arrays of the coarse levels; empty where the part is small.
      complete: all the others.
      overview_levels, levels: bin sizes in bp that are there after the first and the second step,
        finest first; none for junctions.
    """

    overview: dict[str, NewArray]
    complete: dict[str, NewArray]
    overview_levels: list[int] = field(default_factory=list)
    levels: list[int] = field(default_factory=list)


def signal_arrays(reference: TrackData, alternate: TrackData | None) -> PartArrays:
    """All levels of signal tracks."""
    alleles = [np.asarray(allele.values) for allele in (reference, alternate) if allele is not None]
    num_bins, num_tracks = alleles[0].shape
    resolution = reference.resolution
    summaries = summary_levels(num_bins, resolution)
    overview_levels = summaries[1:] or summaries
    shape = (len(alleles), num_tracks, num_bins)
    native = _large(shape, _native_blocks(alleles))
    arrays = {
        size: _large(planes.shape, [(_everything(planes), planes)])
        for size, planes in _pyramid(alleles, summaries, resolution)
    }
    named = {level_name(size, resolution): array for size, array in arrays.items()}
    overview = {level_name(size, resolution) for size in overview_levels}
    return PartArrays(
        overview={name: array for name, array in named.items() if name in overview},
        complete={name: array for name, array in named.items() if name not in overview}
        | {level_name(resolution, resolution): native},
        overview_levels=overview_levels,
        levels=[resolution, *summaries],
    )


def contact_arrays(reference: TrackData, alternate: TrackData | None) -> PartArrays:
    """Contact maps [alleles, bins, bins, tracks]."""
    alleles = [np.asarray(allele.values) for allele in (reference, alternate) if allele is not None]
    bins, _, tracks = alleles[0].shape
    array = NewArray(
        shape=(len(alleles), bins, bins, tracks),
        dtype="float32",
        chunks=(1, bins, bins, 1),
        shards=(1, bins, bins, tracks),
        blocks=[
            ((slice(index, index + 1),), values[None].astype(np.float32, copy=False))
            for index, values in enumerate(alleles)
        ],
    )
    return PartArrays({}, {CONTACT: array}, levels=[reference.resolution])


def junction_arrays(reference: JunctionData, alternate: JunctionData | None) -> PartArrays:
    """The junctions that either allele lists; a count is 0 where an allele does not list one."""
    places, counts = joined_junctions(reference, alternate)
    return PartArrays({}, {JUNCTIONS: NewArray.of(places), COUNTS: NewArray.of(counts)})


def _pyramid(
    alleles: list[Float32[np.ndarray, "S T"]], levels: list[int], resolution: int
) -> Iterator[tuple[int, Float32[np.ndarray, "P T B"]]]:
    """(bin size, planes) of each summary level."""
    if not levels:
        return
    num_bins, num_tracks = alleles[0].shape
    factor = levels[0] // resolution
    num_planes = len(SUMMARY_PLANES) if len(alleles) > 1 else 2
    planes = np.empty((num_planes, num_tracks, -(-num_bins // factor)), np.float32)
    for (_, _, bins), block in _blocks(alleles):
        summary = slice(bins.start // factor, -(-bins.stop // factor))
        planes[..., summary] = summarise(block[0], block[1] if len(block) > 1 else None, factor)
    yield levels[0], planes
    for finer, size in itertools.pairwise(levels):
        planes = coarsen(planes, bin_widths(num_bins * resolution, finer), size // finer)
        yield size, planes


def _native_blocks(
    alleles: list[Float32[np.ndarray, "S T"]],
) -> Iterator[tuple[tuple[slice, ...], Float32[np.ndarray, "1 T B"]]]:
    for (_, tracks, bins), block in _blocks(alleles):
        for index, values in enumerate(block):
            yield (slice(index, index + 1), tracks, bins), values[None]


def _blocks(
    alleles: list[Float32[np.ndarray, "S T"]],
) -> Iterator[tuple[tuple[slice, slice, slice], list[Float32[np.ndarray, "T B"]]]]:
    """Stretches of bins, transposed to tracks × bins: what one shard takes, and a cache holds."""
    num_bins = alleles[0].shape[0]
    for first in range(0, num_bins, _SHARD_BINS):
        bins = slice(first, min(first + _SHARD_BINS, num_bins))
        block = [np.ascontiguousarray(values[bins].T, np.float32) for values in alleles]
        yield (slice(None), slice(None), bins), block


def _everything(values: Float32[np.ndarray, "..."]) -> tuple[slice, ...]:
    return tuple(slice(0, size) for size in values.shape)


def _large(
    shape: tuple[int, ...],
    blocks: Iterable[tuple[tuple[slice, ...], Float32[np.ndarray, "..."]]],
) -> NewArray:
    _, tracks, bins = shape
    chunk_bins = min(_CHUNK_BINS, bins)
    chunk_tracks = min(_CHUNK_TRACKS, tracks)
    return NewArray(
        shape=shape,
        dtype="float32",
        chunks=(1, chunk_tracks, chunk_bins),
        shards=(
            1,
            -(-tracks // chunk_tracks) * chunk_tracks,
            -(-min(_SHARD_BINS, bins) // chunk_bins) * chunk_bins,
        ),
        blocks=blocks,
    )
