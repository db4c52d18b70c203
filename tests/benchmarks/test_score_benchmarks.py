import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism

from benchmarks import full_scores
from benchmarks.whole_passes import naive
from predictor.engines.registry import open_engine
from predictor.model.config import ModelConfig
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS, recommended_variant_scorers

WINDOW = 16_384

pytestmark = pytest.mark.slow


@pytest.fixture
def home(installed, monkeypatch):
    monkeypatch.setenv("ALLELENS_HOME", str(installed))


def test_the_naive_way_that_we_compare_with_gives_the_same_scores(home):
    model = open_engine("demo")
    interval = Interval("demo1", 100_000, 100_000 + WINDOW)
    genome = model.organism_data(Organism.HOMO_SAPIENS).reference
    base = genome.sequence(Interval("demo1", 108_000, 108_001))
    variant = Variant("demo1", 108_001, base, "A" if base != "A" else "C")
    scorers = recommended_variant_scorers(Organism.HOMO_SAPIENS)
    ours = model.score_variant(interval, variant, scorers)
    slow = naive(model).score_variant(interval, variant, scorers)
    for found, expected in zip(ours, slow, strict=True):
        np.testing.assert_allclose(found.X, expected.X, rtol=1e-3, atol=1e-4)


def test_every_row_of_the_full_size_benchmark_is_measured(home):
    model = full_scores.model_of(ModelConfig.demo())
    scorers = [RECOMMENDED_VARIANT_SCORERS["DNASE"]]
    rows = full_scores.measure(model, WINDOW, scorers)
    assert len({row.name for row in rows}) == len(rows) == 9
    assert all(row.value > 0 for row in rows)
