"""The polyadenylation scorer on sites whose answer can be worked out by hand."""

import numpy as np
import pytest
from alphagenome.data.genome import Variant
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import PolyadenylationScorer

from predictor import errors
from predictor.genome.gene_annotation import Annotation
from predictor.scoring.polyadenylation import MOST_GENES, MOST_SITES
from predictor.scoring.site import variant_site
from predictor.scoring.variant_scores import score_variant
from tests.predictor.scoring.conftest import INTERVAL, WIDTH, gene, table

RNA = OutputType.RNA_SEQ
VARIANT = Variant("demo1", 12_001, "A", "G")
STARTS = (10_600, 11_600, 12_900)


class Sites:
    """The same sites for every gene."""

    def __init__(self, starts):
        self.starts = np.array(starts, int)

    def of_gene(self, gene_id: str, strand: str) -> np.ndarray:
        return np.stack([self.starts, self.starts + 1], axis=1)


def body(strand: str, name: str = "D-PA"):
    return gene(name, 10_200, 13_500, strand, [(10_200, 13_500)])


def score(alt: np.ndarray, *, strand: str = "+", starts=STARTS, genes=None):
    site = variant_site(INTERVAL, VARIANT, Annotation(genes or [body(strand)]), Sites(starts))
    ref = np.ones((WIDTH, 3), np.float32)
    (result,) = score_variant(
        [PolyadenylationScorer()], site, {RNA: ref}, {RNA: alt}, {RNA: table("+-")}
    )
    return result


def coverage(start: int, end: int, factor: float) -> np.ndarray:
    """ALT is REF but for one stretch of the genome."""
    alt = np.ones((WIDTH, 3), np.float32)
    alt[start - INTERVAL.start : end - INTERVAL.start] *= factor
    return alt


def test_a_lost_distal_end_is_the_log_ratio_of_the_best_split():
    # Only the last site loses: the split before it has folds 1 : 1/4.
    result = score(coverage(12_501, 12_901, 0.25))
    np.testing.assert_allclose(result.X, [[2.0, 2.0]], rtol=1e-6)
    assert result.obs["num_pas"].tolist() == [3]
    assert result.obs["min_pas_var_distance"].tolist() == [401]


@pytest.mark.parametrize(
    ("strand", "first", "last"), [("+", 12_501, 12_901), ("-", 12_900, 13_300)]
)
def test_coverage_is_read_over_400_bases_up_to_the_site_in_reading_direction(strand, first, last):
    inside = score(coverage(first, last, 0.25), strand=strand)
    np.testing.assert_allclose(inside.X, 2.0, rtol=1e-6)
    beside = score(
        coverage(first - 100, first, 0.25) * coverage(last, last + 100, 0.25), strand=strand
    )
    np.testing.assert_allclose(beside.X, 0.0, atol=1e-6)


def test_reading_the_sites_from_the_other_end_gives_the_same_score():
    rng = np.random.default_rng(0)
    alt = rng.gamma(1.0, 1.0, (WIDTH, 3)).astype(np.float32)
    np.testing.assert_allclose(score(alt).X, score(alt, starts=STARTS[::-1]).X, rtol=1e-6)


def test_a_site_without_reference_coverage_counts_as_silent():
    site = variant_site(INTERVAL, VARIANT, Annotation([body("+")]), Sites(STARTS))
    ref = coverage(12_501, 12_901, 0.0)
    (result,) = score_variant(
        [PolyadenylationScorer()], site, {RNA: ref}, {RNA: ref + 1}, {RNA: table("+-")}
    )
    assert np.isfinite(result.X).all()


@pytest.mark.parametrize(
    ("starts", "kept"),
    [
        ((11_000,), 0),
        ((), 0),
        ((9_000, 11_000, 11_500, 12_000), 0),
        ((9_000, 11_000, 11_500, 12_000, 12_500), 4),
        ((11_000, 14_095), 0),
        ((11_000, 14_094), 2),
    ],
)
def test_a_gene_needs_two_sites_and_four_fifths_of_them_in_the_interval(starts, kept):
    result = score(np.ones((WIDTH, 3), np.float32), starts=starts)
    assert result.obs["num_pas"].tolist() == ([kept] if kept else [])


def test_too_many_genes_or_sites_are_refused():
    alt = np.ones((WIDTH, 3), np.float32)
    crowd = [body("+", f"D-{number}") for number in range(MOST_GENES + 1)]
    assert len(score(alt, genes=crowd[1:]).obs) == MOST_GENES
    with pytest.raises(errors.ScoringLimitError, match=r"23 genes overlap .* at most 22"):
        score(alt, genes=crowd)
    with pytest.raises(errors.ScoringLimitError, match=r"137 polyadenylation sites .* at most 136"):
        score(alt, starts=np.arange(11_000, 11_000 + MOST_SITES + 1))
