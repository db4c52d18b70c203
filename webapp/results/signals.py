"""Signal tracks for a view: the values of many tracks in one stretch of float32 bytes.

Axes: P planes, T tracks, B bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from webapp.results.levels import (
    SUMMARY_PLANES,
    Plane,
    Reading,
    Reduction,
    Summary,
    bin_widths,
    choose_reading,
    reduce_bins,
)
from webapp.results.models import StoredPart
from webapp.results.parts import level_name
from webapp.results.store import Selection, TrackStore

PLANES: tuple[Plane, ...] = ("reference", "alternate", "difference_max", "difference_min")


@dataclass(frozen=True)
class View:
    """What a person looks at.

    Attributes:
      start: 0-based.
      end: exclusive.
      max_bins: as many bins as there are pixels.
    """

    start: int
    end: int
    max_bins: int


@dataclass(frozen=True)
class Block:
    """Tracks of one output type.

    Attributes:
      output_type: their output type.
      tracks: their ids, axis T.
      planes: axis P.
      start: genomic start of the first bin, 0-based.
      bin: bin size in bp.
      values: what is drawn.
    """

    output_type: str
    tracks: list[str]
    planes: list[Plane]
    start: int
    bin: int
    values: Float32[np.ndarray, "P T B"]


def read_block(
    store: TrackStore,
    part: StoredPart,
    *,
    tracks: Sequence[str],
    planes: Sequence[Plane],
    view: View,
    summary: Summary,
) -> Block:
    """Reads some tracks of a part at the resolution of the view.

    Planes of ALT are left out where the part has no ALT. The tracks must be of the part.
    """
    present = [plane for plane in planes if part.has_alternate or plane == "reference"]
    reading = choose_reading(
        start=view.start,
        end=view.end,
        max_bins=view.max_bins,
        interval_start=part.start,
        interval_end=part.end,
        levels=part.levels,
    )
    places = {track: index for index, track in enumerate(part.track_ids)}
    rows = [places[track] for track in tracks]
    if reading is None or not present:
        values = np.empty((len(present), len(rows), 0), np.float32)
        start, size = max(view.start, part.start), part.resolution
    else:
        values = _read(store, part, reading, rows=rows, planes=present, summary=summary)
        start, size = reading.start, reading.bin
    return Block(part.output_type, list(tracks), present, start, size, values)


def _read(
    store: TrackStore,
    part: StoredPart,
    reading: Reading,
    *,
    rows: Sequence[int],
    planes: Sequence[Plane],
    summary: Summary,
) -> Float32[np.ndarray, "P T B"]:
    name = level_name(reading.level, part.resolution)
    bins = slice(reading.first, reading.last)
    widths = bin_widths(part.end - part.start, reading.level)[bins]
    if reading.level != part.resolution:
        kinds = [_stored_plane(plane, summary) for plane in planes]
        stored = [SUMMARY_PLANES.index(kind) for kind in kinds]
        values = store.read(part.key, name, _selection(stored, rows, bins))
        if reading.factor == 1:
            return values
        return np.stack(
            [
                reduce_bins(plane, widths, reading.factor, reduction)
                for plane, (_, reduction) in zip(values, kinds, strict=True)
            ]
        )
    needs_reference = any(plane != "alternate" for plane in planes)
    needs_alternate = any(plane != "reference" for plane in planes)
    alleles = [index for index, wanted in enumerate((needs_reference, needs_alternate)) if wanted]
    values = store.read(part.key, name, _selection(alleles, rows, bins))
    reference, alternate = values[0], values[-1]
    difference = alternate - reference
    sources = {
        "reference": reference,
        "alternate": alternate,
        "difference_max": difference,
        "difference_min": difference,
    }
    return np.stack(
        [
            reduce_bins(sources[plane], widths, reading.factor, _stored_plane(plane, summary)[1])
            for plane in planes
        ]
    )


def _stored_plane(plane: Plane, summary: Summary) -> tuple[Plane, Reduction]:
    """The summary plane that answers, and how its bins are joined further."""
    reductions: dict[Plane, Reduction] = {"difference_max": "max", "difference_min": "min"}
    return plane, reductions.get(plane, summary)


def _selection(planes: Sequence[int], rows: Sequence[int], bins: slice) -> Selection:
    return _axis(planes), _axis(rows), bins


def _axis(indices: Sequence[int]) -> slice | list[int]:
    """A slice where the indices are neighbours: far faster to read than a list."""
    if indices and list(indices) == list(range(indices[0], indices[0] + len(indices))):
        return slice(indices[0], indices[0] + len(indices))
    return list(indices)
