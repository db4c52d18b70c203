"""Reads the official table of background scores, where an operator has it.

The file is a protocol buffer: a map from the name of a scorer to breakpoints (tracks x Q),
probabilities (Q) and the metadata of the tracks. Its schema is not part of the SDK, so the fields
are told apart by what they hold: only the table has one ascending row per track, only the
probabilities ascend within [-1, 1]. A file in which that is not certain is refused.

The table belongs to the released weights, has terms of its own, and is never shipped.

Axes: T tracks, Q breakpoints.

Source: spec/scoring.md 11.
"""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from alphagenome import tensor_utils
from alphagenome.models import track_data_utils
from alphagenome.protos import dna_model_pb2, tensor_pb2
from google.protobuf import empty_pb2, unknown_fields
from google.protobuf.message import DecodeError, Message

from predictor import errors
from predictor.scoring.calibration_table import Calibration, ScorerCalibration

_NUMBER, _BYTES, _SINGLE = 1, 2, 5  # Wire types: 64 bits, a length and bytes, 32 bits.
_KEY, _VALUE = 1, 2  # Fields of an entry of any map.

Fields = dict[int, list[tuple[int, Any]]]
"""Field number -> wire type and content of every occurrence."""


def read(path: Path) -> Calibration:
    """Reads the table.

    Raises:
      CalibrationError: the file is no such table, or cannot be read with certainty.
    """
    scorers: dict[str, ScorerCalibration] = {}
    try:
        entries = [entry for field in _fields(path.read_bytes()).values() for entry in field]
        for wire_type, content in entries:
            entry = _fields(content) if wire_type == _BYTES else {}
            scorers[_only(entry, _KEY).decode()] = _scorer(_fields(_only(entry, _VALUE)))
    except (OSError, DecodeError, UnicodeDecodeError, ValueError) as error:
        raise errors.CalibrationError(
            f"{path.name} is not the official table of background scores ({error}); expected the "
            "file calibration_scores.pb of the release."
        ) from error
    if not scorers:
        raise errors.CalibrationError(f"{path.name} holds no scorer; is the download complete?")
    return Calibration(scorers=scorers, about={"label": "official background", "file": path.name})


def _scorer(fields: Fields) -> ScorerCalibration:
    tables = [frame for field in fields.values() for frame in _metadata(field)]
    if len(tables) != 1:
        raise ValueError("the tracks of a scorer are not described once")
    tracks = tables[0]
    choices = [
        (breakpoints, ranks)
        for one, other in itertools.permutations(fields.values(), 2)
        for breakpoints in _arrays(one)
        for ranks in _arrays(other)
        if _fit(breakpoints, ranks, len(tracks))
    ]
    if len(choices) != 1:
        raise ValueError(f"breakpoints of {len(tracks)} tracks can be read in {len(choices)} ways")
    breakpoints, ranks = choices[0]
    return ScorerCalibration(
        tracks=tracks,
        breakpoints=breakpoints.reshape(len(tracks), -1).astype(np.float32),
        probabilities=ranks.ravel(),
        noise_floor=np.full(len(tracks), np.nan, np.float32),
    )


def _fit(breakpoints: np.ndarray, ranks: np.ndarray, tracks: int) -> bool:
    if ranks.size < 2 or breakpoints.size != tracks * ranks.size:
        return False
    return (
        bool(np.all(np.abs(ranks) <= 1))
        and bool(np.all(np.diff(ranks) > 0))
        and bool(np.isfinite(breakpoints).all())
        and bool(np.all(np.diff(breakpoints.reshape(tracks, -1), axis=1) >= 0))
    )


def _metadata(field: Sequence[tuple[int, Any]]) -> Iterator[pd.DataFrame]:
    """The field as a table of tracks: one message of all, or one of each."""
    if any(wire_type != _BYTES for wire_type, _ in field):
        return
    found = dna_model_pb2.TracksMetadata()
    each = [_parsed(dna_model_pb2.TrackMetadata(), content) for _, content in field]
    if len(field) == 1 and (whole := _parsed(found, field[0][1])) is not None:
        found = whole
    elif all(track is not None for track in each):
        found.metadata.extend(each)
    if not found.metadata or not all(track.name for track in found.metadata):
        return
    frame = track_data_utils.metadata_from_proto(found)
    yield pd.DataFrame(
        {
            name: frame[name].fillna("").astype(str) if name in frame else ""
            for name in ("name", "strand", "ontology_curie")
        }
    )


def _arrays(field: Sequence[tuple[int, Any]]) -> Iterator[np.ndarray]:
    """Every way to read the field as numbers."""
    kinds = {wire_type for wire_type, _ in field}
    contents = [content for _, content in field]
    if kinds == {_NUMBER}:
        yield np.array(contents, np.uint64).view(np.float64)
    elif kinds == {_SINGLE}:
        yield np.array(contents, np.uint32).view(np.float32)
    elif kinds == {_BYTES}:
        tensor = _parsed(tensor_pb2.Tensor(), contents[0]) if len(contents) == 1 else None
        if tensor is not None and tensor.HasField("array"):
            yield np.asarray(tensor_utils.unpack_proto(tensor), np.float64)
            return
        yield from _packed(b"".join(contents))
        rows = [_single_list(content) for content in contents]
        if all(row is not None for row in rows):
            yield from _packed(b"".join(row for row in rows if row is not None))


def _packed(content: bytes) -> Iterator[np.ndarray]:
    for dtype in ("<f8", "<f4"):
        if len(content) and len(content) % np.dtype(dtype).itemsize == 0:
            yield np.frombuffer(content, dtype).astype(np.float64)


def _single_list(content: bytes) -> bytes | None:
    """A row of the table as a message of its own, whose only field is a packed list."""
    try:
        (field,) = _fields(content).values()
        ((wire_type, packed),) = field
    except (DecodeError, ValueError):
        return None
    return packed if wire_type == _BYTES else None


def _fields(content: bytes) -> Fields:
    message = empty_pb2.Empty()
    message.ParseFromString(content)
    found: Fields = {}
    for field in unknown_fields.UnknownFieldSet(message):
        found.setdefault(field.field_number, []).append((field.wire_type, field.data))
    return found


def _only(fields: Fields, number: int) -> bytes:
    ((wire_type, content),) = fields.get(number, [(None, b"")])
    if wire_type != _BYTES:
        raise ValueError("not a map from names to tables")
    return bytes(content)


def _parsed(message: Message, content: bytes) -> Any:
    """The message, if the bytes hold just what its schema knows."""
    try:
        message.ParseFromString(content)
    except (DecodeError, ValueError):
        return None
    known = len(unknown_fields.UnknownFieldSet(message)) == 0
    return message if known and message.ByteSize() == len(content) else None
