"""The simulator's truth beside the prediction: its own parts, read through the job that asked."""

import json

import numpy as np
import pytest

from webapp.jobs.models import ChunkPart
from webapp.results.models import StoredPart

from .conftest import (
    INTERVAL,
    VARIANT,
    ids_of,
    junction_data,
    key_of,
    make_chunk,
    publish,
    track_data,
)

pytestmark = pytest.mark.django_db
SIMULATOR = "simulator"


@pytest.fixture
def truths():
    """(REF, ALT) by output type, other numbers than the prediction's; no CHIP_HISTONE."""
    rng = np.random.default_rng(6)
    dnase = rng.random((16_384, 4))
    dnase_alt = dnase.copy()
    dnase_alt[8_150:8_250, 0] += 5.0
    contact = rng.normal(size=(8, 8, 2))
    contact_alt = contact + rng.normal(size=(8, 8, 2))
    counts = np.array([[1.0, 0.0], [3.0, 0.5], [0.0, 0.5]])
    counts_alt = np.array([[1.0, 0.0], [0.1, 0.5], [2.5, 0.5]])
    return {
        "DNASE": (track_data(dnase), track_data(dnase_alt)),
        "CONTACT_MAPS": (track_data(contact, 2_048), track_data(contact_alt, 2_048)),
        "SPLICE_JUNCTIONS": (junction_data(counts), junction_data(counts_alt)),
    }


@pytest.fixture
def asked(chunk, truths):
    """The predicted chunk, with parts for the truth; nothing of the truth is there yet."""
    for output_type, (reference, _) in truths.items():
        ids = ids_of(output_type, reference)
        ChunkPart.objects.create(
            chunk=chunk,
            source="truth",
            output_type=output_type,
            key=key_of(output_type, ids=ids, engine=SIMULATOR),
            resolution=getattr(reference, "resolution", 1),
            tracks=ids,
        )
    return chunk


@pytest.fixture
def told(asked, truths):
    """All of the truth is there."""
    for output_type, (reference, alternate) in truths.items():
        publish(output_type, reference, alternate, engine=SIMULATOR)
    return asked


def get(client, chunk, address, **query):
    return client.get(f"/api/chunks/{chunk.uuid}/{address}/", query)


def rows(client, chunk):
    return {row["track"]: row for row in get(client, chunk, "changes").json()["rows"]}


def test_signals_of_both_sources_are_read_from_one_chunk(client, told, arrays, truths):
    for source, expected in (("prediction", arrays), ("truth", truths)):
        answer = get(
            client, told, "signal", source=source, tracks="DNASE/0", start=108_100, end=108_300
        )
        values = np.frombuffer(answer.content, "<f4").reshape(2, 200)
        for allele, data in zip(values, expected["DNASE"], strict=True):
            np.testing.assert_array_equal(allele, data.values[8_100:8_300, 0])


def test_contact_maps_and_junctions_have_a_truth_too(client, told, truths):
    answer = get(client, told, "contact-map", source="truth", track="CONTACT_MAPS/1")
    values = np.frombuffer(answer.content, "<f4").reshape(2, 8, 8)
    np.testing.assert_array_equal(values[1], truths["CONTACT_MAPS"][1].values[:, :, 1])
    found = get(client, told, "junctions", source="truth").json()["junctions"]
    lost = next(each for each in found if each["end"] == 107_500)
    assert lost["values"][0]["reference"] == 3
    assert lost["values"][0]["alternate"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("signal", {"tracks": "DNASE/0"}),
        ("contact-map", {"track": "CONTACT_MAPS/0"}),
        ("junctions", {}),
    ],
)
def test_the_truth_belongs_to_those_who_may_read_the_job_that_asked(
    client, stranger_client, told, address, query
):
    assert get(stranger_client, told, address, source="truth", **query).status_code == 404
    assert get(client, told, address, source="truth", **query).status_code == 200


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("signal", {"tracks": "DNASE/0"}),
        ("contact-map", {"track": "CONTACT_MAPS/0"}),
        ("junctions", {}),
    ],
)
def test_a_job_that_did_not_ask_for_the_truth_says_so(client, chunk, address, query):
    answer = get(client, chunk, address, source="truth", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "no_truth")
    assert "ask again with truth" in answer.json()["message"]
    other = get(client, chunk, address, source="guess", **query)
    assert (other.status_code, other.json()["field"]) == (400, "source")


def test_truth_that_is_still_to_come_is_missing_and_no_error(client, asked):
    signal = get(client, asked, "signal", source="truth", tracks="DNASE/0")
    assert json.loads(signal["X-Allelens-Layout"])["missing"] == ["DNASE/0"]
    assert get(client, asked, "junctions", source="truth").status_code == 409
    found = get(client, asked, "changes").json()
    assert found["truth"]["parts"] == 3
    assert found["truth"]["parts_complete"] == 0
    assert all(row["truth"] is None for row in found["rows"])
    # What was predicted is counted by itself.
    assert (found["parts"], found["parts_complete"]) == (4, 4)


def test_changes_without_the_truth_have_no_word_of_it(client, chunk):
    found = get(client, chunk, "changes").json()
    assert found["truth"] is None
    assert all(row.get("truth") is None for row in found["rows"])


def test_open_chromatin_is_measured_at_the_same_bases(client, told, truths):
    row = rows(client, told)["DNASE/0"]
    place = slice(*(row["interval"][end] - INTERVAL.start for end in ("start", "end")))
    ref, alt = (data.values[place, 0].sum(dtype=np.float64) for data in truths["DNASE"])
    assert row["truth"] == {
        "reference": pytest.approx(ref),
        "alternate": pytest.approx(alt),
        "difference": pytest.approx(500, rel=1e-4),
        "log2_ratio": pytest.approx(np.log2((1 + alt) / (1 + ref))),
    }
    assert row["difference"] == pytest.approx(300, rel=1e-3)


def test_the_contact_that_changes_most_is_the_same_pixel_in_the_truth(client, told, truths):
    row = rows(client, told)["CONTACT_MAPS/1"]
    ref, alt = (data.values[2, 5, 1] for data in truths["CONTACT_MAPS"])
    assert row["truth"]["reference"] == pytest.approx(ref)
    assert row["truth"]["difference"] == pytest.approx(alt - ref)
    assert row["truth"]["log2_ratio"] is None


def test_the_junction_that_changes_most_is_the_same_junction_in_the_truth(client, told):
    row = rows(client, told)["SPLICE_JUNCTIONS/2"]
    assert (row["interval"]["start"], row["interval"]["end"]) == (106_000, 107_500)
    assert row["truth"]["reference"] == 3
    assert row["truth"]["alternate"] == pytest.approx(0.1)


def test_a_junction_that_the_simulator_lacks_counts_zero(client, asked, truths):
    reference, alternate = truths["SPLICE_JUNCTIONS"]
    fewer = [
        type(each)(each.junctions[:1], each.values[:1], each.metadata)
        for each in (reference, alternate)
    ]
    publish("SPLICE_JUNCTIONS", *fewer, engine=SIMULATOR)
    truth = rows(client, asked)["SPLICE_JUNCTIONS/2"]["truth"]
    assert (truth["reference"], truth["alternate"]) == (0, 0)


def test_a_track_that_the_simulator_does_not_know_has_no_truth(client, told):
    assert rows(client, told)["CHIP_HISTONE/0"]["truth"] is None


def test_the_truths_own_strongest_change_is_told_wherever_it_lies(client, asked):
    flat = np.full((16_384, 4), 0.5)
    elsewhere = flat.copy()
    elsewhere[8_000:8_400, 2] = 4.0
    publish("DNASE", track_data(flat), track_data(elsewhere), engine=SIMULATOR)
    sentence = get(client, asked, "changes").json()["truth"]["sentence"]
    assert sentence.startswith("So far: DNase-seq, neuron-like rises most, from 2")


def test_bases_that_alt_has_lost_at_the_end_of_the_window_are_no_true_change(owner, client, store):
    """The window's last two bases left ALT with the insertion; aligned ALT is 0 there."""
    same = track_data(np.ones((16_384, 1)))
    aligned = np.ones((16_384, 1))
    inserted = len(VARIANT.alternate_bases) - len(VARIANT.reference_bases)
    aligned[-inserted:] = 0
    predicted = np.ones((16_384, 1))
    predicted[-100:-50] = 2
    chunk = make_chunk(owner, {"RNA_SEQ": (same, None)})
    publish("RNA_SEQ", same, track_data(predicted))
    ids = ids_of("RNA_SEQ", same)
    ChunkPart.objects.create(
        chunk=chunk, source="truth", output_type="RNA_SEQ", resolution=1, tracks=ids,
        key=key_of("RNA_SEQ", ids=ids, engine=SIMULATOR),
    )  # fmt: skip
    publish("RNA_SEQ", same, track_data(aligned), engine=SIMULATOR)
    (row,) = StoredPart.objects.get(key=chunk.parts.get(source="prediction").key).changes
    assert row["interval"]["end"] == INTERVAL.end
    chunk_rows = rows(client, chunk)["RNA_SEQ/0"]["truth"]
    assert chunk_rows["difference"] == 0
