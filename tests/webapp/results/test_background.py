"""Changes beside their background: ranks, and what is no more than noise."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.models.dna_model import Organism
from alphagenome.models.variant_scorers import RECOMMENDED_VARIANT_SCORERS

from predictor.scoring import calibration_table
from predictor.scoring.calibration import quantile_scores
from predictor.scoring.calibration_table import Calibration, summarise

django_db = pytest.mark.django_db

ABOUT = {"weights": "w", "label": "invented", "variants": 400, "window": 16_384}
FLOOR = 0.05


@pytest.fixture
def background(arrays, tmp_path, monkeypatch):
    """Backgrounds of DNASE and of histone marks, beside the weights of the engine."""
    rng = np.random.default_rng(2)

    def table(output_type, scale):
        tracks = arrays[output_type][0].metadata
        scores = rng.normal(0, scale, (400, len(tracks))).astype(np.float32)
        differences = np.full((9, len(tracks)), FLOOR, np.float32)
        return summarise(tracks, scores, differences, signed=True)

    scorers = {
        str(RECOMMENDED_VARIANT_SCORERS[output_type]): table(output_type, 0.3)
        for output_type in ("DNASE", "CHIP_HISTONE")
    }
    found = Calibration(scorers, ABOUT)
    calibration_table.save(tmp_path / calibration_table.FILE_NAMES[Organism.HOMO_SAPIENS], found)
    monkeypatch.setattr("webapp.results.background.weights_folder", lambda engine: tmp_path)
    return found


def rows_of(client, chunk, output_type):
    answer = client.get(f"/api/chunks/{chunk.uuid}/changes/").json()
    return answer, [row for row in answer["rows"] if row["output_type"] == output_type]


@django_db
def test_a_change_stands_beside_its_rank_among_common_variants(client, chunk, background):
    chunk.variants = [chunk.variants[0] | {"alternate_bases": "A"}]
    chunk.save()
    answer, rows = rows_of(client, chunk, "DNASE")
    assert answer["background"] == {"label": "invented", "variants": 400, "window": 16_384}
    table = background.scorers[str(RECOMMENDED_VARIANT_SCORERS["DNASE"])]
    for row in rows:
        column = int(row["track"].split("/")[1])
        found = row["background"]
        assert found["noise_floor"] == pytest.approx(FLOOR)
        expected = quantile_scores(
            np.array([[row["log2_ratio"]]], np.float32),
            table.breakpoints[[column]],
            table.probabilities,
            ties="mean",
        )
        assert found["quantile"] == pytest.approx(float(expected[0, 0]))


@django_db
def test_changes_below_the_noise_floor_are_no_calls(client, chunk, background):
    _, dnase = rows_of(client, chunk, "DNASE")
    assert {row["track"]: row["background"]["is_called"] for row in dnase} == {
        "DNASE/0": True,
        "DNASE/1": False,
        "DNASE/2": False,
        "DNASE/3": False,
    }


@django_db
def test_what_no_recommended_scorer_measures_has_no_background(client, chunk, background):
    for output_type in ("CONTACT_MAPS", "SPLICE_JUNCTIONS"):
        _, rows = rows_of(client, chunk, output_type)
        assert rows
        assert all(row["background"] is None for row in rows)


@django_db
def test_a_background_of_other_weights_is_not_used(client, chunk, background, tmp_path):
    path = tmp_path / calibration_table.FILE_NAMES[Organism.HOMO_SAPIENS]
    calibration_table.save(path, Calibration(background.scorers, ABOUT | {"weights": "other"}))
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
@pytest.mark.parametrize("alternate", ["A", "ACC"])
def test_only_substitutions_are_ranked(client, chunk, background, alternate):
    chunk.variants = [chunk.variants[0] | {"reference_bases": "C", "alternate_bases": alternate}]
    chunk.save()
    _, rows = rows_of(client, chunk, "DNASE")
    ranked = [row["background"]["quantile"] is not None for row in rows]
    assert ranked == [len(alternate) == 1] * 4


@django_db
def test_several_variants_on_one_haplotype_are_not_ranked(client, chunk, background):
    one = chunk.variants[0] | {"alternate_bases": "A"}
    chunk.variants = [one, one | {"position": one["position"] + 40}]
    chunk.save()
    _, rows = rows_of(client, chunk, "DNASE")
    assert [row["background"]["quantile"] for row in rows] == [None] * 4
    assert all(row["background"]["noise_floor"] > 0 for row in rows)


def test_columns_of_the_background_are_those_of_a_result():
    tracks = pd.DataFrame({"name": ["a"], "strand": ["."]})
    table = summarise(tracks, np.zeros((3, 1)), np.zeros((3, 1)), signed=True)
    assert table.tracks.columns.tolist() == ["name", "strand", "ontology_curie"]
