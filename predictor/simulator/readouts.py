"""From bases to the eleven modalities: the truth of the demo world.

Axes: S positions, T tracks, B bins, K splice sites per kind.
Source: specification of the demo genome, section 6.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Junction
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output
from jaxtyping import Bool, UInt8

from predictor.errors import AllelensError
from predictor.simulator import (
    chromatin_tracks,
    contact,
    expression_tracks,
    grammar,
    splice_tracks,
)
from predictor.simulator.chromatin_tracks import Chromatin
from predictor.simulator.track_table import (
    JUNCTION_HEAD,
    OUTPUT_TYPE,
    RESOLUTION,
    TRACKS,
    Track,
    track_mask,
    tracks,
    width,
)
from predictor.simulator.world import World, read_world

__all__ = ["WindowLengthError", "simulate", "simulate_arrays", "track_mask"]

WINDOW_STEP = 2048

# SHA-256 of the tracks of one window, rounded to 1e-4: the name of the rules. It is fixed so that
# a change of any rule is seen; after a wanted change train the weights anew.
TRACKS_SHA256 = {
    Organism.HOMO_SAPIENS: "69ab91ca4d8af2d5ba03cf401b892d579a59508b9ced349200bef35855dfd68a",
    Organism.MUS_MUSCULUS: "db316bf32a157373b03572f5d8c40c96639033326833beede4795cc04a10d87d",
}


class WindowLengthError(AllelensError):
    """The window is no multiple of 2,048 bp."""

    code = "window_length"


# head -> function that fills rows of [tracks, bins]; the rows of `chromatin` are shared.
_FILL: dict[str, Callable[[np.ndarray, World, tuple[Track, ...], Chromatin], None]] = {
    "atac": chromatin_tracks.atac,
    "dnase": chromatin_tracks.dnase,
    "procap": lambda values, world, rows, _: expression_tracks.procap(values, world, rows),
    "cage": lambda values, world, rows, _: expression_tracks.cage(values, world, rows),
    "rna_seq": lambda values, world, rows, _: expression_tracks.rna_seq(values, world, rows),
    "chip_tf": chromatin_tracks.chip_tf,
    "chip_histone": lambda values, world, rows, _: chromatin_tracks.chip_histone(
        values, world, rows
    ),
    "splice_sites_usage": lambda values, world, rows, _: splice_tracks.usage(values, world, rows),
}


def simulate_arrays(codes: UInt8[np.ndarray, " S"], organism: Organism) -> dict[str, Any]:
    """All readouts of a window as plain arrays, padded to the human number of tracks.

    Args:
      codes: bases, A 0, C 1, G 2, T 3, unknown 4; S a multiple of 2,048.
      organism: mouse rows come first, padding rows hold 0 (see `track_table.track_mask`).

    Returns:
      By head: [S, T] for 1-bp heads, [S / 128, T] for ChIP, [S / 2048, S / 2048, T] for
      contact maps, float32. `splice_sites_classification` [S, 5] is one-hot over donor +,
      acceptor +, donor -, acceptor -, none. `junctions` holds `positions` int32 [4, K]
      (rows in that order, ascending, -1 where empty) and `counts` float32 [K, K, 2 T]
      (donor, acceptor; plus tissues then minus tissues), K = 64. The arrays of tracks are
      views with the track axis stored first.

    Raises:
      WindowLengthError: S is no multiple of 2,048.
    """
    if len(codes) == 0 or len(codes) % WINDOW_STEP:
        raise WindowLengthError(
            f"The window has {len(codes):,} bp; the simulator reads multiples of "
            f"{WINDOW_STEP:,} bp. Widen or cut the window.",
            field="interval",
        )
    return world_arrays(read_world(codes, organism), organism)


def world_arrays(world: World, organism: Organism) -> dict[str, Any]:
    """As `simulate_arrays`, for a window that was read already."""
    shared = chromatin_tracks.chromatin(world)
    result: dict[str, Any] = {}
    for head, fill in _FILL.items():
        values = np.zeros((width(head), world.length // RESOLUTION[head]), np.float32)
        fill(values, world, TRACKS[organism][head], shared)
        result[head] = values.T
    result["contact_maps"] = _contact_maps(world, TRACKS[organism]["contact_maps"])
    result["splice_sites_classification"] = splice_tracks.classes(world)
    result["junctions"] = splice_tracks.junctions(world, width(JUNCTION_HEAD))
    return result


def _contact_maps(world: World, rows: tuple[Track, ...]) -> np.ndarray:
    bins = world.length // WINDOW_STEP
    maps = np.zeros((bins, bins, width("contact_maps")), np.float32)
    for index, track in enumerate(rows):
        acetylation = chromatin_tracks.acetylation(world, world.row(str(track.cell_type)))
        maps[..., index] = contact.contact_map(world.hidden, acetylation, world.length)
    return maps


def simulate(sequence: str, organism: Organism, *, interval: Interval | None = None) -> Output:
    """The true output of a window in the SDK's types, without padding tracks.

    Args:
      sequence: letters A, C, G, T, N; the length a multiple of 2,048.
      organism: human-like or mouse-like.
      interval: where the window lies; without it the data carry no interval and junctions
        are counted from the window's start, on the chromosome name "window".

    Raises:
      SequenceLetterError: another letter occurs.
      WindowLengthError: the length is no multiple of 2,048.
    """
    arrays = simulate_arrays(grammar.encode(sequence), organism)
    fields: dict[str, TrackData | JunctionData] = {}
    for head, output_type in OUTPUT_TYPE.items():
        mask = track_mask(organism)[head]
        table = tracks(organism)[output_type]
        if head == JUNCTION_HEAD:
            table = table[mask[: len(table)]].reset_index(drop=True)
            data = _junction_data(arrays["junctions"], table, mask, interval)
            fields[output_type.name.lower()] = data
            continue
        fields[output_type.name.lower()] = TrackData(
            values=np.ascontiguousarray(arrays[head][..., mask]),
            metadata=table[mask].reset_index(drop=True),
            resolution=RESOLUTION[head],
            interval=interval,
        )
    return Output(**fields)


def _junction_data(
    arrays: Mapping[str, np.ndarray],
    table: Any,
    mask: Bool[np.ndarray, " T"],
    interval: Interval | None,
) -> JunctionData:
    """Junctions with any count, plus strand first; a junction is its intron."""
    chromosome, offset = (interval.chromosome, interval.start) if interval else ("window", 0)
    counts, positions = arrays["counts"], arrays["positions"].astype(int)
    tissues = counts.shape[-1] // 2
    found, values = [], []
    for half, strand in enumerate("+-"):
        part = counts[..., half * tissues : (half + 1) * tissues][..., mask[:tissues]]
        for donor_index, acceptor_index in np.argwhere(part.sum(axis=-1) > 0):
            donor = int(positions[2 * half, donor_index])
            acceptor = int(positions[2 * half + 1, acceptor_index])
            first, last = (donor, acceptor) if strand == "+" else (acceptor, donor)
            found.append(Junction(chromosome, offset + first + 1, offset + last, strand=strand))
            values.append(part[donor_index, acceptor_index])
    return JunctionData(
        junctions=np.array(found, dtype=object),
        values=np.array(values, np.float32).reshape(len(found), int(mask[:tissues].sum())),
        metadata=table,
        interval=interval,
    )
