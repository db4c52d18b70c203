"""Writes to the result store."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.track_data import TrackData

from predictor.home import home
from predictor.tracks.output_types import Kind
from webapp.results import changes, parts
from webapp.results.models import StoredPart
from webapp.results.parts import PartArrays
from webapp.results.store import TrackStore, ZarrTrackStore
from webapp.tracks.output_types import OUTPUT_TYPES

# Part of every key: raise it when the same request would be stored as something else.
SCHEMA_VERSION = 1
# Longer than any write of a part; what is older was left by a killed writer.
_LEFTOVER_SECONDS = 3_600.0


@cache
def store() -> TrackStore:
    """The store of this process, in the data folder."""
    return ZarrTrackStore(home() / "results")


@dataclass(frozen=True)
class PublishedLevel:
    """A part, or its overview, is durable and may be shown.

    Attributes:
      key: of the part.
      level: `overview` (coarse levels only) or `complete`.
      levels: bin sizes in bp that can be read, finest first; none for junctions.
      resolution: native bin size in bp.
      track_ids: in the order of the stored columns.
      reused: it was there already, and nothing was written.
    """

    key: str
    level: str
    levels: list[int]
    resolution: int
    track_ids: list[str]
    reused: bool = False


def part_key(
    *,
    engine: str,
    weights_digest: str,
    assembly: str,
    fasta_digest: str,
    organism: str,
    interval: Mapping[str, Any],
    variants: Sequence[str],
    output_type: str,
    track_ids: Sequence[str],
    align_version: int = 1,
) -> str:
    """Name of a part: the SHA-256 of everything that determines its content.

    The interval has chromosome, start, end (0-based half-open) and strand. The variants are
    normalised texts `chromosome:position:REF>ALT`, none for a prediction of the reference alone;
    their order does not matter. The order of the tracks, that of the columns, does. The digests
    are those of the weights and of the FASTA file. `align_version` is raised when the rule that
    aligns ALT to REF changes.
    """
    named = {
        "schema": SCHEMA_VERSION,
        "engine": engine,
        "weights": weights_digest,
        "assembly": assembly,
        "fasta": fasta_digest,
        "organism": organism,
        "interval": [
            interval["chromosome"],
            int(interval["start"]),
            int(interval["end"]),
            interval.get("strand", "."),
        ],
        "variants": sorted(variants),
        "output_type": output_type,
        "tracks": list(track_ids),
        "align": align_version,
    }
    text = json.dumps(named, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_complete(keys: Sequence[str]) -> set[str]:
    """Those of the keys whose part is stored as a whole, so that nothing needs computing."""
    rows = StoredPart.objects.filter(key__in=list(keys), state=StoredPart.State.COMPLETE)
    return {row.key for row in rows if _is_on_disk(row)}


def publish(
    *,
    key: str,
    output_type: str,
    reference: TrackData | JunctionData,
    alternate: TrackData | JunctionData | None,
    interval: Interval,
    variants: Sequence[Variant],
    track_rows: Sequence[str],
) -> Iterator[PublishedLevel]:
    """Stores one output type of one chunk, and says when it may be shown.

    Yields once when the overview is durable (long signals only) and once when everything is. A
    part that is there already is not written again. Safe to run twice, and to be killed.

    Args:
      key: as of `part_key`.
      output_type: name in the SDK, such as `RNA_SEQ`.
      reference: [bins, tracks], [bins, bins, tracks], or junctions.
      alternate: the same of ALT, aligned to REF; None for a prediction of the reference alone.
      interval: what was predicted.
      variants: of the ALT haplotype.
      track_rows: ids of the tracks in the order of the columns, such as `DNASE/0`; of junctions
        the + rows of all tissues, then the − rows.

    Raises:
      ValueError: the data does not fill the interval.
    """
    track_ids = list(track_rows)
    stored = StoredPart.objects.filter(key=key).first()
    if stored is not None and stored.is_complete and _is_on_disk(stored):
        yield PublishedLevel(
            key, "complete", stored.levels, stored.resolution, stored.track_ids, reused=True
        )
        return
    _sweep_once()
    _check_length(output_type, reference, interval)
    kind = OUTPUT_TYPES[output_type].kind
    arrays = _arrays(kind, reference, alternate)
    resolution = _resolution(reference)
    row: dict[str, Any] = {
        "output_type": output_type,
        "kind": kind,
        "chromosome": interval.chromosome,
        "start": interval.start,
        "end": interval.end,
        "resolution": resolution,
        "has_alternate": alternate is not None,
        "track_ids": track_ids,
        "changes": _changes(
            output_type, reference, alternate, interval, variants, track_ids=track_ids
        ),
    }
    if arrays.overview:
        store().add(key, arrays.overview)
        _record(key, row, StoredPart.State.OVERVIEW, arrays.overview_levels)
        yield PublishedLevel(key, "overview", arrays.overview_levels, resolution, track_ids)
    store().add(key, arrays.complete)
    _record(key, row, StoredPart.State.COMPLETE, arrays.levels)
    yield PublishedLevel(key, "complete", arrays.levels, resolution, track_ids)


def sweep_leftovers(*, older_than: float = _LEFTOVER_SECONDS) -> int:
    """Removes what killed writers left behind; returns how many leftovers there were."""
    return store().sweep(older_than=older_than)


@cache
def _sweep_once() -> None:
    # A new worker tidies up after the killed ones before it.
    sweep_leftovers()


def remove_part(key: str) -> None:
    """Forgets a part and frees its disk space; asked for again, it is computed again."""
    StoredPart.objects.filter(key=key).delete()
    store().remove(key)


def _record(key: str, row: Mapping[str, Any], state: StoredPart.State, levels: list[int]) -> None:
    StoredPart.objects.update_or_create(
        key=key,
        defaults={**row, "state": state, "levels": levels, "bytes": store().num_bytes(key)},
    )


def _is_on_disk(part: StoredPart) -> bool:
    return expected_arrays(part) <= store().arrays(part.key)


def expected_arrays(part: StoredPart) -> set[str]:
    """Names of the arrays that a part of this kind has, with the levels that it lists."""
    if part.kind == StoredPart.Kind.JUNCTIONS:
        return {parts.JUNCTIONS, parts.COUNTS}
    if part.kind == StoredPart.Kind.CONTACT_MAP:
        return {parts.CONTACT}
    return {parts.level_name(level, part.resolution) for level in part.levels}


def _arrays(
    kind: Kind,
    reference: TrackData | JunctionData,
    alternate: TrackData | JunctionData | None,
) -> PartArrays:
    if isinstance(reference, JunctionData):
        return parts.junction_arrays(reference, alternate)
    build = parts.contact_arrays if kind == "contact_map" else parts.signal_arrays
    return build(reference, alternate)


def _check_length(
    output_type: str, reference: TrackData | JunctionData, interval: Interval
) -> None:
    if isinstance(reference, JunctionData):
        return
    length = reference.values.shape[0] * reference.resolution
    if length != interval.width:
        raise ValueError(
            f"{output_type} covers {length:,} bp, but the interval has {interval.width:,}."
        )


def _resolution(reference: TrackData | JunctionData) -> int:
    return 1 if isinstance(reference, JunctionData) else reference.resolution


def _changes(
    output_type: str,
    reference: TrackData | JunctionData,
    alternate: TrackData | JunctionData | None,
    interval: Interval,
    variants: Sequence[Variant],
    *,
    track_ids: Sequence[str],
) -> list[dict[str, Any]]:
    if alternate is None or not variants or not track_ids:
        return []
    found = changes.changes_by_track(
        output_type,
        reference,
        alternate,
        interval=interval,
        variants=variants,
        track_ids=track_ids,
    )
    return changes.as_json(found)
