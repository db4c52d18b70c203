"""Contributions on a small untrained network, against finite differences and the scorers."""

import jax
import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import AggregationType, CenterMaskScorer

from predictor import errors
from predictor.engines.organism_data import base_codes
from predictor.genome.gene_annotation import load_annotation
from predictor.genome.reference import reverse_complement
from predictor.interpretation.contribution import Contributor
from predictor.interpretation.haplotype import Haplotype
from predictor.interpretation.target import gene_expression, scorer_value, stretch_sum
from predictor.model import functional
from predictor.model.heads import unscale
from predictor.tracks.output_types import OUTPUTS
from predictor.tracks.strand import opposite_strand_index

WINDOW = Interval("demo1", 1_000, 3_048)
STRETCH = Interval("demo1", 2_000, 2_300)


@pytest.fixture(scope="module")
def contributor(model):
    return Contributor(model)


@pytest.fixture(scope="module")
def ref(reference):
    return Haplotype.of(WINDOW, [], reference)


@pytest.fixture(scope="module")
def alt(reference):
    """An insertion and a deletion."""
    first = reference.sequence(Interval("demo1", 1_900, 1_901))
    deleted = reference.sequence(Interval("demo1", 2_500, 2_504))
    variants = [
        Variant("demo1", 1_901, first, first + "GATTACA"),
        Variant("demo1", 2_501, deleted, deleted[0]),
    ]
    return Haplotype.of(WINDOW, variants, reference)


@pytest.fixture(scope="module")
def gene(small_home):
    return load_annotation(small_home / "genomes" / "demoH1" / "genes.gtf").find("D-ONE")


def predictions(model, sequence: str, kind: OutputType) -> np.ndarray:
    found = model.predict_sequence(sequence, requested_outputs=[kind], ontology_terms=None)
    return found.get(kind).values.astype(np.float64)


def test_the_value_is_what_the_prediction_says(contributor, model, alt):
    found = contributor(alt, stretch_sum(alt, OutputType.RNA_SEQ, [0, 2], STRETCH))
    tracks = predictions(model, alt.sequence, OutputType.RNA_SEQ)
    # The insertion moves the stretch by 7 bases.
    expected = tracks[1_007:1_307, [0, 2]].sum(axis=0).mean()
    assert found.value == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("kind", "logarithm"), [(OutputType.DNASE, False), (OutputType.CHIP_HISTONE, True)]
)
def test_the_gradient_is_the_limit_of_finite_differences(contributor, model, ref, kind, logarithm):
    target = stretch_sum(ref, kind, [1], STRETCH, logarithm=logarithm)
    found = contributor(ref, target)
    stages = model.network.stages
    mean = model.catalogue.table(Organism.HOMO_SAPIENS, kind).nonzero_mean[target.tracks]
    head, resolution = OUTPUTS[kind].head, OUTPUTS[kind].resolution

    @jax.jit
    def value(weights):
        found = functional.forward(
            stages.config,
            *stages.weights,
            weights[None],
            np.zeros(1, np.int32),
            [kind],
            chosen={head: target.tracks},
        )
        scaled = found[head][f"scaled_predictions_{resolution}bp"][0]
        return target.measure(unscale(head, scaled, mean, resolution), target.arrays)

    # Rows of any weights, not only of one base: a whole substitution is no small step. Half of the
    # bases, drawn at random, move along the gradient, so that rounding does not drown the slope.
    one_hot = np.asarray(jax.nn.one_hot(base_codes(ref.sequence), 4))
    half = np.random.default_rng(3).random(one_hot.shape) < 0.5
    direction = half * found.gradient / np.abs(found.gradient).max()
    slope = (found.gradient * direction).sum()
    step = 3e-3
    up, down = (float(value(one_hot + sign * step * direction)) for sign in (1, -1))
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-3)


def test_reading_the_other_strand_gives_the_contributions_of_the_reverse_complement(
    contributor, model, ref
):
    kind, tracks = OutputType.RNA_SEQ, [0, 3]
    found = contributor(ref, stretch_sum(ref, kind, tracks, STRETCH), backwards=True)

    other = Haplotype(WINDOW, (), reverse_complement(ref.sequence), ref.positions)
    start, end = WINDOW.end - STRETCH.end, WINDOW.end - STRETCH.start
    mirrored = Interval("demo1", WINDOW.start + start, WINDOW.start + end)
    strands = model.catalogue.table(Organism.HOMO_SAPIENS, kind).strands
    exchanged = opposite_strand_index(strands)[tracks]
    expected = contributor(other, stretch_sum(other, kind, exchanged, mirrored))

    assert found.value == pytest.approx(expected.value, rel=1e-5)
    scale = np.abs(expected.gradient).max()
    np.testing.assert_allclose(
        found.gradient, expected.gradient[::-1, ::-1], atol=1e-4 * scale, rtol=0
    )
    assert not np.allclose(found.gradient, contributor(ref, found.target).gradient)


def test_the_gradient_of_a_gene_is_that_of_its_log_fold_change(contributor, ref, gene):
    scorer = variant_scorers.RECOMMENDED_VARIANT_SCORERS["RNA_SEQ"]
    expression = contributor(ref, gene_expression(ref, gene, [0]))
    change = contributor(ref, scorer_value(ref, scorer, [0], [gene], center=2_000, gene=gene))
    assert change.value == 0
    scale = np.abs(expression.gradient).max()
    np.testing.assert_allclose(change.gradient, expression.gradient, atol=1e-4 * scale, rtol=0)


def test_the_gradient_of_a_center_mask_follows_from_that_of_the_sum(contributor, alt):
    scorer = CenterMaskScorer(OutputType.DNASE, 501, AggregationType.DIFF_LOG2_SUM)
    # Without a centre, that of the first variant; what lies around it in ALT is not aligned.
    change = contributor(alt, scorer_value(alt, scorer, [1], []))
    around = Interval("demo1", 1_900 - 250, 1_900 + 251 - 7)
    assert alt.stretch(around) == slice(650, 1_151)
    total = contributor(alt, stretch_sum(alt, OutputType.DNASE, [1], around))
    expected = total.gradient / (1 + total.value) / np.log(2)
    scale = np.abs(expected).max()
    np.testing.assert_allclose(change.gradient, expected, atol=1e-4 * scale, rtol=0)


def test_input_times_gradient_effects_and_logo_agree(contributor, alt):
    found = contributor(alt, stretch_sum(alt, OutputType.DNASE, [0], STRETCH))
    for place in (1_000, 1_100):
        base = "ACGT".index(alt.sequence[place])
        row = found.gradient[place]
        others = [row[other] for other in range(4) if other != base]
        assert found.input_times_gradient[place] == row[base]
        np.testing.assert_allclose(found.effects[place], row - row[base])
        assert found.logo[place] == pytest.approx(row[base] - np.mean(others), rel=1e-4)


def test_an_unknown_base_contributes_nothing(contributor, ref):
    letters = list(ref.sequence)
    letters[1_100] = "N"
    masked = Haplotype(WINDOW, (), "".join(letters), ref.positions)
    found = contributor(masked, stretch_sum(masked, OutputType.DNASE, [0], STRETCH))
    assert found.gradient[1_100].any()
    assert found.input_times_gradient[1_100] == 0
    assert not found.effects[1_100].any()


def test_what_has_no_gradient_is_refused_in_a_sentence(ref, gene, reference):
    recommended = variant_scorers.RECOMMENDED_VARIANT_SCORERS
    with pytest.raises(errors.NotSupportedError, match="has no sign"):
        scorer_value(ref, recommended["RNA_SEQ_ACTIVE"], [0], [gene], center=2_000)
    with pytest.raises(errors.NotSupportedError, match="CONTACT_MAPS is no track"):
        stretch_sum(ref, OutputType.CONTACT_MAPS, [0], STRETCH)
    with pytest.raises(errors.NotSupportedError, match="CHIP_TF has bins of 128 bp"):
        gene_expression(ref, gene, [0], output_type=OutputType.CHIP_TF)
    with pytest.raises(errors.InvalidScoringRequestError, match="does not lie wholly inside"):
        stretch_sum(ref, OutputType.DNASE, [0], Interval("demo1", 900, 1_200))
    with pytest.raises(errors.InvalidScoringRequestError, match="value for each gene"):
        scorer_value(ref, recommended["RNA_SEQ"], [0], [gene], center=2_000)
    with pytest.raises(errors.InvalidScoringRequestError, match="centred on nothing"):
        scorer_value(ref, recommended["DNASE"], [0], [])
    elsewhere = Haplotype.of(Interval("demo1", 5_000, 7_048), [], reference)
    with pytest.raises(errors.InvalidScoringRequestError, match="No transcript of D-ONE starts"):
        gene_expression(elsewhere, gene, [0])
