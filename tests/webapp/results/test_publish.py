"""Publishing: what is stored equals what was given, at every level, step by step."""

import time

import numpy as np
import pytest
from alphagenome.data.genome import Interval
from alphagenome.data.track_data import TrackData

from webapp.results import services
from webapp.results.levels import SUMMARY_PLANES
from webapp.results.models import StoredPart

from .conftest import ids_of, key_of, metadata, publish, track_data
from .test_levels import slow_bins

pytestmark = pytest.mark.django_db


def test_a_long_signal_is_announced_twice_and_a_short_one_once(store, arrays):
    published = publish("DNASE", *arrays["DNASE"])
    assert [(step.level, step.levels) for step in published] == [
        ("overview", [32]),
        ("complete", [1, 32]),
    ]
    assert [step.level for step in publish("CHIP_HISTONE", *arrays["CHIP_HISTONE"])] == ["complete"]
    assert [step.level for step in publish("CONTACT_MAPS", *arrays["CONTACT_MAPS"])] == ["complete"]


def test_whatever_is_announced_is_stored_at_that_moment(store, arrays):
    reference, alternate = arrays["DNASE"]
    ids = ids_of("DNASE", reference)
    key = key_of("DNASE", ids=ids)
    for step in services.publish(
        key=key,
        output_type="DNASE",
        reference=reference,
        alternate=alternate,
        interval=reference.interval,
        variants=[],
        track_rows=ids,
    ):
        row = StoredPart.objects.get(key=key)
        assert row.levels == step.levels
        assert row.state == step.level
        assert services.expected_arrays(row) <= store.arrays(key)


@pytest.mark.parametrize("length", [4_096, 70_000])
def test_every_level_equals_slow_numpy(store, length):
    rng = np.random.default_rng(length)
    ref, alt = rng.gamma(0.3, size=(2, length, 9)).astype(np.float32)
    data = [TrackData(values, metadata(9)) for values in (ref, alt)]
    publish("RNA_SEQ", *data, interval=Interval("demoS", 106_000, 106_000 + length))
    key = key_of("RNA_SEQ", ids=ids_of("RNA_SEQ", data[0]))
    everything = (slice(None),) * 3

    stored = store.read(key, "l1", everything)
    np.testing.assert_array_equal(stored, np.stack([ref.T, alt.T]))
    native = {"reference": ref.T, "alternate": alt.T}
    native |= {"difference_max": (alt - ref).T, "difference_min": (alt - ref).T}
    sizes = [level for level in StoredPart.objects.get(key=key).levels if level > 1]
    assert sizes == ([32] if length == 4_096 else [32, 256])
    for size in sizes:
        planes = store.read(key, f"s{size}", everything)
        for values, (plane, reduction) in zip(planes, SUMMARY_PLANES, strict=True):
            expected = slow_bins(native[plane], size, reduction)
            np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)


def test_an_identical_part_is_found_and_not_written_again(store, arrays):
    assert (
        services.find_complete([key_of("DNASE", ids=ids_of("DNASE", arrays["DNASE"][0]))]) == set()
    )
    first = publish("DNASE", *arrays["DNASE"])
    key = first[-1].key
    assert services.find_complete([key, "0" * 64]) == {key}
    before = {path: path.stat().st_mtime_ns for path in store.root.rglob("*")}

    again = publish("DNASE", *arrays["DNASE"])

    assert [(step.level, step.reused) for step in again] == [("complete", True)]
    assert {path: path.stat().st_mtime_ns for path in store.root.rglob("*")} == before


def test_a_part_whose_publishing_stopped_after_the_overview_is_completed_later(store, arrays):
    reference, alternate = arrays["DNASE"]
    ids = ids_of("DNASE", reference)
    key = key_of("DNASE", ids=ids)
    stopped = services.publish(
        key=key,
        output_type="DNASE",
        reference=reference,
        alternate=alternate,
        interval=reference.interval,
        variants=[],
        track_rows=ids,
    )
    assert next(stopped).level == "overview"
    stopped.close()
    assert services.find_complete([key]) == set()

    assert [step.level for step in publish("DNASE", reference, alternate)][-1] == "complete"
    assert services.find_complete([key]) == {key}


def test_a_part_whose_files_are_gone_is_not_taken_for_complete(store, arrays):
    key = publish("DNASE", *arrays["DNASE"])[-1].key
    store.remove(key)
    assert services.find_complete([key]) == set()

    assert publish("DNASE", *arrays["DNASE"])[-1].reused is False
    assert services.find_complete([key]) == {key}


def test_a_removed_part_leaves_neither_row_nor_files(store, arrays):
    key = publish("DNASE", *arrays["DNASE"])[-1].key
    services.remove_part(key)
    assert not StoredPart.objects.filter(key=key).exists()
    assert store.arrays(key) == frozenset()


def test_a_key_depends_on_each_thing_that_determines_the_result():
    given = {
        "engine": "demo",
        "weights_digest": "w",
        "assembly": "demoH1",
        "fasta_digest": "f",
        "organism": "human",
        "interval": {"chromosome": "demoS", "start": 0, "end": 16_384, "strand": "."},
        "variants": ["demoS:5:A>C", "demoS:9:A>C"],
        "output_type": "DNASE",
        "track_ids": ["DNASE/0", "DNASE/1"],
        "align_version": 1,
    }
    key = services.part_key(**given)
    assert services.part_key(**given | {"variants": given["variants"][::-1]}) == key
    others = {
        "engine": "fold-0",
        "weights_digest": "x",
        "assembly": "demoM1",
        "fasta_digest": "g",
        "organism": "mouse",
        "interval": given["interval"] | {"start": 1},
        "variants": [],
        "output_type": "ATAC",
        "track_ids": ["DNASE/1", "DNASE/0"],
        "align_version": 2,
    }
    keys = {services.part_key(**given | {name: value}) for name, value in others.items()}
    assert len(keys) == len(others)
    assert key not in keys


def test_the_parts_of_a_demo_prediction_are_written_within_the_time_of_a_click(store):
    rng = np.random.default_rng(0)
    tracks = {"RNA_SEQ": 7, "CAGE": 6, "DNASE": 4, "ATAC": 2, "PROCAP": 2}
    tracks |= {"SPLICE_SITES": 4, "SPLICE_SITE_USAGE": 8}
    given = {
        name: [track_data(rng.random((16_384, number), dtype=np.float32)) for _ in "ra"]
        for name, number in tracks.items()
    }
    for name, pair in given.items():
        begin = time.process_time()
        publish(name, *pair)
        # CPU time, as the machine may be busy; a part takes about 0.02 s.
        assert time.process_time() - begin < 0.5


def test_data_that_does_not_fill_its_interval_is_refused(store, arrays):
    with pytest.raises(ValueError, match="16,384 bp, but the interval has 4,096"):
        publish("DNASE", *arrays["DNASE"], interval=Interval("demoS", 0, 4_096))
