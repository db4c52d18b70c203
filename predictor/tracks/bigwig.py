"""Writes bigWig files: one dense signal over one or several chromosomes.

The layout is that of version 4: a header, summaries of coarser and coarser bins ("zooms"), a
table of chromosomes, compressed sections of values, and for the values and each zoom an R-tree
that says where in the file a stretch of a chromosome is. Same values, same bytes (of one zlib).

Axes: S positions, B bins.

Source: Kent et al. 2010, "BigWig and BigBed", supplement.
"""

import dataclasses
import struct
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, TypeVar

import numpy as np
from jaxtyping import Float

_MAGIC, _TREE_MAGIC, _INDEX_MAGIC = 0x888FFC26, 0x78CA8C91, 0x2468ACE0
_VERSION = 4
_HEADER = struct.Struct("<IHHQQQHHQQIQ")
_ZOOM_HEADER = struct.Struct("<IIQQ")
_SUMMARY = struct.Struct("<Qdddd")
_SECTION = struct.Struct("<IIIIIBBH")
_INDEX_HEADER = struct.Struct("<IIQIIIIQII")
_NODE = struct.Struct("<BBH")
_BRANCH = struct.Struct("<IIIIQ")
_LEAF = struct.Struct("<IIIIQQ")
_FIXED_STEP = 3
_VALUES_PER_SECTION = 8192
_RECORDS_PER_BLOCK = 512
_ITEMS_PER_NODE = 256
_REDUCTIONS = (16, 64, 256, 1024, 4096)
_ZOOM_RECORD = np.dtype(
    [(name, "<u4") for name in ("chromosome", "start", "end", "valid")]
    + [(name, "<f4") for name in ("minimum", "maximum", "sum", "squares")]
)

_Item = TypeVar("_Item")
_Span = tuple[int, int, int, int]  # chromosome and base of the start, of the end


@dataclasses.dataclass(frozen=True)
class _Block:
    """A compressed stretch of one chromosome."""

    chromosome: int
    start: int
    end: int
    data: bytes
    size: int


def write_bigwig(path: Path, signals: Mapping[str, Float[np.ndarray, " S"]]) -> None:
    """Writes one value per base; an existing file is replaced.

    Args:
      path: the file.
      signals: by chromosome, each as long as the chromosome; finite, stored as float32.
    """
    # Readers search the table of chromosomes by name.
    tracks = {name: signals[name].astype("<f4") for name in sorted(signals)}
    with path.open("wb") as file:
        file.write(bytes(_HEADER.size + _ZOOM_HEADER.size * len(_REDUCTIONS)))
        summary = file.tell()
        file.write(_summary(tracks))
        table = file.tell()
        file.write(_chromosomes(tracks))
        sections = list(_sections(tracks))
        data = file.tell()
        places = _write_blocks(file, struct.pack("<Q", len(sections)), sections)
        index = file.tell()
        file.write(_index(sections, places, index))
        largest = max((block.size for block in sections), default=0)
        zooms = []
        for reduction in _REDUCTIONS:
            blocks = list(_zoom(tracks, reduction))
            number = sum(block.size for block in blocks) // _ZOOM_RECORD.itemsize
            start = file.tell()
            places = _write_blocks(file, struct.pack("<I", number), blocks)
            zooms.append((reduction, 0, start, file.tell()))
            file.write(_index(blocks, places, file.tell()))
            largest = max(largest, *(block.size for block in blocks))
        file.write(struct.pack("<I", _MAGIC))
        file.seek(0)
        file.write(
            _HEADER.pack(
                _MAGIC, _VERSION, len(zooms), table, data, index, 0, 0, 0, summary, largest, 0
            )
        )
        for zoom in zooms:
            file.write(_ZOOM_HEADER.pack(*zoom))


def _summary(tracks: Mapping[str, np.ndarray]) -> bytes:
    every = np.concatenate(list(tracks.values())).astype(np.float64)
    return _SUMMARY.pack(len(every), every.min(), every.max(), every.sum(), np.square(every).sum())


def _chromosomes(tracks: Mapping[str, np.ndarray]) -> bytes:
    """A tree of a single leaf: name, number and length of each chromosome."""
    width = max(map(len, tracks))
    head = struct.pack("<IIIIQQ", _TREE_MAGIC, len(tracks), width, 8, len(tracks), 0)
    leaf = _NODE.pack(1, 0, len(tracks))
    items = (
        name.encode("ascii").ljust(width, b"\0") + struct.pack("<II", number, len(values))
        for number, (name, values) in enumerate(tracks.items())
    )
    return head + leaf + b"".join(items)


def _sections(tracks: Mapping[str, np.ndarray]) -> Iterator[_Block]:
    for number, values in enumerate(tracks.values()):
        for start in range(0, len(values), _VALUES_PER_SECTION):
            part = values[start : start + _VALUES_PER_SECTION]
            end = start + len(part)
            head = _SECTION.pack(number, start, end, 1, 1, _FIXED_STEP, 0, len(part))
            yield _block(number, start, end, head + part.tobytes())


def _zoom(tracks: Mapping[str, np.ndarray], reduction: int) -> Iterator[_Block]:
    for number, values in enumerate(tracks.values()):
        starts = np.arange(0, len(values), reduction)
        ends = np.minimum(starts + reduction, len(values))
        wide = values.astype(np.float64)
        records = np.zeros(len(starts), _ZOOM_RECORD)
        columns = {
            "chromosome": number, "start": starts, "end": ends, "valid": ends - starts,
            "minimum": np.minimum.reduceat(values, starts),
            "maximum": np.maximum.reduceat(values, starts),
            "sum": np.add.reduceat(wide, starts),
            "squares": np.add.reduceat(np.square(wide), starts),
        }  # fmt: skip
        for name, column in columns.items():
            records[name] = column
        for first in range(0, len(records), _RECORDS_PER_BLOCK):
            part = records[first : first + _RECORDS_PER_BLOCK]
            yield _block(number, int(part["start"][0]), int(part["end"][-1]), part.tobytes())


def _block(chromosome: int, start: int, end: int, data: bytes) -> _Block:
    return _Block(chromosome, start, end, zlib.compress(data), len(data))


def _write_blocks(file: BinaryIO, count: bytes, blocks: list[_Block]) -> list[int]:
    """Writes the number of blocks and the blocks; returns where each starts."""
    file.write(count)
    places = []
    for block in blocks:
        places.append(file.tell())
        file.write(block.data)
    return places


def _index(blocks: list[_Block], places: list[int], offset: int) -> bytes:
    """An R-tree over blocks in ascending order, to be written at `offset`; the root comes first."""
    levels = [[(b.chromosome, b.start, b.chromosome, b.end) for b in blocks]]
    while len(levels[0]) > _ITEMS_PER_NODE:
        levels.insert(0, [_around(node) for node in _nodes(levels[0])])
    head = _INDEX_HEADER.pack(
        _INDEX_MAGIC, _ITEMS_PER_NODE, len(blocks), *_around(levels[0]), offset, 1, 0
    )
    parts, place = [head], offset + len(head)
    for level in levels[:-1]:
        place += _NODE.size * len(_nodes(level)) + _BRANCH.size * len(level)
        # Children are full but for the last, so they stand at even distances.
        item = _LEAF if level is levels[-2] else _BRANCH
        step = _NODE.size + item.size * _ITEMS_PER_NODE
        children = [_BRANCH.pack(*span, place + step * i) for i, span in enumerate(level)]
        parts += _packed(children, leaf=False)
    leaves = [
        _LEAF.pack(*span, place, len(block.data))
        for span, place, block in zip(levels[-1], places, blocks, strict=True)
    ]
    return b"".join((*parts, *_packed(leaves, leaf=True)))


def _packed(items: list[bytes], *, leaf: bool) -> Iterator[bytes]:
    for node in _nodes(items):
        yield _NODE.pack(leaf, 0, len(node))
        yield from node


def _nodes(items: list[_Item]) -> list[list[_Item]]:
    return [
        items[start : start + _ITEMS_PER_NODE] for start in range(0, len(items), _ITEMS_PER_NODE)
    ]


def _around(spans: list[_Span]) -> _Span:
    """From the start of the first span to the end of the last; none reaches over another."""
    return (*spans[0][:2], *spans[-1][2:])
