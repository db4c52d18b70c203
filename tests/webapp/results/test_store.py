"""The track store: what goes in comes out, and a killed writer leaves nothing to be seen."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
import zarr

from webapp.results.store import NewArray, PartMissingError, ZarrTrackStore

KEY = "ab" + "0" * 62
REPOSITORY = Path(__file__).resolve().parents[3]


def _everything(values):
    return tuple(slice(None) for _ in values.shape)


@pytest.fixture
def store(tmp_path):
    return ZarrTrackStore(tmp_path / "results")


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).random((2, 7, 1_000), dtype=np.float32),
        np.zeros((0, 3), np.int64),
        np.arange(12, dtype=np.int64).reshape(4, 3),
    ],
    ids=["float32", "empty", "int64"],
)
def test_a_small_array_comes_back_bit_by_bit(store, values):
    store.add(KEY, {"l1": NewArray.of(values)})

    np.testing.assert_array_equal(store.read(KEY, "l1", _everything(values)), values)
    assert store.shape(KEY, "l1") == values.shape


def _large(values, chunk_bins=1_000):
    first, tracks, bins = values.shape
    blocks = [
        (
            (slice(a, a + 1), slice(None), slice(at, at + 2_000)),
            values[a : a + 1, :, at : at + 2_000],
        )
        for a in range(first)
        for at in range(0, bins, 2_000)
    ]
    return NewArray(
        values.shape, "float32", (1, 8, chunk_bins), (1, -(-tracks // 8) * 8, 2_000), blocks
    )


@pytest.fixture(scope="module")
def large_values():
    return np.random.default_rng(1).random((2, 21, 30_000), dtype=np.float32)


def test_a_large_sharded_array_gives_the_same_as_numpy_for_any_selection(store, large_values):
    store.add(KEY, {"l1": _large(large_values)})
    for planes, tracks, bins in (
        ([0, 1], [0, 5, 20], slice(990, 1_010)),
        ([1], list(range(21)), slice(0, 30_000)),
        ([0], [20, 3], slice(29_999, 30_000)),
        ([1, 0], [7], slice(15_000, 15_000)),
    ):
        np.testing.assert_array_equal(
            store.read(KEY, "l1", (planes, tracks, bins)),
            large_values[np.ix_(planes, tracks)][:, :, bins],
        )


def test_parts_of_a_shard_equal_what_zarr_reads_of_it(store, large_values):
    store.add(KEY, {"l1": _large(large_values)})
    others = zarr.open_group(store.root / "objects" / "ab" / KEY, mode="r")["l1"]
    np.testing.assert_array_equal(others[...], large_values)
    random = np.random.default_rng(9)
    for _ in range(6):
        start = int(random.integers(0, 30_000))
        bins = slice(start, int(random.integers(start, 30_001)))
        tracks = random.permutation(21)[: random.integers(1, 22)].tolist()
        expected = others.oindex[:, sorted(tracks), bins][:, np.argsort(np.argsort(tracks))]
        np.testing.assert_array_equal(store.read(KEY, "l1", (slice(None), tracks, bins)), expected)
        rows = slice(min(tracks), max(tracks) + 1)
        np.testing.assert_array_equal(
            store.read(KEY, "l1", (slice(1, 2), rows, bins)), others[1:2, rows, bins]
        )


def test_what_was_never_written_of_an_array_is_nan_and_not_zero(store, large_values):
    new = _large(large_values)
    half = NewArray(new.shape, new.dtype, new.chunks, new.shards, list(new.blocks)[:1])
    store.add(KEY, {"l1": half})

    assert np.isnan(store.read(KEY, "l1", ([1], [0], slice(0, 100)))).all()


def test_a_level_added_later_joins_the_first_and_an_existing_one_is_left_alone(store):
    first = np.ones((1, 2, 3), np.float32)
    store.add(KEY, {"s32": NewArray.of(first)})
    store.add(KEY, {"s32": NewArray.of(first * 2), "l1": NewArray.of(first * 3)})

    assert store.arrays(KEY) == {"s32", "l1"}
    np.testing.assert_array_equal(store.read(KEY, "s32", _everything(first)), first)
    np.testing.assert_array_equal(store.read(KEY, "l1", _everything(first)), first * 3)


def test_two_writers_of_one_part_do_not_disturb_each_other(store):
    values = np.random.default_rng(2).random((2, 7, 5_000), dtype=np.float32)
    failures = []

    def write():
        try:
            store.add(KEY, {name: NewArray.of(values) for name in ("l1", "s32")})
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failures
    np.testing.assert_array_equal(store.read(KEY, "l1", _everything(values)), values)
    assert list((store.root / "tmp").iterdir()) == []


def test_a_removed_part_says_that_it_is_gone(store):
    store.add(KEY, {"l1": NewArray.of(np.ones((1, 1, 5), np.float32))})
    store.read(KEY, "l1", (slice(None),))
    store.remove(KEY)

    assert store.arrays(KEY) == frozenset()
    with pytest.raises(PartMissingError, match="start the prediction again"):
        store.read(KEY, "l1", (slice(None),))


def test_the_store_is_a_zarr_group_that_others_can_read(store):
    values = np.random.default_rng(3).random((2, 3, 400), dtype=np.float32)
    store.add(KEY, {"l1": NewArray.of(values)})

    group = zarr.open_group(store.root / "objects" / "ab" / KEY, mode="r")
    assert group.metadata.zarr_format == 3
    assert np.isnan(group["l1"].fill_value)
    np.testing.assert_array_equal(group["l1"][...], values)


# Writes many parts one after the other, saying so before each; killed from outside at any moment.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from webapp.results.store import NewArray, ZarrTrackStore

store = ZarrTrackStore(Path(sys.argv[1]))
for number in range(10_000):
    values = np.full((2, 9, 200_000), number, np.float32)
    blocks = [((slice(a, a + 1),), values[a : a + 1]) for a in (0, 1)]
    array = NewArray(values.shape, "float32", (1, 9, 10_000), (1, 9, 100_000), blocks)
    print(number, flush=True)
    store.add(f"{number:064d}", {"s32": NewArray.of(values[:, :, :500]), "l1": array})
"""


@pytest.mark.fault
def test_a_writer_killed_at_any_moment_leaves_whole_arrays_or_nothing(tmp_path):
    root = tmp_path / "results"
    for delay in (0.0, 0.01, 0.03, 0.06):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(root)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "0\n"
        for _ in range(2):
            writer.stdout.readline()
        time.sleep(delay)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

    store = ZarrTrackStore(root)
    seen = 0
    for part in (root / "objects").glob("*/*"):
        for name in store.arrays(part.name):
            shape = store.shape(part.name, name)
            values = store.read(part.name, name, tuple(slice(None) for _ in shape))
            assert (values == int(part.name)).all(), "an array was visible before it was whole"
            seen += 1
    assert seen > 0
    leftovers = list((root / "tmp").iterdir())
    assert leftovers, "no writer was killed while it wrote"
    assert store.sweep(older_than=3_600) == 0, "a writer under way must be left alone"
    assert store.sweep(older_than=0) == len(leftovers)
    assert list((root / "tmp").iterdir()) == []
