import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from anndata import AnnData

from predictor.errors import CalibrationError
from predictor.scoring import calibration_table
from predictor.scoring.calibration_table import Calibration, summarise
from predictor.scoring.changes import MEASURES, background_name
from predictor.weights.load import SHIPPED

SCORER = variant_scorers.CenterMaskScorer(
    OutputType.DNASE, 501, variant_scorers.AggregationType.DIFF_LOG2_SUM
)
TRACKS = pd.DataFrame(
    {"name": ["a", "b"], "strand": [".", "."], "ontology_curie": ["DEMO:0000001", None]}
)


def background(seed: int = 3, rows: int = 4_000) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, [1, 5], (rows, 2)).astype(np.float32)


def calibration(**changes) -> Calibration:
    settings = {"scores": background(), "differences": background(4) / 100, "signed": True}
    return Calibration({str(SCORER): summarise(TRACKS, **(settings | changes))}, {"engine": "demo"})


def result(scores, tracks: pd.DataFrame = TRACKS) -> AnnData:
    return AnnData(
        X=np.asarray(scores, np.float32),
        var=tracks.set_axis(tracks.index.astype(str)),
        uns={"variant_scorer": SCORER},
    )


def quantiles(raw, **changes) -> np.ndarray:
    return calibration(**changes).add_quantiles(result(raw)).layers["quantiles"]


def test_the_ranks_of_the_background_itself_are_uniform():
    found = quantiles(background())
    expected = np.linspace(-1, 1, len(found))
    np.testing.assert_allclose(np.sort(found, axis=0), np.stack([expected] * 2, 1), atol=5e-3)


def test_unsigned_ranks_run_from_0_to_1_and_no_rank_is_certain():
    scores = np.abs(background())
    assert quantiles([[1e9, 1e9], [-1, -1]]).max() == np.float32(0.99999)
    assert quantiles([[-1e9, -1e9]]).min() == np.float32(-0.99999)
    found = quantiles([[0, 0], [1e9, 1e9]], scores=scores, signed=False)
    np.testing.assert_allclose(found, [[0, 0], [0.99999, 0.99999]], atol=3e-3)


def test_a_variant_that_does_nothing_like_most_of_the_background_stands_in_the_middle():
    scores = background()
    scores[400:] = 0
    np.testing.assert_allclose(quantiles([[0, 0]], scores=scores), 0, atol=0.02)


def test_missing_scores_stay_missing_and_do_not_count_in_the_background():
    scores = background()
    with_gaps = np.concatenate([scores, np.full_like(scores, np.nan)])
    np.testing.assert_array_equal(
        quantiles([[0.5, np.nan]], scores=with_gaps), quantiles([[0.5, np.nan]], scores=scores)
    )
    assert np.isnan(quantiles([[0.5, np.nan]])[0, 1])


def test_19_of_20_differences_between_shifted_windows_lie_below_the_noise_floor():
    differences = background(4) / 100
    floors = calibration(differences=differences).noise_floors()
    share = (np.abs(differences) < floors["noise_floor"].to_numpy()).mean(axis=0)
    np.testing.assert_allclose(share, 0.95, atol=1e-3)
    assert floors["scorer"].tolist() == [str(SCORER)] * 2


def test_another_scorer_has_no_quantiles():
    other = result([[1, 1]])
    other.uns["variant_scorer"] = variant_scorers.GeneMaskLFCScorer(OutputType.RNA_SEQ)
    assert "quantiles" not in calibration().add_quantiles(other).layers


def test_the_file_gives_back_what_was_saved(tmp_path):
    saved = calibration()
    path = tmp_path / "folder" / "calibration.parquet"
    calibration_table.save(path, saved)
    loaded = calibration_table.load(path)
    scores = background(9)
    np.testing.assert_array_equal(
        loaded.add_quantiles(result(scores)).layers["quantiles"],
        saved.add_quantiles(result(scores)).layers["quantiles"],
    )
    assert loaded.about == saved.about
    pd.testing.assert_frame_equal(loaded.noise_floors(), saved.noise_floors())
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_an_organism_may_lack_the_tracks_of_a_scorer(tmp_path):
    nothing = np.zeros((5, 0), np.float32)
    table = summarise(TRACKS[:0], nothing, nothing, signed=True)
    path = tmp_path / "calibration.parquet"
    calibration_table.save(path, Calibration({str(SCORER): table, "other": table}, {}))
    empty = result(nothing, TRACKS[:0])
    assert calibration_table.load(path).add_quantiles(empty).shape == (5, 0)


def test_a_result_of_other_tracks_is_refused_with_what_was_found():
    other = TRACKS.assign(name=["a", "c"])
    with pytest.raises(CalibrationError, match=r"2 tracks: a \(\.\), c \(\.\).*calibrate"):
        calibration().add_quantiles(result([[0, 0]], other))


def test_the_shipped_background_is_that_of_the_shipped_weights():
    folder = SHIPPED / "demo"
    digest = json.loads((folder / "card.json").read_text())["digest"]
    found = calibration_table.installed_calibrations(folder, digest)[Organism.HOMO_SAPIENS]
    recommended = variant_scorers.get_recommended_scorers(Organism.HOMO_SAPIENS.value)
    measures = {background_name(kind.name, measure) for kind, measure in MEASURES.items()}
    assert {str(scorer) for scorer in recommended} | measures == set(found.scorers)
    assert found.about["indels"] > 0
    floors = found.noise_floors()["noise_floor"]
    assert (floors > 0).all()


def test_a_table_that_has_the_ranks_at_each_scorer_is_read_as_before(tmp_path):
    path = tmp_path / "calibration.parquet"
    calibration_table.save(path, calibration())
    table = pq.read_table(path)
    stored = json.loads(table.schema.metadata[b"allelens"])
    (ranks,) = stored.pop("distinct_probabilities")
    stored["probabilities"] = {str(SCORER): ranks}
    older = tmp_path / "older.parquet"
    pq.write_table(table.replace_schema_metadata({b"allelens": json.dumps(stored)}), older)
    scores = background(9)
    np.testing.assert_array_equal(
        calibration_table.load(older).add_quantiles(result(scores)).layers["quantiles"],
        calibration_table.load(path).add_quantiles(result(scores)).layers["quantiles"],
    )


def test_another_file_is_refused_in_a_sentence(tmp_path):
    path = tmp_path / "calibration.parquet"
    path.write_text("not parquet")
    with pytest.raises(CalibrationError, match="is not a table of background"):
        calibration_table.load(path)
    TRACKS.to_parquet(path)
    with pytest.raises(CalibrationError, match="is not a table of background"):
        calibration_table.load(path)


def test_the_noise_floor_is_the_larger_of_that_of_shifted_windows_and_of_repeats():
    rng = np.random.default_rng(4)
    shape = (200, len(TRACKS))
    scores, shifted, repeats = rng.normal(size=shape), rng.normal(size=shape), np.zeros(shape)
    alone = summarise(TRACKS, scores, shifted, signed=True).noise_floor
    exact = summarise(TRACKS, scores, shifted, signed=True, repeats=repeats).noise_floor
    # Repeats that are exactly the same do not make the floor of shifted windows lower.
    np.testing.assert_array_equal(exact, alone)
    np.testing.assert_allclose(alone, np.quantile(np.abs(shifted), 0.95, axis=0), rtol=1e-6)
    noisy = summarise(TRACKS, scores, shifted, signed=True, repeats=3 * shifted).noise_floor
    np.testing.assert_allclose(noisy, 3 * alone, rtol=1e-6)
    unshifted = summarise(TRACKS, scores, shifted[:0], signed=True, repeats=repeats).noise_floor
    np.testing.assert_array_equal(unshifted, 0)
