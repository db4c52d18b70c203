"""A bigWig file, read back through its own index by a reader that knows nothing of the writer."""

import struct
import zlib

import numpy as np
import pytest

from predictor.tracks.bigwig import write_bigwig


class Reader:
    """Follows the published layout: header, table of chromosomes, R-tree, sections."""

    def __init__(self, path):
        self.data = path.read_bytes()
        found = struct.unpack_from("<IHHQQQHHQQI", self.data)
        self.magic, self.version, self.zooms, self.table, _, self.index = found[:6]
        self.summary, self.buffer = found[9:]

    def chromosomes(self):
        magic, _, width, _, number, _ = struct.unpack_from("<IIIIQQ", self.data, self.table)
        assert magic == 0x78CA8C91
        leaf, _, count = struct.unpack_from("<BBH", self.data, self.table + 32)
        assert (leaf, count) == (1, number)
        found = {}
        for item in range(count):
            where = self.table + 36 + item * (width + 8)
            name = self.data[where : where + width].rstrip(b"\0").decode()
            found[name] = struct.unpack_from("<II", self.data, where + width)
        return found

    def blocks(self, index, chromosome, start, end):
        """Unpacked blocks that reach into a stretch, and the depth they were found at."""
        assert struct.unpack_from("<I", self.data, index)[0] == 0x2468ACE0
        yield from self._below(index + 48, 1, (chromosome, start), (chromosome, end))

    def _below(self, node, depth, start, end):
        leaf, _, count = struct.unpack_from("<BBH", self.data, node)
        item = struct.Struct("<IIIIQQ" if leaf else "<IIIIQ")
        for number in range(count):
            where = node + 4 + number * item.size
            first, low, last, high, place, *size = item.unpack_from(self.data, where)
            if (first, low) >= end or (last, high) <= start:
                continue
            if not leaf:
                yield from self._below(place, depth + 1, start, end)
                continue
            unpacked = zlib.decompress(self.data[place : place + size[0]])
            assert len(unpacked) <= self.buffer
            yield unpacked, depth

    def values(self, name, start, end):
        number, _ = self.chromosomes()[name]
        result, depths = np.full(end - start, np.nan, np.float32), set()
        for block, depth in self.blocks(self.index, number, start, end):
            of, first, _, step, span, kind, _, count = struct.unpack_from("<IIIIIBBH", block)
            assert (of, step, span, kind) == (number, 1, 1, 3)
            part = np.frombuffer(block, "<f4", count, 24)
            low, high = max(start, first), min(end, first + count)
            result[low - start : high - start] = part[low - first : high - first]
            depths.add(depth)
        return result, depths

    def means(self, zoom, name):
        reduction, _, _, index = struct.unpack_from("<IIQQ", self.data, 64 + 24 * zoom)
        number, length = self.chromosomes()[name]
        found = []
        for block, _ in self.blocks(index, number, 0, length):
            for record in struct.iter_unpack("<IIIIffff", block):
                found.append(record[6] / record[3])
        return reduction, np.array(found)


@pytest.fixture(scope="module")
def signals():
    random = np.random.default_rng(0)
    return {
        "demo2": random.random(2_300_123),  # more sections than one node of the index holds
        "demo10": np.zeros(5_000),
        "demoX": random.normal(size=777).cumsum(),
    }


@pytest.fixture(scope="module")
def reader(signals, tmp_path_factory):
    path = tmp_path_factory.mktemp("bigwig") / "signal.bigWig"
    write_bigwig(path, signals)
    return Reader(path)


def test_the_header_names_version_and_zooms_and_the_magic_closes_the_file(reader):
    assert (reader.magic, reader.version, reader.zooms) == (0x888FFC26, 4, 5)
    assert struct.unpack("<I", reader.data[-4:])[0] == 0x888FFC26


def test_chromosomes_are_numbered_in_the_order_of_their_names(reader, signals):
    assert reader.chromosomes() == {
        name: (number, len(signals[name])) for number, name in enumerate(sorted(signals))
    }


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [("demo2", 0, 2_300_123), ("demo2", 8_191, 8_193), ("demo2", 2_299_000, 2_300_123),
     ("demo10", 17, 4_000), ("demoX", 0, 777)],
)  # fmt: skip
def test_values_come_back_through_the_index(reader, signals, name, start, end):
    found, depths = reader.values(name, start, end)
    np.testing.assert_array_equal(found, signals[name][start:end].astype(np.float32))
    assert depths == {2}


@pytest.mark.parametrize("zoom", range(5))
def test_zooms_hold_the_means_of_their_bins(reader, signals, zoom):
    reduction, found = reader.means(zoom, "demoX")
    wide = signals["demoX"].astype(np.float32).astype(np.float64)
    expected = [wide[i : i + reduction].mean() for i in range(0, len(wide), reduction)]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_the_summary_covers_all_chromosomes(reader, signals):
    every = np.concatenate(list(signals.values()))
    covered, low, high, total, squares = struct.unpack_from("<Qdddd", reader.data, reader.summary)
    assert covered == len(every)
    expected = (every.min(), every.max(), every.sum(), (every**2).sum())
    assert (low, high, total, squares) == pytest.approx(expected, rel=1e-6)
