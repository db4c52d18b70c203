"""The demo engine as it ships: every recommended scorer finds its tracks, genes and sites."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.engines.registry import open_engine
from predictor.scoring.scorers import recommended_variant_scorers

HUMAN, MOUSE = Organism.HOMO_SAPIENS, Organism.MUS_MUSCULUS
WINDOW = 4_096
# Of the show-case: D-PAS1 gains a polyadenylation signal; it has two sites already.
GAIN = Variant("demoS", 147_127, "C", "A")


@pytest.fixture(scope="module")
def demo(installed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALLELENS_HOME", str(installed))
        return open_engine("demo")


@pytest.fixture(scope="module")
def scored(demo):
    return demo.score_variant(GAIN.reference_interval.resize(WINDOW), GAIN)


def test_all_nineteen_scorers_of_human_give_scores(scored):
    assert [r.uns["variant_scorer"] for r in scored] == [*recommended_variant_scorers(HUMAN)]
    assert len(scored) == 19
    for result in scored:
        scorer = result.uns["variant_scorer"]
        assert result.n_obs, scorer
        assert result.n_vars, scorer
        assert np.isfinite(result.X).any(), scorer
        assert not any(result.var["name"].str.lower().eq("padding"))


def test_genes_and_their_polyadenylation_sites_are_those_of_the_demo_assembly(scored):
    (found,) = [r for r in scored if "Polyadenylation" in str(r.uns["variant_scorer"])]
    assert found.obs["gene_name"].tolist() == ["D-PAS1"]
    assert found.obs["num_pas"].tolist() == [2]


def test_all_eighteen_scorers_of_mouse_give_results(demo):
    data = demo.organism_data(MOUSE)
    gene = next(iter(data.annotation))
    base = data.reference.sequence(Interval("demoM", gene.start, gene.start + 1))
    variant = Variant("demoM", gene.start + 1, base, "ACGT".replace(base, "")[0])
    found = demo.score_variant(variant.reference_interval.resize(WINDOW), variant, organism=MOUSE)
    assert [r.uns["variant_scorer"] for r in found] == [*recommended_variant_scorers(MOUSE)]
    assert len(found) == 18
    for result in found:
        kind = result.uns["variant_scorer"].requested_output
        # As in the release, the mouse has no PRO-cap tracks.
        assert (result.n_vars == 0) == (kind is OutputType.PROCAP)
