"""Reads parts of sharded Zarr arrays in the calling thread.

zarr-python passes each chunk through an event loop and a pool of threads; for a view of fifty
tracks, some dozens of small chunks, that costs several times the decompression, and far more on a
busy machine. The layout is that of the Zarr v3 sharding codec: chunks one after the other, at the
end an index of (offset, length) pairs of little-endian uint64 and four bytes of checksum.
"""

import itertools
import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numcodecs.blosc  # type: ignore[import-untyped]
import numpy as np
from jaxtyping import Int64, Shaped

Selection = tuple[slice | Sequence[int], ...]

_ABSENT = 2**64 - 1
_CHECKSUM_BYTES = 4


@dataclass(frozen=True)
class ShardedArray:
    """A sharded array as `store` writes it: chunks of bytes, then Blosc; chunk keys with dots.

    Attributes:
      path: folder of the array.
      shape: of the whole array.
      chunks: of a chunk.
      shards: of a shard, a multiple of the chunks on each axis.
      dtype: of the values, little-endian.
      fill: what stands where nothing was written.
    """

    path: Path
    shape: tuple[int, ...]
    chunks: tuple[int, ...]
    shards: tuple[int, ...]
    dtype: np.dtype[np.generic]
    fill: object

    def read(self, selection: Selection) -> Shaped[np.ndarray, "..."]:
        """Some of the array: one slice (without step) or list of indices per axis, orthogonal."""
        wanted = [_indices(one, size) for one, size in zip(selection, self.shape, strict=True)]
        values = np.full([len(indices) for indices in wanted], self.fill, self.dtype)
        pieces = [
            list(_pieces(indices, size)) for indices, size in zip(wanted, self.chunks, strict=True)
        ]
        by_shard = defaultdict(list)
        per_shard = [shard // chunk for shard, chunk in zip(self.shards, self.chunks, strict=True)]
        for combination in itertools.product(*pieces):
            chunk = [piece.chunk for piece in combination]
            shard = tuple(at // number for at, number in zip(chunk, per_shard, strict=True))
            inner = tuple(at % number for at, number in zip(chunk, per_shard, strict=True))
            by_shard[shard].append((inner, combination))
        for shard, chunks in by_shard.items():
            self._read_shard(shard, chunks, per_shard, values)
        return values

    def _read_shard(
        self,
        shard: tuple[int, ...],
        chunks: "list[tuple[tuple[int, ...], tuple[_Piece, ...]]]",
        per_shard: list[int],
        values: Shaped[np.ndarray, "..."],
    ) -> None:
        try:
            file = os.open(self.path / ".".join(["c", *map(str, shard)]), os.O_RDONLY)
        except FileNotFoundError:
            return
        try:
            size = 16 * int(np.prod(per_shard))
            start = os.fstat(file).st_size - size - _CHECKSUM_BYTES
            index = np.frombuffer(os.pread(file, size, start), "<u8").reshape(*per_shard, 2)
            for inner, combination in chunks:
                offset, length = (int(number) for number in index[inner])
                if offset == _ABSENT:
                    continue
                packed = os.pread(file, length, offset)
                block = np.frombuffer(numcodecs.blosc.decompress(packed), self.dtype)
                _copy(block.reshape(self.chunks), values, combination)
        finally:
            os.close(file)


@dataclass(frozen=True)
class _Piece:
    """What one chunk gives to the answer along one axis."""

    chunk: int
    source: slice | Int64[np.ndarray, " N"]
    target: slice | Int64[np.ndarray, " N"]


def _indices(selection: slice | Sequence[int], size: int) -> range | Int64[np.ndarray, " N"]:
    if isinstance(selection, slice):
        return range(*selection.indices(size))
    return np.asarray(selection, np.int64)


def _pieces(wanted: range | Int64[np.ndarray, " N"], size: int) -> Iterator[_Piece]:
    if isinstance(wanted, range):
        for chunk in range(wanted.start // size, -(-wanted.stop // size)) if wanted else ():
            first, last = max(wanted.start, chunk * size), min(wanted.stop, (chunk + 1) * size)
            yield _Piece(
                chunk,
                slice(first - chunk * size, last - chunk * size),
                slice(first - wanted.start, last - wanted.start),
            )
        return
    for chunk in np.unique(wanted // size).tolist():
        target = np.flatnonzero(wanted // size == chunk)
        yield _Piece(chunk, wanted[target] - chunk * size, target)


def _copy(
    block: Shaped[np.ndarray, "..."],
    values: Shaped[np.ndarray, "..."],
    combination: Sequence[_Piece],
) -> None:
    for axis, piece in enumerate(combination):
        if isinstance(piece.source, slice):
            block = block[(slice(None),) * axis + (piece.source,)]
        else:
            block = block.take(piece.source, axis=axis)
    if all(isinstance(piece.target, slice) for piece in combination):
        values[tuple(piece.target for piece in combination)] = block
        return
    targets = [
        np.arange(piece.target.start, piece.target.stop)
        if isinstance(piece.target, slice)
        else piece.target
        for piece in combination
    ]
    values[np.ix_(*targets)] = block
