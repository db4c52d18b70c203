"""True numbers beside predicted ones: the same measure, at the same bases.

A row of changes says where the prediction was measured; here the simulator's tracks are measured
there too. That a true change lies somewhere else is told by the truth's own strongest row.

Axes: A alleles, B bins, M bins of a contact map, T tracks.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval
from jaxtyping import Float

from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.joined_junctions import FORWARD, REVERSE
from webapp.jobs.models import Chunk
from webapp.jobs.plan import variant_of
from webapp.results import parts
from webapp.results.models import StoredPart
from webapp.results.store import PartMissingError, TrackStore

_Pair = Float[np.ndarray, " A"]


def beside(
    rows: Sequence[Mapping[str, Any]],
    *,
    chunk: Chunk,
    true_parts: Mapping[str, StoredPart],
    store: TrackStore,
) -> list[dict[str, Any]]:
    """Rows of changes with a field `truth` each.

    Args:
      rows: of the prediction.
      chunk: what was predicted.
      true_parts: the simulator's parts that are there as a whole, by output type.
      store: holds their arrays.

    Returns:
      The rows; `truth` has reference, alternate, difference and log2_ratio as the row itself, and
      is None where the truth is not there yet, or the simulator knows no such track.
    """
    interval = Interval(chunk.chromosome, chunk.start, chunk.end)
    variants = [variant_of(values) for values in chunk.variants]
    lost = AlleleAlignment(interval, variants).lost_end
    found = []
    for row in rows:
        part = true_parts.get(row["output_type"])
        truth = None
        if part is not None and row["track"] in part.track_ids:
            try:
                truth = _compared(_MEASURE[part.kind](row, part, lost, store), row)
            except PartMissingError:
                # Old results were removed; the tracks themselves say so.
                truth = None
        found.append({**row, "truth": truth})
    return found


def _compared(pair: _Pair, row: Mapping[str, Any]) -> dict[str, float | None]:
    reference, alternate = (float(value) for value in np.nan_to_num(pair))
    ratio = None
    if row["log2_ratio"] is not None:
        ratio = float(np.log2(1 + max(alternate, 0.0)) - np.log2(1 + max(reference, 0.0)))
    return {
        "reference": reference,
        "alternate": alternate,
        "difference": alternate - reference,
        "log2_ratio": ratio,
    }


def _signal(row: Mapping[str, Any], part: StoredPart, lost: int, store: TrackStore) -> _Pair:
    """The sum over the row's bins; a single base is the sum of one."""
    track = part.track_ids.index(row["track"])
    size = part.resolution
    bins = slice(
        (row["interval"]["start"] - part.start) // size,
        (row["interval"]["end"] - part.start) // size,
    )
    name = parts.level_name(size, size)
    values = store.read(part.key, name, (slice(None), slice(track, track + 1), bins))[:, 0]
    values = np.array(values, np.float64)
    # As for the prediction: nothing is known to change where ALT has left the window.
    if size == 1 and lost:
        first = max(0, part.end - part.start - lost - bins.start)
        values[1, first:] = values[0, first:]
    total: _Pair = values.sum(axis=1)
    return total


def _contact(row: Mapping[str, Any], part: StoredPart, lost: int, store: TrackStore) -> _Pair:
    """The pixel between the first and the last bin of the row's interval."""
    del lost
    track = part.track_ids.index(row["track"])
    first = (row["interval"]["start"] - part.start) // part.resolution
    last = (row["interval"]["end"] - part.start) // part.resolution - 1
    where = (
        slice(None),
        slice(first, first + 1),
        slice(last, last + 1),
        slice(track, track + 1),
    )
    return np.asarray(store.read(part.key, parts.CONTACT, where), np.float64).reshape(-1)


def _junction(row: Mapping[str, Any], part: StoredPart, lost: int, store: TrackStore) -> _Pair:
    """The count of the row's junction; 0 where the simulator does not join these bases."""
    del lost
    column = part.track_ids.index(row["track"]) % (len(part.track_ids) // 2)
    everything = slice(None)
    places = store.read(part.key, parts.JUNCTIONS, (everything, everything))
    counts = store.read(part.key, parts.COUNTS, (everything,) * 3)
    strand = FORWARD if row["interval"]["strand"] == "+" else REVERSE
    wanted = [row["interval"]["start"], row["interval"]["end"], strand]
    same = np.flatnonzero((places == wanted).all(axis=1))
    if len(same) == 0:
        return np.zeros(2)
    return np.asarray(counts[:, same[0], column], np.float64)


_MEASURE: dict[str, Callable[[Mapping[str, Any], StoredPart, int, TrackStore], _Pair]] = {
    StoredPart.Kind.SIGNAL: _signal,
    StoredPart.Kind.CONTACT_MAP: _contact,
    StoredPart.Kind.JUNCTIONS: _junction,
}
