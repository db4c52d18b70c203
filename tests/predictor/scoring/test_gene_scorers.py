"""Gene scorers on tracks whose answer can be worked out by hand."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType
from alphagenome.models.interval_scorers import GeneMaskScorer, IntervalAggregationType
from alphagenome.models.variant_scorers import (
    GeneMaskActiveScorer,
    GeneMaskLFCScorer,
    GeneMaskSplicingScorer,
)

from predictor import errors
from predictor.genome.gene_annotation import Annotation
from predictor.scoring.genes import MOST_GENES, genes_overlapping, genes_starting_inside
from predictor.scoring.interval_scores import score_interval
from predictor.scoring.site import interval_site, variant_site
from predictor.scoring.variant_scores import score_variant
from tests.predictor.scoring.conftest import GENES, INTERVAL, SNV, WIDTH, gene, table

RNA, SITES = OutputType.RNA_SEQ, OutputType.SPLICE_SITES


def flat(value: float) -> np.ndarray:
    """Two tracks, + and -, and padding, with one value everywhere."""
    return np.full((WIDTH, 3), value, np.float32)


def names(genes) -> list[str]:
    return [one.name for one in genes]


def test_doubling_the_signal_in_the_exons_is_ln_2_whatever_the_introns_do():
    ref, alt = flat(5.0), flat(5.0)
    for start, end in ((300, 500), (1_900, 2_200), (2_800, 3_000)):
        alt[start:end] = 10.0
    alt[600:1_800] = 99.0
    site = variant_site(INTERVAL, SNV, Annotation(GENES[:1]))
    scorers = [GeneMaskLFCScorer(RNA), GeneMaskActiveScorer(RNA)]
    change, active = score_variant(scorers, site, {RNA: ref}, {RNA: alt}, {RNA: table("+-")})
    np.testing.assert_allclose(change.X, [[np.log(10.001 / 5.001), np.nan]], rtol=1e-6)
    np.testing.assert_allclose(active.X, [[10, np.nan]])


@pytest.mark.parametrize(
    ("start", "end", "strand", "scored"),
    [
        (10_000, 12_000, "+", True),
        (9_999, 12_000, "+", False),
        (14_095, 16_000, "+", True),
        (14_096, 16_000, "+", False),
        (9_000, 10_000, "-", True),
        (9_000, 9_999, "-", False),
        (12_000, 14_096, "-", False),
        (12_000, 14_095, "-", True),
    ],
)
def test_a_gene_counts_where_it_starts(start, end, strand, scored):
    annotation = Annotation([gene("D-EDGE", start, end, strand, [(start, end)])])
    site = interval_site(INTERVAL, annotation)
    assert names(genes_starting_inside(site.genes, INTERVAL)) == ["D-EDGE"] * scored


def test_a_gene_that_starts_inside_but_has_no_exon_there_is_nan():
    annotation = Annotation([gene("D-OUT", 9_000, 10_000, "-", [(9_000, 10_000)])])
    site = variant_site(INTERVAL, SNV, annotation)
    (result,) = score_variant(
        [GeneMaskLFCScorer(RNA)], site, {RNA: flat(1)}, {RNA: flat(2)}, {RNA: table("+-")}
    )
    assert result.obs["gene_name"].tolist() == ["D-OUT"]
    assert np.isnan(result.X).all()


def test_genes_are_listed_in_the_order_of_the_annotation():
    shuffled = [GENES[1], GENES[2], GENES[0]]
    site = variant_site(INTERVAL, SNV, Annotation(shuffled))
    assert names(genes_starting_inside(site.genes, INTERVAL)) == ["D-TWO", "D-ONE"]


@pytest.mark.parametrize(
    ("variant", "overlaps"),
    [
        (Variant("demo1", 10_300, "A", "G"), False),
        (Variant("demo1", 10_301, "A", "G"), True),
        (Variant("demo1", 13_000, "A", "G"), True),
        (Variant("demo1", 13_001, "A", "G"), False),
        (Variant("demo1", 10_300, "AC", "A"), True),
        (Variant("demo1", 10_300, "A", "AC"), True),
        (Variant("demo2", 12_000, "A", "G"), False),
    ],
    ids=str,
)
def test_a_gene_overlaps_the_longer_allele(variant, overlaps):
    assert bool(genes_overlapping(GENES[:1], variant)) == overlaps


def test_splicing_takes_the_largest_change_within_the_gene_only():
    ref, alt = flat(0.5), flat(0.5)
    alt[250] = 1.0
    alt[700, 0], alt[701, 0] = 0.2, 0.6
    site = variant_site(INTERVAL, Variant("demo1", 10_350, "A", "G"), Annotation(GENES))
    results = score_variant(
        [GeneMaskSplicingScorer(SITES, width) for width in (None, 101)],
        site,
        {SITES: ref},
        {SITES: alt},
        {SITES: table("+-")},
    )
    for result in results:
        assert result.obs["gene_name"].tolist() == ["D-ONE"]
        np.testing.assert_allclose(result.X, [[0.3, np.nan]], rtol=1e-6)


def test_more_genes_than_a_scorer_takes_are_refused():
    crowd = [
        gene(f"D-{n}", 10_000 + n, 12_000 + n, "+", [(10_000 + n, 12_000 + n)])
        for n in range(MOST_GENES + 1)
    ]
    assert len(genes_starting_inside(crowd[1:], INTERVAL)) == MOST_GENES
    with pytest.raises(errors.ScoringLimitError, match=r"257 genes start in .* at most 256"):
        genes_starting_inside(crowd, INTERVAL)


def test_an_interval_scorer_averages_the_exons_in_its_middle_part():
    values = np.zeros((WIDTH, 3), np.float32)
    values[1_900:2_200] = 4.0
    values[2_800:3_000] = 9.0
    site = interval_site(
        INTERVAL,
        Annotation([gene("D-MID", 11_800, 13_000, "+", GENES[0].transcripts[0].exons[1:])]),
    )
    scorers = [
        GeneMaskScorer(RNA, width, aggregation)
        for width in (None, 501)
        for aggregation in (IntervalAggregationType.MEAN, IntervalAggregationType.SUM)
    ]
    results = score_interval(scorers, site, {RNA: values}, {RNA: table("+-")})
    whole, middle = 300 * 4.0 + 200 * 9.0, 300 * 4.0
    for result, expected in zip(results, (whole / 500, whole, middle / 300, middle), strict=True):
        # Strands are not compared: both tracks have a number.
        np.testing.assert_allclose(result.X, [[expected, expected]])
        assert result.uns["interval"] == INTERVAL


def test_a_bin_counts_if_any_of_its_bases_is_in_an_exon():
    kind = OutputType.CHIP_HISTONE
    values = np.arange(WIDTH // 128, dtype=np.float32)[:, None] * [1, 1, 0]
    annotation = Annotation(
        [gene("D-BIN", 10_255, 10_385, "+", [(10_255, 10_257), (10_384, 10_385)])]
    )
    scorer = GeneMaskScorer(kind, None, IntervalAggregationType.SUM)
    (result,) = score_interval(
        [scorer], interval_site(INTERVAL, annotation), {kind: values}, {kind: table("..")}
    )
    np.testing.assert_allclose(result.X, [[1 + 2 + 3, 1 + 2 + 3]])


def test_an_interval_scorer_wider_than_the_interval_is_refused():
    scorer = GeneMaskScorer(RNA, 10_001, IntervalAggregationType.MEAN)
    site = interval_site(Interval("demo1", 0, 4_096), Annotation(GENES))
    with pytest.raises(errors.InvalidScorerError, match=r"wider than the interval of 4,096 bp"):
        score_interval([scorer], site, {RNA: flat(1)}, {RNA: table("+-")})
