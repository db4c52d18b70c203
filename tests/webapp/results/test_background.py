"""Changes beside their background: ranks, and what is no more than noise."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from alphagenome.models.dna_model import Organism

from predictor.scoring import calibration_table
from predictor.scoring.calibration import quantile_scores
from predictor.scoring.calibration_table import Calibration, summarise
from predictor.scoring.changes import background_name

django_db = pytest.mark.django_db

ABOUT = {"weights": "w", "label": "invented", "variants": 400, "indels": 48, "window": 16_384}
FLOOR = 0.05
MEASURES = {
    "DNASE": "sum_501bp_at_variant",
    "CHIP_HISTONE": "sum_2001bp_at_variant",
    "CONTACT_MAPS": "contact_changed_most",
    "SPLICE_JUNCTIONS": "junction_changed_most",
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a background beside the weights of the engine."""
    monkeypatch.setattr("webapp.results.background.weights_folder", lambda engine: tmp_path)
    path = tmp_path / calibration_table.FILE_NAMES[Organism.HOMO_SAPIENS]

    def install(scorers, **about):
        found = Calibration(scorers, ABOUT | about)
        calibration_table.save(path, found)
        return found

    return install


@pytest.fixture
def tables(arrays):
    """The tables of all measures of the stored prediction."""
    rng = np.random.default_rng(2)

    def table(output_type):
        tracks = arrays[output_type][0].metadata
        if output_type == "SPLICE_JUNCTIONS":
            tracks = pd.concat([tracks.assign(strand=strand) for strand in "+-"])
        scores = rng.normal(0, 0.3, (400, len(tracks))).astype(np.float32)
        differences = np.full((9, len(tracks)), FLOOR, np.float32)
        return summarise(tracks, scores, differences, signed=True)

    return {background_name(kind, measure): table(kind) for kind, measure in MEASURES.items()}


@pytest.fixture
def background(install, tables):
    return install(tables)


def rows_of(client, chunk, output_type):
    answer = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()
    return answer, [row for row in answer["rows"] if row["output_type"] == output_type]


def substituted(chunk):
    """The chunk as of a substitution, whose ranks every background knows."""
    chunk.variants = [chunk.variants[0] | {"alternate_bases": "A"}]
    chunk.save()
    return chunk


def with_floor(table, floor):
    return dataclasses.replace(table, noise_floor=np.full_like(table.noise_floor, floor))


def ranked(rows):
    return {row["background"]["quantile"] is not None for row in rows}


@django_db
@pytest.mark.parametrize("output_type", list(MEASURES))
def test_a_change_stands_beside_its_rank_among_common_variants(
    client, chunk, background, output_type
):
    answer, rows = rows_of(client, substituted(chunk), output_type)
    assert answer["background"] == {
        "label": "invented",
        "variants": 400,
        "indels": 48,
        "window": 16_384,
    }
    name = background_name(output_type, MEASURES[output_type])
    table = background.scorers[name]
    assert len(rows) == len(table.tracks)
    for row in rows:
        column = int(row["track"].split("/")[1])
        found = row["background"]
        assert found["scorer"] == name
        assert found["noise_floor"] == pytest.approx(FLOOR)
        number = row["difference"] if row["log2_ratio"] is None else row["log2_ratio"]
        expected = quantile_scores(
            np.array([[number]], np.float32),
            table.breakpoints[[column]],
            table.probabilities,
            ties="mean",
        )
        assert found["quantile"] == pytest.approx(float(expected[0, 0]))


@django_db
def test_changes_below_the_noise_floor_are_no_calls(client, chunk, background):
    answer, dnase = rows_of(client, chunk, "DNASE")
    assert {row["track"]: row["background"]["is_called"] for row in dnase} == {
        "DNASE/0": True,
        "DNASE/1": False,
        "DNASE/2": False,
        "DNASE/3": False,
    }
    for row in answer["rows"]:
        assert row["background"]["is_called"] == (row["strength"] >= np.float32(FLOOR))


@django_db
def test_the_sentence_is_about_the_strongest_change_that_is_no_noise(
    client, chunk, install, tables
):
    strongest, *_ = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()["rows"]
    assert strongest["output_type"] == "CONTACT_MAPS"
    noisy = "CONTACT_MAPS contact_changed_most"
    install(tables | {noisy: with_floor(tables[noisy], 9)})
    answer = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()
    first = next(row for row in answer["rows"] if row["background"]["is_called"])
    assert first["output_type"] != "CONTACT_MAPS"
    assert answer["sentence"].startswith(f"{first['label']} ")
    install({name: with_floor(each, 9) for name, each in tables.items()})
    answer = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()
    assert answer["sentence"] == (
        "No track changes by more than a tenth, but for what may be noise."
    )


@django_db
def test_a_table_of_scorers_alone_still_loads_and_rows_have_no_background(
    client, chunk, install, tables
):
    install({"CenterMaskScorer": tables["DNASE sum_501bp_at_variant"]})
    answer = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()
    assert answer["rows"]
    assert all(row["background"] is None for row in answer["rows"])


@django_db
def test_a_background_of_other_weights_is_not_used(client, chunk, install, tables):
    install(tables, weights="other")
    answer, rows = rows_of(client, chunk, "DNASE")
    assert answer["background"] is None
    assert all(row["background"] is None for row in rows)


@django_db
def test_an_engine_without_a_background_has_none(client, chunk, tmp_path, monkeypatch):
    monkeypatch.setattr("webapp.results.background.weights_folder", lambda engine: tmp_path)
    answer, rows = rows_of(client, chunk, "DNASE")
    assert answer["background"] is None
    assert all(row["background"] is None for row in rows)


@django_db
@pytest.mark.parametrize("indels", [0, 48, None])
@pytest.mark.parametrize("alternate", ["A", "ACC"])
def test_insertions_are_ranked_where_the_background_has_some(
    client, chunk, install, tables, alternate, indels
):
    install(tables, indels=indels)
    chunk.variants = [chunk.variants[0] | {"reference_bases": "C", "alternate_bases": alternate}]
    chunk.save()
    for output_type in MEASURES:
        _, rows = rows_of(client, chunk, output_type)
        assert ranked(rows) == {len(alternate) == 1 or bool(indels)}


@django_db
def test_several_variants_on_one_haplotype_have_a_floor_and_no_rank(client, chunk, background):
    one = substituted(chunk).variants[0]
    chunk.variants = [one, one | {"position": one["position"] + 40}]
    chunk.save()
    answer, _ = rows_of(client, chunk, "DNASE")
    assert ranked(answer["rows"]) == {False}
    assert all(row["background"]["noise_floor"] > 0 for row in answer["rows"])


@django_db
def test_the_largest_of_a_window_is_ranked_in_windows_of_the_same_length_only(
    client, chunk, install, tables
):
    install(tables, window=32_768)
    substituted(chunk)
    for output_type, measure in MEASURES.items():
        _, rows = rows_of(client, chunk, output_type)
        assert ranked(rows) == {measure.endswith("at_variant")}
        assert all(row["background"]["noise_floor"] > 0 for row in rows)


@django_db
def test_a_track_that_the_background_knows_as_another_has_none(client, chunk, install, tables):
    other = {
        name: dataclasses.replace(each, tracks=each.tracks.assign(ontology_curie="DEMO:9"))
        for name, each in tables.items()
    }
    install(other)
    answer, _ = rows_of(client, chunk, "DNASE")
    assert all(row["background"] is None for row in answer["rows"])


def test_columns_of_the_background_are_those_of_a_result():
    tracks = pd.DataFrame({"name": ["a"], "strand": ["."]})
    table = summarise(tracks, np.zeros((3, 1)), np.zeros((3, 1)), signed=True)
    assert table.tracks.columns.tolist() == ["name", "strand", "ontology_curie"]
