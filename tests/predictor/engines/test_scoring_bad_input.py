"""Every row of spec/scoring.md 1.9, and what the SDK leaves unchecked: found and expected."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_output import OutputType

from predictor import errors
from tests.predictor.engines.test_scoring_model import MOUSE, RECOMMENDED, WINDOW, snv

ATAC = RECOMMENDED["ATAC"]
INSIDE = Variant("demo1", 2_000, "A", "C")
STRETCH = Interval("demo1", 1_550, 1_552)
MANY = [
    variant_scorers.CenterMaskScorer(OutputType.ATAC, width, aggregation)
    for width in (501, 2_001, 10_001)
    for aggregation in variant_scorers.AggregationType
][:21]
WIDE = interval_scorers.GeneMaskScorer(
    requested_output=OutputType.RNA_SEQ,
    width=10_001,
    aggregation_type=interval_scorers.IntervalAggregationType.MEAN,
)
SUM = interval_scorers.GeneMaskScorer(
    requested_output=OutputType.RNA_SEQ,
    width=501,
    aggregation_type=interval_scorers.IntervalAggregationType.SUM,
)

CASES = {
    "wrong width": (
        lambda m: m.score_variant(Interval("demo1", 0, 3_000), INSIDE),
        "cannot predict 3,000 bp; its windows have 2,048 or 4,096 bp, the nearest is 2,048",
    ),
    "wrong width of an interval": (
        lambda m: m.score_interval(Interval("demo1", 0, 100), [SUM]),
        "scorers must not be, choose a longer interval",
    ),
    "scorer twice": (
        lambda m: m.score_variant(WINDOW, INSIDE, [ATAC, ATAC]),
        "is there more than once among the variant scorers",
    ),
    "interval scorer twice": (
        lambda m: m.score_interval(WINDOW, [SUM, SUM]),
        "is there more than once among the interval scorers",
    ),
    "too many scorers": (
        lambda m: m.score_variant(WINDOW, INSIDE, MANY),
        "21 variant scorers were asked for; at most 20",
    ),
    "not for the organism": (
        lambda m: m.score_variant(
            Interval("demoM", 0, 2_048), INSIDE, [RECOMMENDED["POLYADENYLATION"]], organism=MOUSE
        ),
        "is not for mouse, only for human",
    ),
    "no scorer at all": (
        lambda m: m.score_variant(WINDOW, INSIDE, [SUM]),
        "GeneMaskScorer is not a known variant scorer; choose from CenterMaskScorer",
    ),
    "wider than the interval": (
        lambda m: m.score_interval(WINDOW, [WIDE]),
        "is wider than the interval of 2,048 bp",
    ),
    "numbers differ": (
        lambda m: m.score_variants([WINDOW, WINDOW], [INSIDE], [ATAC]),
        "There are 2 intervals for 1 variants",
    ),
    "ISM on the other strand": (
        lambda m: m.score_ism_variants(WINDOW, Interval("demo1", 1_550, 1_552, "-"), [ATAC]),
        "is on the strand -; give it on + or without a strand",
    ),
    "unknown chromosome": (
        lambda m: m.score_variant(Interval("chr99", 0, 2_048), INSIDE),
        'has no chromosome "chr99"; it has demo1, demo2',
    ),
    "variant on another chromosome": (
        lambda m: m.score_variant(WINDOW, Variant("demo2", 2_000, "A", "C")),
        "does not start inside the predicted interval demo1:1,001-3,048",
    ),
    "variant outside the interval": (
        lambda m: m.score_variant(WINDOW, Variant("demo1", 3_049, "A", "C")),
        "does not start inside the predicted interval demo1:1,001-3,048",
    ),
    "variant at the right end of the chromosome": (
        lambda m: m.score_variant(
            Interval("demo1", 7_000, 9_048), Variant("demo1", 9_001, "A", "C")
        ),
        "reaches beyond demo1, which has 9,000 bp",
    ),
    "interval beyond the chromosome": (
        lambda m: m.score_interval(Interval("demo1", 9_000, 11_048), [SUM]),
        "lies outside demo1, which has 9,000 bp",
    ),
    "insertion longer than the window": (
        lambda m: m.score_variant(WINDOW, Variant("demo1", 2_000, "A", "C" * 2_049)),
        "2,049 alternate bases, more than the window of 2,048 bp can hold",
    ),
    "ISM: scorer twice": (
        lambda m: m.score_ism_variants(WINDOW, STRETCH, [ATAC, ATAC]),
        "is there more than once",
    ),
    "ISM: too many scorers": (
        lambda m: m.score_ism_variants(WINDOW, STRETCH, MANY),
        "21 variant scorers were asked for; at most 20",
    ),
    "ISM: not wholly inside": (
        lambda m: m.score_ism_variants(WINDOW, Interval("demo1", 900, 1_100), [ATAC]),
        "does not lie wholly inside the predicted interval demo1:1,001-3,048",
    ),
    "missing genes": (
        lambda m: m.score_interval(Interval("demoM", 0, 2_048), [SUM], organism=MOUSE),
        "needs a gene annotation, and none is installed",
    ),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("name", CASES)
def test_bad_input_is_refused_with_what_was_found_and_expected(model, name):
    call, sentence = CASES[name]
    with pytest.raises(errors.AllelensError) as caught:
        call(model)
    assert sentence in caught.value.message
    assert caught.value.message.endswith(".") or caught.value.message.endswith("?")


def test_ref_bases_that_disagree_are_a_warning_and_written_over_the_genome(model, reference):
    right = snv(reference, 2_000)
    other = next(
        base for base in "ACGT" if base not in right.reference_bases + right.alternate_bases
    )
    wrong = Variant("demo1", 2_000, other, right.alternate_bases)
    with pytest.warns(
        UserWarning, match=f"demoH1 has {right.reference_bases} at this position, not"
    ):
        (found,) = model.score_variant(WINDOW, wrong, [ATAC])
    (plain,) = model.score_variant(WINDOW, right, [ATAC])
    assert not np.array_equal(found.X, plain.X)


def test_an_interval_over_the_end_of_the_chromosome_is_a_warning(model, reference):
    edge = Interval("demo1", 8_000, 10_048)
    with pytest.warns(UserWarning, match="reaches beyond demo1, which has 9,000 bp"):
        (found,) = model.score_variant(edge, snv(reference, 8_500), [ATAC])
    assert np.isfinite(found.X).all()
