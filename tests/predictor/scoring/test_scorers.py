"""The table of scorers, and scorers by name."""

import itertools
import typing

import pytest
from alphagenome.data.genome import Interval
from alphagenome.models import interval_scorers, variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.scoring.naming import parse_interval_scorer, parse_variant_scorer
from predictor.scoring.scorers import (
    INTERVAL_SCORERS,
    RECOMMENDED_VARIANT_SCORERS,
    VARIANT_SCORERS,
    recommended_interval_scorers,
    recommended_variant_scorers,
)


def every_variant_scorer():
    library = variant_scorers
    base = library.BaseVariantScorer
    outputs = library.SUPPORTED_OUTPUT_TYPES
    for kind, width, aggregation in itertools.product(
        outputs[base.CENTER_MASK],
        library.SUPPORTED_WIDTHS[base.CENTER_MASK],
        library.AggregationType,
    ):
        yield library.CenterMaskScorer(kind, width, aggregation)
    yield from (library.GeneMaskLFCScorer(kind) for kind in outputs[base.GENE_MASK_LFC])
    yield from (library.GeneMaskActiveScorer(kind) for kind in outputs[base.GENE_MASK_ACTIVE])
    for kind, width in itertools.product(
        outputs[base.GENE_MASK_SPLICING], library.SUPPORTED_WIDTHS[base.GENE_MASK_SPLICING]
    ):
        yield library.GeneMaskSplicingScorer(kind, width)
    yield library.ContactMapScorer()
    yield library.SpliceJunctionScorer()
    yield library.PolyadenylationScorer()


def test_every_scorer_of_the_sdk_has_its_line():
    assert set(typing.get_args(variant_scorers.VariantScorerTypes)) == set(VARIANT_SCORERS)
    assert {interval_scorers.GeneMaskScorer} == set(INTERVAL_SCORERS)


def test_nineteen_scorers_are_recommended_for_human_and_eighteen_for_mouse():
    human = recommended_variant_scorers(Organism.HOMO_SAPIENS)
    mouse = recommended_variant_scorers(Organism.MUS_MUSCULUS)
    assert human == tuple(RECOMMENDED_VARIANT_SCORERS.values())
    assert (len(human), len(mouse)) == (19, 18)
    assert set(human) - set(mouse) == {variant_scorers.PolyadenylationScorer()}


def test_scorers_without_their_data_are_not_recommended():
    bare = recommended_variant_scorers(
        Organism.HOMO_SAPIENS, genes=False, polyadenylation_sites=False
    )
    assert {type(scorer).__name__ for scorer in bare} == {"CenterMaskScorer", "ContactMapScorer"}
    without = recommended_variant_scorers(Organism.HOMO_SAPIENS, polyadenylation_sites=False)
    assert len(without) == 18


@pytest.mark.parametrize(
    ("length", "width"),
    [(2**20, 200_001), (2**19, 200_001), (131_072, 100_001), (16_384, 10_001), (400, None)],
)
def test_the_recommended_interval_scorer_is_the_widest_that_fits(length, width):
    (scorer,) = recommended_interval_scorers(Interval("demo1", 0, length))
    assert scorer.width == width
    assert scorer.requested_output == OutputType.RNA_SEQ


def test_the_text_of_every_scorer_is_read_back():
    for scorer in every_variant_scorer():
        assert parse_variant_scorer(str(scorer)) == scorer
    for width in (None, 501, 200_001):
        scorer = interval_scorers.GeneMaskScorer(
            OutputType.ATAC, width, interval_scorers.IntervalAggregationType.SUM
        )
        assert parse_interval_scorer(str(scorer)) == scorer


def test_a_recommended_scorer_has_a_short_name():
    for name, scorer in RECOMMENDED_VARIANT_SCORERS.items():
        assert parse_variant_scorer(f" {name.lower()} ") == scorer
    assert parse_variant_scorer("CenterMaskScorer(ATAC, 501, DIFF_SUM)").width == 501


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("RNA", '"RNA" is not a scorer; choose from ATAC, CONTACT_MAPS'),
        ("GeneMaskScorer(RNA_SEQ, 501, MEAN)", "is not a scorer"),
        ("CenterMaskScorer(ATAC, 500, DIFF_SUM)", "no width 500; choose from None, 501, 2001"),
        ("CenterMaskScorer(CONTACT_MAPS, 501, DIFF_SUM)", "no requested_output CONTACT_MAPS"),
        ("CenterMaskScorer(ATAC, 501, MEAN)", "no aggregation_type MEAN; choose from DIFF_MEAN"),
        ("CenterMaskScorer(ATAC)", "needs requested_output, width, aggregation_type"),
        ("ContactMapScorer(1)", "gives setting 1; ContactMapScorer needs no settings"),
        ("GeneMaskLFCScorer(PROCAP", "is not a scorer"),
    ],
)
def test_a_name_that_cannot_be_read_says_what_could(text, sentence):
    with pytest.raises(errors.InvalidScorerError) as caught:
        parse_variant_scorer(text)
    assert sentence in caught.value.message
