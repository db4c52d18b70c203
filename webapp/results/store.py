"""Where arrays of results lie: one Zarr group a part, named by the part's key.

`results/objects/ab/<key>/` holds one Zarr v3 array per level. An array is written under
`results/tmp/`, flushed to disk and renamed into its place, so it is there as a whole or not at
all, whatever is killed when. Arrays are never changed once they are there.

Source: reference/storage.md 1 and 6.
"""

import contextlib
import os
import shutil
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np
import tensorstore
import zarr
from jaxtyping import Shaped
from zarr.codecs import BloscCodec

from predictor.errors import AllelensError

# Arrays up to this size are one chunk in one file, and are kept decoded in memory.
Selection = tuple[slice | Sequence[int], ...]

_SMALL_BYTES = 4 << 20
_CACHE_BYTES = 128 << 20
_OPEN_ARRAYS = 512
_METADATA = "zarr.json"
_GROUP = '{"zarr_format": 3, "node_type": "group", "attributes": {}}'


class PartMissingError(AllelensError):
    """The files of a result are gone, for example because old results were removed."""

    code = "result_missing"


@dataclass(frozen=True)
class NewArray:
    """An array that is to be stored.

    Attributes:
      shape: of the whole array.
      dtype: NumPy name; floats are filled with NaN, so that what is missing cannot be read as 0.
      chunks, shards: of a large array; a small one is always a single chunk.
      blocks: (where, values) pairs that together cover the array; made one by one.
    """

    shape: tuple[int, ...]
    dtype: str
    chunks: tuple[int, ...]
    shards: tuple[int, ...] | None
    blocks: Iterable[tuple[tuple[slice, ...], Shaped[np.ndarray, "..."]]]

    @classmethod
    def of(cls, values: Shaped[np.ndarray, "..."]) -> "NewArray":
        """An array that is in memory and goes into one chunk."""
        everything = tuple(slice(None) for _ in values.shape)
        shape = tuple(max(1, size) for size in values.shape)
        return cls(values.shape, str(values.dtype), shape, None, [(everything, values)])

    @property
    def num_bytes(self) -> int:
        """Bytes without compression."""
        return int(np.prod(self.shape)) * np.dtype(self.dtype).itemsize


class TrackStore(Protocol):
    """Keeps the arrays of parts. The only thing that knows how they are kept."""

    def add(self, key: str, arrays: Mapping[str, NewArray]) -> None:
        """Makes arrays part of a result; durable and visible when it returns."""

    def arrays(self, key: str) -> frozenset[str]:
        """Names of the arrays that are there as a whole."""

    def shape(self, key: str, name: str) -> tuple[int, ...]:
        """Shape of an array."""

    def read(self, key: str, name: str, selection: Selection) -> Shaped[np.ndarray, "..."]:
        """Some of an array: one slice or list of indices per axis, taken orthogonally."""

    def num_bytes(self, key: str) -> int:
        """Bytes that a part takes on disk."""

    def remove(self, key: str) -> None:
        """Removes a part."""

    def sweep(self, *, older_than: float) -> int:
        """Removes what killed writers left behind; returns how many leftovers there were."""


class ZarrTrackStore:
    """A `TrackStore` in a folder of a local file system."""

    def __init__(self, root: Path):
        """`root` is made when something is written."""
        self.root = Path(root)
        self._lock = Lock()
        self._open: OrderedDict[tuple[str, str], tensorstore.TensorStore] = OrderedDict()
        self._decoded: OrderedDict[tuple[str, str], Shaped[np.ndarray, ...]] = OrderedDict()
        self._decoded_bytes = 0

    def add(self, key: str, arrays: Mapping[str, NewArray]) -> None:
        """Makes arrays part of a result; durable and visible when it returns.

        An array that is already there is left alone: the same key means the same content. Two
        writers of one key do not disturb each other.
        """
        part = self._part(key)
        missing = {name: a for name, a in arrays.items() if not (part / name).exists()}
        if not missing:
            return
        with self._temporary(key) as folder:
            for name, array in missing.items():
                _write(folder, name, array)
                _flush_tree(folder / name)
            _make_durably(part)
            if not (part / _METADATA).exists():
                (folder / _METADATA).write_text(_GROUP)
                _flush(folder / _METADATA)
                _move(folder / _METADATA, part / _METADATA)
            for name in missing:
                _move(folder / name, part / name)
            _flush(part)

    def arrays(self, key: str) -> frozenset[str]:
        """Names of the arrays that are there as a whole."""
        try:
            entries = list(self._part(key).iterdir())
        except FileNotFoundError:
            return frozenset()
        return frozenset(entry.name for entry in entries if entry.is_dir())

    def shape(self, key: str, name: str) -> tuple[int, ...]:
        """Shape of an array.

        Raises:
          PartMissingError: the array is not there.
        """
        return tuple(self._array(key, name).shape)

    def read(self, key: str, name: str, selection: Selection) -> Shaped[np.ndarray, "..."]:
        """Some of an array: one slice or list of indices per axis, taken orthogonally.

        The selection names every axis; small arrays may be given fewer.

        Raises:
          PartMissingError: the array is not there.
        """
        array = self._array(key, name)
        if array.size * array.dtype.numpy_dtype.itemsize <= _SMALL_BYTES:
            return _take(self._whole(key, name, array), selection)
        return np.asarray(array.oindex[selection].read().result())

    def num_bytes(self, key: str) -> int:
        """Bytes that a part takes on disk."""
        return sum(file.stat().st_size for file in self._part(key).rglob("*") if file.is_file())

    def remove(self, key: str) -> None:
        """Removes a part; a reader that is under way may fail with `PartMissingError`."""
        part = self._part(key)
        with self._temporary(key) as folder, contextlib.suppress(FileNotFoundError):
            # Renamed first, so that no half of it is ever seen.
            part.rename(folder / "removed")
        with self._lock:
            for cached in [cached for cached in self._open if cached[0] == key]:
                del self._open[cached]
            for cached in [cached for cached in self._decoded if cached[0] == key]:
                self._decoded_bytes -= self._decoded.pop(cached).nbytes

    def sweep(self, *, older_than: float) -> int:
        """Removes what killed writers left behind.

        Args:
          older_than: seconds since anything in a leftover was changed. Must be longer than the
            longest write, so that nobody's work under way is taken.

        Returns:
          How many leftovers there were.
        """
        removed = 0
        now = time.time()
        for folder in (self.root / "tmp").glob("*"):
            with contextlib.suppress(FileNotFoundError):
                newest = max(
                    [folder.stat().st_mtime, *(p.stat().st_mtime for p in folder.rglob("*"))]
                )
                if now - newest >= older_than:
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed

    def _part(self, key: str) -> Path:
        return self.root / "objects" / key[:2] / key

    @contextlib.contextmanager
    def _temporary(self, key: str) -> Iterator[Path]:
        folder = self.root / "tmp" / f"{key}.{uuid.uuid4().hex}"
        folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _array(self, key: str, name: str) -> tensorstore.TensorStore:
        with self._lock:
            if (found := self._open.get((key, name))) is not None:
                self._open.move_to_end((key, name))
                return found
        path = self._part(key) / name
        if not (path / _METADATA).exists():
            raise PartMissingError(
                "This result is no longer stored; start the prediction again to make it anew."
            )
        # Written by zarr, read by TensorStore: the same format, a third of the time per view.
        array = tensorstore.open(
            {"driver": "zarr3", "kvstore": {"driver": "file", "path": f"{path}/"}},
            open=True,
            read=True,
        ).result()
        with self._lock:
            self._open[key, name] = array
            while len(self._open) > _OPEN_ARRAYS:
                self._open.popitem(last=False)
        return array

    def _whole(
        self, key: str, name: str, array: tensorstore.TensorStore
    ) -> Shaped[np.ndarray, "..."]:
        with self._lock:
            if (found := self._decoded.get((key, name))) is not None:
                self._decoded.move_to_end((key, name))
                return found
        values = np.asarray(array.read().result())
        values.flags.writeable = False
        with self._lock:
            if (key, name) not in self._decoded:
                self._decoded[key, name] = values
                self._decoded_bytes += values.nbytes
            while self._decoded_bytes > _CACHE_BYTES:
                self._decoded_bytes -= self._decoded.popitem(last=False)[1].nbytes
        return values


def _take(values: Shaped[np.ndarray, "..."], selection: Selection) -> Shaped[np.ndarray, "..."]:
    for axis, wanted in enumerate(selection):
        if isinstance(wanted, slice):
            values = values[(slice(None),) * axis + (wanted,)]
        else:
            values = values.take(wanted, axis=axis)
    return values


def _write(folder: Path, name: str, new: NewArray) -> None:
    small = new.num_bytes <= _SMALL_BYTES
    is_float = np.issubdtype(np.dtype(new.dtype), np.floating)
    array = zarr.create_array(
        store=folder,
        name=name,
        shape=new.shape,
        dtype=new.dtype,
        chunks=tuple(max(1, size) for size in new.shape) if small else new.chunks,
        shards=None if small else new.shards,
        compressors=BloscCodec(cname="zstd", clevel=1, shuffle="shuffle"),
        # One folder an array, instead of one for each axis: each has to be flushed to disk.
        chunk_key_encoding={"name": "default", "separator": "."},
        fill_value=np.nan if is_float else -1,
        zarr_format=3,
    )
    if small:
        # One chunk is written once, not once a block.
        values = np.empty(new.shape, new.dtype)
        for where, block in new.blocks:
            values[where] = block
        array[...] = values
        return
    for where, block in new.blocks:
        array[where] = block


def _move(source: Path, target: Path) -> None:
    """Renames, unless another writer of the same content was faster."""
    with contextlib.suppress(OSError):
        if target.exists():
            return
    try:
        source.rename(target)
    except OSError:
        if not target.exists():
            raise


def _flush_tree(folder: Path) -> None:
    for place, _, files in os.walk(folder):
        for file in files:
            _flush(Path(place) / file)
        _flush(Path(place))


def _flush(path: Path) -> None:
    """Waits until a file, or the names in a folder, are on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_durably(folder: Path) -> None:
    """Makes a folder and its parents, each flushed into the folder above it."""
    if folder.exists():
        return
    _make_durably(folder.parent)
    folder.mkdir(exist_ok=True)
    _flush(folder.parent)
