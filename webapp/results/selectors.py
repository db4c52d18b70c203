"""Reads of results. Permission comes from the chunk that asked, never from a part's key."""

import hashlib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float32, Int64

from predictor.errors import AllelensError
from predictor.tracks.joined_junctions import FORWARD, REVERSE
from webapp.api_errors import NotFound
from webapp.jobs.models import Chunk
from webapp.jobs.states import PartSource
from webapp.results import parts
from webapp.results.background import Beside, about
from webapp.results.levels import Plane
from webapp.results.models import StoredPart
from webapp.results.services import store
from webapp.results.signals import Block, View, read_block
from webapp.results.store import PartMissingError, Selection
from webapp.results.truth import beside
from webapp.tracks.output_types import OUTPUT_TYPES

# A change by a tenth: below it a sentence about a change would be a sentence about rounding.
_NOTICEABLE = 0.14


class UnknownTrackError(AllelensError):
    """A track was asked for that the prediction does not have."""

    code = "unknown_track"


class WrongKindOfTrackError(AllelensError):
    """A track was asked for at an address that serves another kind of track."""

    code = "wrong_kind_of_track"


class NoTruthAskedError(AllelensError):
    """The truth is wanted of a job that has none."""

    code = "no_truth"


@dataclass(frozen=True)
class Signal:
    """What a view needs.

    Attributes:
      blocks: one per output type, in the order of the first track of each.
      missing: ids of tracks that are not there yet.
      tag: names this answer; None as long as a better one may come.
    """

    blocks: list[Block]
    missing: list[str]
    tag: str | None


@dataclass(frozen=True)
class ContactMap:
    """REF and, where there is one, ALT [alleles, bins, bins]; `start` is 0-based."""

    values: Float32[np.ndarray, "A M M"]
    start: int
    bin: int
    tag: str


def parts_of(
    chunk: Chunk, source: str = PartSource.PREDICTION
) -> dict[str, tuple[list[str], StoredPart | None]]:
    """Track ids, and what is stored of them so far, by output type.

    Raises:
      NoTruthAskedError: the truth is wanted, but the job did not ask for it.
    """
    wanted = {part.output_type: part for part in chunk.parts.filter(source=source).order_by("pk")}
    if not wanted and source == PartSource.TRUTH:
        raise NoTruthAskedError(
            "This job did not ask for the truth; ask again with truth set to true.",
            field="source",
        )
    keys = [part.key for part in wanted.values()]
    stored = {row.key: row for row in StoredPart.objects.filter(key__in=keys).defer("changes")}
    return {name: (list(part.tracks), stored.get(part.key)) for name, part in wanted.items()}


def signal(
    *,
    chunk: Chunk,
    tracks: Sequence[str],
    planes: Sequence[Plane],
    view: View,
    summary: Literal["auto", "mean", "max"],
    source: str = PartSource.PREDICTION,
) -> Signal:
    """The values of signal tracks in a view.

    Raises:
      NoTruthAskedError: the truth is wanted, but the job did not ask for it.
      UnknownTrackError: the prediction has no such track.
      WrongKindOfTrackError: a track is a contact map or a list of junctions.
    """
    found = _group(chunk, tracks, kind="signal", source=source)
    blocks, missing, keys = [], [], []
    for output_type, (wanted, part) in found.items():
        if part is None or not set(wanted) <= set(part.track_ids):
            missing += wanted
            continue
        rule = OUTPUT_TYPES[output_type].summary if summary == "auto" else summary
        try:
            block = read_block(store(), part, tracks=wanted, planes=planes, view=view, summary=rule)
        except PartMissingError:
            missing += wanted
            continue
        blocks.append(block)
        keys.append(part.key if part.is_complete else "")
    final = not missing and all(keys)
    tag = _tag(*keys, *tracks, *planes, view, summary) if final else None
    return Signal(blocks, missing, tag)


def contact_map(
    *, chunk: Chunk, track: str, source: str = PartSource.PREDICTION
) -> ContactMap | None:
    """One contact map; None as long as it is not there.

    Raises:
      NoTruthAskedError: the truth is wanted, but the job did not ask for it.
      UnknownTrackError: the prediction has no such track.
      WrongKindOfTrackError: the track is no contact map.
    """
    found = _group(chunk, [track], kind="contact_map", source=source)
    (_, part) = next(iter(found.values()))
    if part is None or not part.is_complete:
        return None
    column = part.track_ids.index(track)
    everything = slice(None)
    values = _read(
        part.key, parts.CONTACT, (everything, everything, everything, slice(column, column + 1))
    )
    return ContactMap(
        np.ascontiguousarray(values[..., 0]), part.start, part.resolution, _tag(part.key, track)
    )


def junctions(
    *,
    chunk: Chunk,
    tracks: Sequence[str] | None,
    start: int | None,
    end: int | None,
    min_value: float,
    limit: int,
    source: str = PartSource.PREDICTION,
) -> dict[str, Any] | None:
    """Junctions of a view, the most used first; None as long as they are not there.

    A junction is listed if it overlaps the view and one of the tracks gives it at least
    `min_value` in one of the alleles.

    Raises:
      NoTruthAskedError: the truth is wanted, but the job did not ask for it.
      UnknownTrackError: the prediction has no such track, or no junctions at all.
      WrongKindOfTrackError: a track is not one of junctions.
    """
    name = "SPLICE_JUNCTIONS"
    if tracks is None:
        known = parts_of(chunk, source)
        if name not in known:
            raise UnknownTrackError("This prediction has no splice junctions; ask for them anew.")
        tracks = known[name][0]
    found = _group(chunk, tracks, kind="junctions", source=source)
    wanted, part = found.get(name, ([], None))
    if part is None or not part.is_complete:
        return None
    places = _read(part.key, parts.JUNCTIONS, (slice(None), slice(None)))
    counts = _read(part.key, parts.COUNTS, (slice(None),) * 3)
    own = _tracks_by_strand(part, wanted)
    peaks = _peaks(places, counts, own)
    seen = peaks >= min_value
    if end is not None:
        seen &= places[:, 0] < end
    if start is not None:
        seen &= places[:, 1] > start
    listed = np.flatnonzero(seen)
    listed = listed[np.lexsort((places[listed, 1], places[listed, 0], -peaks[listed]))]
    return {
        "junctions": [
            _junction(part.chromosome, places[index], counts[:, index], own)
            for index in listed[:limit]
        ],
        "shown": min(len(listed), limit),
        "total": len(listed),
        "tracks": list(wanted),
    }


def _read(key: str, name: str, selection: Selection) -> Any:
    try:
        return store().read(key, name, selection)
    except PartMissingError as error:
        raise NotFound(error.message) from error


def _tracks_by_strand(part: StoredPart, wanted: Sequence[str]) -> dict[int, dict[str, int]]:
    """The wanted tracks of each strand, and the tissue (column of counts) of each."""
    num_tissues = len(part.track_ids) // 2
    own: dict[int, dict[str, int]] = {FORWARD: {}, REVERSE: {}}
    for track in wanted:
        column = part.track_ids.index(track)
        strand = FORWARD if column < num_tissues else REVERSE
        own[strand][track] = column % num_tissues
    return own


def _peaks(
    places: Int64[np.ndarray, "J 3"],
    counts: Float32[np.ndarray, "A J T"],
    own: Mapping[int, Mapping[str, int]],
) -> Float32[np.ndarray, " J"]:
    """The largest count of each junction in the wanted tracks of its strand; −∞ without any."""
    peaks = np.full(len(places), -np.inf, np.float32)
    for strand, tissues in own.items():
        on_strand = places[:, 2] == strand
        if tissues and on_strand.any():
            chosen = counts[:, on_strand][:, :, list(tissues.values())]
            peaks[on_strand] = chosen.max(axis=(0, 2))
    return peaks


def _junction(
    chromosome: str,
    place: Int64[np.ndarray, " 3"],
    counts: Float32[np.ndarray, "A T"],
    own: Mapping[int, Mapping[str, int]],
) -> dict[str, Any]:
    start, end, strand = (int(number) for number in place)
    return {
        "chromosome": chromosome,
        "start": start,
        "end": end,
        "strand": "+" if strand == FORWARD else "-",
        "values": [
            {
                "track": track,
                "reference": float(counts[0, tissue]),
                "alternate": float(counts[1, tissue]) if len(counts) > 1 else None,
            }
            for track, tissue in own[strand].items()
        ],
    }


def changes(*, chunk: Chunk, limit: int) -> dict[str, Any]:
    """What changes from REF to ALT, strongest first, of the parts that are there.

    Each row has its background beside it, and what may be noise is not said in words. Where the
    job asked for the truth too, each row has the truth at the same bases beside it.
    """
    predicted = _StoredParts.of(chunk, PartSource.PREDICTION)
    true = _StoredParts.of(chunk, PartSource.TRUTH)
    rows = predicted.rows
    beside_rows = Beside.of(chunk)
    background = beside_rows.background
    shown = [beside_rows.row(row) for row in rows[:limit]]
    if true.wanted:
        shown = beside(shown, chunk=chunk, true_parts=true.complete, store=store())
    return {
        "rows": shown,
        "shown": len(shown),
        "total": len(rows),
        "parts": predicted.wanted,
        "parts_complete": len(predicted.complete),
        "model": {"engine": chunk.job.engine, "weights_digest": chunk.job.weights_digest},
        "window": chunk.job.window,
        "background": None if background is None else about(background),
        "sentence": _sentence(
            chunk, rows, is_whole=predicted.is_whole, is_called=beside_rows.is_called
        ),
        "truth": {
            "parts": true.wanted,
            "parts_complete": len(true.complete),
            "sentence": _sentence(chunk, true.rows, is_whole=true.is_whole),
        }
        if true.wanted
        else None,
    }


@dataclass(frozen=True)
class _StoredParts:
    """The parts of one source: how many are wanted, and what is there of them."""

    wanted: int
    stored: list[StoredPart]

    @classmethod
    def of(cls, chunk: Chunk, source: str) -> "_StoredParts":
        keys = list(chunk.parts.filter(source=source).values_list("key", flat=True))
        return cls(len(keys), list(StoredPart.objects.filter(key__in=keys)))

    @property
    def complete(self) -> dict[str, StoredPart]:
        """Those that are there as a whole, by output type."""
        return {part.output_type: part for part in self.stored if part.is_complete}

    @property
    def is_whole(self) -> bool:
        return len(self.complete) == self.wanted

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Changes at the places where this source sees them, strongest first."""
        rows = [row for part in self.stored for row in part.changes]
        return sorted(rows, key=lambda row: (-row["strength"], row["track"]))


def _sentence(
    chunk: Chunk,
    rows: Sequence[dict[str, Any]],
    *,
    is_whole: bool,
    is_called: Callable[[dict[str, Any]], bool] = lambda _: True,
) -> str:
    """The strongest change that is no noise, in words."""
    if not chunk.variants:
        return "This is a prediction of the reference alone, so nothing is compared."
    if not rows:
        return "Nothing can be compared yet." if not is_whole else "No track could be compared."
    so_far = "" if is_whole else "So far: "
    noticeable = itertools.takewhile(lambda row: row["strength"] >= _NOTICEABLE, rows)
    strongest = next(filter(is_called, noticeable), None)
    if strongest is None:
        if rows[0]["strength"] < _NOTICEABLE:
            return f"{so_far}No track changes by more than a tenth."
        return f"{so_far}No track changes by more than a tenth, but for what may be noise."
    direction = "rises" if strongest["difference"] > 0 else "falls"
    numbers = f"{strongest['reference']:.3g} to {strongest['alternate']:.3g}"
    ratio = strongest["log2_ratio"]
    times = "" if ratio is None else f" (log2 ratio {ratio:+.2f})"
    return f"{so_far}{strongest['label']} {direction} most, from {numbers}{times}."


def _group(
    chunk: Chunk, tracks: Sequence[str], *, kind: str, source: str
) -> dict[str, tuple[list[str], StoredPart | None]]:
    """The wanted tracks by output type, in their order."""
    known = parts_of(chunk, source)
    grouped: dict[str, tuple[list[str], StoredPart | None]] = {}
    for track in dict.fromkeys(tracks):
        output_type = track.partition("/")[0]
        ids, part = known.get(output_type, ([], None))
        if track not in ids:
            raise UnknownTrackError(
                f'This prediction has no track "{track}"; it has '
                + (f"{_range(ids)} of {output_type}." if ids else f"{', '.join(known)}."),
                field="tracks",
            )
        found = OUTPUT_TYPES[output_type].kind
        if found != kind:
            raise WrongKindOfTrackError(
                f"{track} is {_KINDS[found]}, not {_KINDS[kind]}; ask for it at "
                f"{_ADDRESSES[found]}.",
                field="tracks",
            )
        grouped.setdefault(output_type, ([], part))[0].append(track)
    return grouped


def _range(ids: Sequence[str]) -> str:
    return ids[0] if len(ids) == 1 else f"{ids[0]} to {ids[-1]} ({len(ids)} tracks)"


_KINDS = {
    "signal": "a signal",
    "contact_map": "a contact map",
    "junctions": "a list of junctions",
}
_ADDRESSES = {
    "signal": "signal/",
    "contact_map": "contact-map/",
    "junctions": "junctions/",
}


def _tag(*named: object) -> str:
    return hashlib.sha256(repr(named).encode()).hexdigest()[:32]
