"""Bad requests, and the sentence that each of them gets."""

import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models import variant_scorers
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.interval_scorers import GeneMaskScorer, IntervalAggregationType

from predictor import errors
from predictor.genome.reference import Reference
from predictor.scoring import checks

RECOMMENDED = variant_scorers.RECOMMENDED_VARIANT_SCORERS
WINDOW = Interval("demo1", 1_000, 3_048)


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(">demo1\n" + "ACGT" * 1_000 + "\n")
    return Reference(path)


def refused(error: type[errors.AllelensError], call, *arguments) -> str:
    with pytest.raises(error) as caught:
        call(*arguments)
    return caught.value.message


def test_a_scorer_that_is_there_twice_is_refused():
    twice = [RECOMMENDED["ATAC"], RECOMMENDED["RNA_SEQ"], RECOMMENDED["ATAC"]]
    message = refused(
        errors.InvalidScorerError, checks.check_variant_scorers, twice, Organism.HOMO_SAPIENS
    )
    assert message.startswith(f"{RECOMMENDED['ATAC']} is there more than once")
    scorer = GeneMaskScorer(OutputType.RNA_SEQ, 501, IntervalAggregationType.MEAN)
    message = refused(
        errors.InvalidScorerError, checks.check_interval_scorers, [scorer, scorer], WINDOW
    )
    assert "more than once among the interval scorers" in message


def test_at_most_twenty_scorers_are_taken():
    many = [
        variant_scorers.CenterMaskScorer(kind, width, variant_scorers.AggregationType.DIFF_SUM)
        for kind in (OutputType.ATAC, OutputType.DNASE, OutputType.CAGE, OutputType.PROCAP)
        for width in variant_scorers.SUPPORTED_WIDTHS[RECOMMENDED["ATAC"].base_variant_scorer]
    ]
    checks.check_variant_scorers(many[:20], Organism.HOMO_SAPIENS)
    message = refused(
        errors.InvalidScorerError, checks.check_variant_scorers, many[:21], Organism.HOMO_SAPIENS
    )
    assert message.startswith("21 variant scorers were asked for; at most 20")


def test_the_polyadenylation_scorer_is_for_human_only():
    scorers = list(RECOMMENDED.values())
    checks.check_variant_scorers(scorers, Organism.HOMO_SAPIENS)
    message = refused(
        errors.InvalidScorerError, checks.check_variant_scorers, scorers, Organism.MUS_MUSCULUS
    )
    assert message.startswith("PolyadenylationScorer() is not for mouse, only for human")


def test_something_that_is_no_scorer_is_refused():
    message = refused(
        errors.InvalidScorerError,
        checks.check_variant_scorers,
        [GeneMaskScorer(OutputType.RNA_SEQ, 501, IntervalAggregationType.MEAN)],
        Organism.HOMO_SAPIENS,
    )
    assert message.startswith("GeneMaskScorer is not a known variant scorer; choose from Center")


def test_an_interval_scorer_wider_than_the_interval_is_refused():
    scorer = GeneMaskScorer(OutputType.RNA_SEQ, 10_001, IntervalAggregationType.MEAN)
    checks.check_interval_scorers([scorer], Interval("demo1", 0, 16_384))
    message = refused(errors.InvalidScorerError, checks.check_interval_scorers, [scorer], WINDOW)
    assert "wider than the interval of 2,048 bp" in message


def test_there_must_be_as_many_intervals_as_variants_or_a_single_one():
    variants = [Variant("demo1", 1_500, "A", "C"), Variant("demo1", 1_600, "A", "C")]
    assert checks.paired(WINDOW, variants) == [(WINDOW, v) for v in variants]
    assert checks.paired([WINDOW] * 2, variants) == [(WINDOW, v) for v in variants]
    message = refused(errors.InvalidScoringRequestError, checks.paired, [WINDOW], variants)
    assert message.startswith("There are 1 intervals for 2 variants")


@pytest.mark.parametrize(
    ("stretch", "words"),
    [
        (Interval("demo1", 1_100, 1_110, "-"), "is on the strand -"),
        (Interval("demo1", 990, 1_010), "demo1:991-1,010, does not lie wholly inside"),
        (Interval("demo2", 1_100, 1_110), "does not lie wholly inside"),
    ],
)
def test_a_stretch_to_mutate_lies_inside_on_the_forward_strand(stretch, words):
    checks.check_ism_interval(WINDOW, Interval("demo1", 1_000, 3_048))
    message = refused(errors.InvalidScoringRequestError, checks.check_ism_interval, WINDOW, stretch)
    assert words in message


@pytest.mark.parametrize(
    ("interval", "variant", "error"),
    [
        (WINDOW, Variant("demo1", 3_049, "A", "C"), errors.VariantOutsideIntervalError),
        (WINDOW, Variant("demo1", 1_000, "T", "C"), errors.VariantOutsideIntervalError),
        (WINDOW, Variant("demo2", 1_500, "A", "C"), errors.VariantOutsideIntervalError),
        (Interval("chrZ", 0, 9), Variant("chrZ", 5, "A", "C"), errors.UnknownChromosomeError),
        (
            Interval("demo1", 4_000, 6_048),
            Variant("demo1", 4_100, "A", "C"),
            errors.PositionOutsideChromosomeError,
        ),
        (
            Interval("demo1", 3_000, 5_048),
            Variant("demo1", 4_001, "A", "C"),
            errors.PositionOutsideChromosomeError,
        ),
        (
            Interval("demo1", -2_048, 0),
            Variant("demo1", 1, "A", "C"),
            errors.PositionOutsideChromosomeError,
        ),
    ],
)
def test_a_variant_must_lie_in_its_interval_and_both_on_the_chromosome(
    genome, interval, variant, error
):
    assert refused(error, checks.check_variant_site, interval, variant, genome)


def test_a_right_request_has_no_warning(genome):
    assert checks.check_variant_site(WINDOW, Variant("demo1", 1_501, "A", "C"), genome) == []


def test_wrong_reference_bases_are_a_visible_warning(genome):
    (warning,) = checks.check_variant_site(WINDOW, Variant("demo1", 1_501, "G", "C"), genome)
    assert "has A at this position, not G" in warning


def test_an_interval_beyond_the_end_of_the_chromosome_is_a_visible_warning(genome):
    (warning,) = checks.check_interval_site(Interval("demo1", 3_000, 5_048), genome)
    assert warning == (
        f"demo1:3,001-5,048 reaches beyond demo1, which has 4,000 bp in {genome.assembly}; "
        "the bases outside are read as N."
    )


def test_data_that_are_not_installed_are_named():
    scorers = [RECOMMENDED["ATAC"], RECOMMENDED["POLYADENYLATION"]]
    checks.check_scoring_data(scorers[:1], genes=False)
    checks.check_scoring_data(scorers, genes=True, polyadenylation_sites=True)
    with pytest.raises(errors.ScoringDataMissingError, match="a table of polyadenylation sites"):
        checks.check_scoring_data(scorers, genes=True)
