"""Contact maps, junctions, and the answer in words and numbers."""

import json

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.track_data import TrackData

from webapp.results.changes import as_json, changes_by_track

from .conftest import INTERVAL, VARIANT, junction_data, make_chunk, publish, track_data

django_db = pytest.mark.django_db


def _url(chunk, address):
    return f"/api/chunks/{chunk.uuid}/{address}/"


@django_db
def test_a_contact_map_arrives_whole_for_both_alleles(client, chunk, arrays):
    answer = client.get(_url(chunk, "contact-map"), {"track": "CONTACT_MAPS/1"})
    layout = json.loads(answer["X-Allelens-Layout"])
    assert layout == {
        "alleles": ["reference", "alternate"],
        "start": INTERVAL.start,
        "bin": 2_048,
        "bins": 8,
    }
    values = np.frombuffer(answer.content, "<f4").reshape(2, 8, 8)
    for allele, data in zip(values, arrays["CONTACT_MAPS"], strict=True):
        np.testing.assert_array_equal(allele, data.values[:, :, 1])
    assert "immutable" in answer["Cache-Control"]


@django_db
def test_contact_maps_that_are_asked_for_wrongly_or_too_early_say_so(client, empty_chunk):
    address = _url(empty_chunk, "contact-map")
    early = client.get(address, {"track": "CONTACT_MAPS/0"})
    assert (early.status_code, early.json()["code"]) == (409, "not_ready")
    nothing = client.get(address)
    assert nothing.status_code == 400
    assert nothing.json()["field"] == "track"
    wrong = client.get(address, {"track": "DNASE/0"})
    assert "is a signal, not a contact map; ask for it at signal/" in wrong.json()["message"]


@django_db
def test_results_whose_files_are_gone_say_what_to_do(client, chunk, store):
    for part in chunk.parts.all():
        store.remove(part.key)
    for address in ("contact-map/?track=CONTACT_MAPS/0", "junctions/"):
        answer = client.get(f"/api/chunks/{chunk.uuid}/{address}")
        assert answer.status_code == 404
        assert "start the prediction again" in answer.json()["message"]


@django_db
def test_junctions_list_each_intron_with_the_tracks_of_its_strand(client, chunk):
    found = client.get(_url(chunk, "junctions")).json()
    assert found["tracks"] == [f"SPLICE_JUNCTIONS/{index}" for index in range(4)]
    assert (found["shown"], found["total"]) == (3, 3)
    assert [(j["start"], j["end"], j["strand"]) for j in found["junctions"]] == [
        (106_000, 107_500, "-"),
        (106_000, 109_500, "-"),
        (104_000, 105_000, "+"),
    ]
    lost = found["junctions"][0]["values"]
    assert [value["track"] for value in lost] == ["SPLICE_JUNCTIONS/2", "SPLICE_JUNCTIONS/3"]
    assert lost[0] == {
        "track": "SPLICE_JUNCTIONS/2",
        "reference": 2.0,
        "alternate": pytest.approx(0.2),
    }


@django_db
@pytest.mark.parametrize(
    ("query", "starts"),
    [
        ({"tracks": "SPLICE_JUNCTIONS/0"}, [104_000]),
        ({"tracks": "SPLICE_JUNCTIONS/1"}, []),
        ({"start": 105_000, "end": 106_000}, []),
        ({"start": 104_999, "end": 105_500}, [104_000]),
        ({"min_value": 1.2}, [106_000, 106_000]),
        ({"limit": 1}, [106_000]),
    ],
)
def test_junctions_are_chosen_by_track_place_and_size(client, chunk, query, starts):
    found = client.get(_url(chunk, "junctions"), query).json()
    assert [junction["start"] for junction in found["junctions"]] == starts


@django_db
def test_a_junction_of_one_allele_only_counts_as_zero_in_the_other(owner, client, store):
    both = junction_data(np.ones((3, 2)))
    fewer = type(both)(both.junctions[:1], both.values[:1] * 3, both.metadata)
    chunk = make_chunk(owner, {"SPLICE_JUNCTIONS": (both, fewer)})
    publish("SPLICE_JUNCTIONS", both, fewer)
    found = client.get(_url(chunk, "junctions")).json()["junctions"]
    by_start = {(j["start"], j["end"]): j["values"][0]["alternate"] for j in found}
    assert by_start == {(104_000, 105_000): 3, (106_000, 107_500): 0, (106_000, 109_500): 0}


@django_db
def test_the_strongest_change_comes_first_and_cell_types_without_one_have_rows(client, chunk):
    found = client.get(_url(chunk, "changes")).json()
    assert found["total"] == len(found["rows"]) == 4 + 15 + 2 + 4
    assert (found["parts"], found["parts_complete"]) == (4, 4)
    assert found["model"] == {"engine": "demo", "weights_digest": "w"}
    strengths = [row["strength"] for row in found["rows"]]
    assert strengths == sorted(strengths, reverse=True)
    dnase = {row["track"]: row for row in found["rows"] if row["output_type"] == "DNASE"}
    rising = dnase["DNASE/0"]
    assert rising["biosample_name"] == "T-lymphoblast-like"
    assert rising["label"] == "DNase-seq, T-lymphoblast-like"
    assert rising["difference"] == pytest.approx(300, rel=1e-3)
    assert (rising["interval"]["start"], rising["interval"]["end"]) == (107_942, 108_443)
    for track in ("DNASE/1", "DNASE/2", "DNASE/3"):
        assert dnase[track]["log2_ratio"] == 0
    assert found["sentence"].startswith(found["rows"][0]["label"])


@django_db
def test_the_sentence_says_what_is_known_so_far(client, empty_chunk, arrays, owner, store):
    nothing = client.get(_url(empty_chunk, "changes")).json()
    assert nothing["sentence"] == "Nothing can be compared yet."
    publish("CHIP_HISTONE", *arrays["CHIP_HISTONE"])
    same = client.get(_url(empty_chunk, "changes")).json()
    assert same["sentence"] == "So far: No track changes by more than a tenth."
    publish("DNASE", *arrays["DNASE"])
    rising = client.get(_url(empty_chunk, "changes")).json()
    assert rising["sentence"].startswith("So far: DNase-seq, T-lymphoblast-like rises most, from ")
    alone = make_chunk(owner, {}, with_variant=False)
    assert "reference alone" in client.get(_url(alone, "changes")).json()["sentence"]
    refused = client.get(_url(empty_chunk, "changes"), {"limit": "-1"})
    assert refused.status_code == 400


def test_of_two_variants_each_track_shows_the_one_that_changes_it_most():
    reference = np.ones((16_384, 2))
    alternate = reference.copy()
    alternate[1_000, 0] += 50
    alternate[9_000, 1] += 50
    variants = [Variant("demoS", INTERVAL.start + at + 1, "A", "C") for at in (1_000, 9_000)]
    rows = changes_by_track(
        "DNASE",
        track_data(reference),
        track_data(alternate),
        interval=INTERVAL,
        variants=variants,
        track_ids=["DNASE/0", "DNASE/1"],
    )
    centres = [(row.interval["start"] + row.interval["end"]) // 2 for row in rows]
    assert centres == [INTERVAL.start + 1_000, INTERVAL.start + 9_000]
    assert [row.log2_ratio for row in rows] == pytest.approx([np.log2(552 / 502)] * 2)


def test_rna_is_measured_where_it_changes_even_far_from_the_variant():
    reference = np.full((16_384, 1), 0.01)
    reference[2_048:4_096] = 2.0
    alternate = reference.copy()
    alternate[2_048:2_560] *= 2.6
    (row,) = changes_by_track(
        "RNA_SEQ",
        track_data(reference, strands="-"),
        track_data(alternate, strands="-"),
        interval=INTERVAL,
        variants=[VARIANT],
        track_ids=["RNA_SEQ/0"],
    )
    assert row.log2_ratio == pytest.approx(np.log2(2.6), abs=0.01)
    assert row.interval["start"] == INTERVAL.start + 2_048
    assert row.label == "RNA-seq −, T-lymphoblast-like"


@pytest.mark.parametrize(
    ("output_type", "place", "expected"),
    [
        ("SPLICE_SITE_USAGE", (700, 0), (INTERVAL.start + 700, INTERVAL.start + 701)),
        ("CONTACT_MAPS", (5, 2, 0), (INTERVAL.start + 2 * 2_048, INTERVAL.start + 6 * 2_048)),
    ],
)
def test_probabilities_and_contacts_show_the_largest_difference_and_no_ratio(
    output_type, place, expected
):
    shape, resolution = ((16_384, 1), 1) if len(place) == 2 else ((8, 8, 1), 2_048)
    reference = np.full(shape, 0.5)
    alternate = reference.copy()
    alternate[place] = 0.1
    (row,) = changes_by_track(
        output_type,
        track_data(reference, resolution),
        track_data(alternate, resolution),
        interval=INTERVAL,
        variants=[VARIANT],
        track_ids=[f"{output_type}/0"],
    )
    assert row.log2_ratio is None
    assert row.difference == pytest.approx(-0.4)
    assert row.strength == pytest.approx(0.4)
    assert (row.interval["start"], row.interval["end"]) == expected


def test_each_tissue_and_strand_shows_the_junction_that_changes_most():
    reference = junction_data(np.array([[1.0, 0.0], [2.0, 0.5], [0.0, 0.5]]))
    alternate = junction_data(np.array([[1.0, 3.0], [0.0, 0.5], [1.9, 0.5]]))
    rows = changes_by_track(
        "SPLICE_JUNCTIONS",
        reference,
        alternate,
        interval=Interval("demoS", 0, 10),
        variants=[VARIANT],
        track_ids=[f"SPLICE_JUNCTIONS/{index}" for index in range(4)],
    )
    assert [row.strand for row in rows] == ["+", "+", "-", "-"]
    assert [row.difference for row in rows] == [0, 3, -2, 0]
    assert (rows[2].interval["start"], rows[2].interval["end"]) == (106_000, 107_500)
    assert rows[1].log2_ratio == 2


def test_values_that_are_no_numbers_still_give_a_readable_answer():
    reference = np.ones((16_384, 1))
    alternate = np.full((16_384, 1), np.nan)
    for output_type in ("DNASE", "RNA_SEQ", "SPLICE_SITES"):
        rows = changes_by_track(
            output_type,
            track_data(reference),
            track_data(alternate),
            interval=INTERVAL,
            variants=[VARIANT],
            track_ids=[f"{output_type}/0"],
        )
        json.dumps(as_json(rows), allow_nan=False)


def test_bases_that_an_insertion_pushed_out_of_the_window_are_no_change():
    interval = Interval("demo1", 0, 2_048)
    insertion = Variant("demo1", 1_024, "A", "A" + "C" * 12)
    signal = np.ones((2_048, 1), np.float32)
    aligned = signal.copy()
    aligned[-12:] = 0
    metadata = pd.DataFrame({"name": ["D"], "strand": ["+"]})
    (row,) = changes_by_track(
        "RNA_SEQ",
        TrackData(signal, metadata),
        TrackData(aligned, metadata),
        interval=interval,
        variants=[insertion],
        track_ids=["RNA_SEQ/0"],
    )
    assert row.difference == 0
