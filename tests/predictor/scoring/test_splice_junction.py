"""The splice junction scorer on a few sites."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import SpliceJunctionScorer

from predictor.genome.gene_annotation import Annotation
from predictor.scoring.site import variant_site
from predictor.scoring.splice_junction import (
    JunctionCounts,
    _in_half_precision,
    junction_pairs,
)
from predictor.scoring.variant_scores import score_variant
from tests.predictor.scoring.conftest import GENES, INTERVAL, SNV, TRACKS, gene

KIND = OutputType.SPLICE_JUNCTIONS
# Two donors and two acceptors on +; on - one of each.
POSITIONS = np.array([[499, 1_000], [1_900, 2_800], [3_500, -1], [1_699, -1]], np.int32)


def score(ref: np.ndarray, alt: np.ndarray, genes=GENES, positions=POSITIONS):
    site = variant_site(INTERVAL, SNV, Annotation(genes))
    (result,) = score_variant(
        [SpliceJunctionScorer()],
        site,
        {KIND: JunctionCounts(ref, positions)},
        {KIND: JunctionCounts(alt, positions)},
        {KIND: TRACKS[KIND]},
    )
    return result


def introns(result) -> list[tuple[str, int, int]]:
    columns = ("gene_name", "junction_Start", "junction_End")
    return list(zip(*(result.obs[column].tolist() for column in columns), strict=True))


@pytest.fixture
def counts() -> tuple[np.ndarray, np.ndarray]:
    ref = np.ones((2, 2, 6), np.float32)
    alt = ref.copy()
    alt[0, 0, 0] = 8.0
    alt[1, 1, 1] = 0.25
    return ref, alt


def test_each_tissue_names_its_junction_and_each_row_has_all_tissues(counts):
    result = score(*counts)
    assert introns(result) == [
        ("D-ONE", 10_500, 11_900),
        ("D-ONE", 11_001, 12_800),
        ("D-TWO", 11_700, 13_500),
    ]
    expected = [[np.log(8), 0], [0, np.log(4)], [0, 0]]
    np.testing.assert_allclose(result.X, expected, rtol=1e-3, atol=1e-6)
    assert result.var["strand"].tolist() == [".", "."]
    assert result.var["name"].tolist() == ["tissue 0", "tissue 1"]


def test_a_junction_must_lie_strictly_inside_its_gene(counts):
    tight = gene("D-TIGHT", 10_500, 12_900, "+", [(10_500, 12_900)])
    wider = gene("D-WIDER", 10_499, 12_900, "+", [(10_499, 12_900)])
    inside = introns(score(*counts, genes=[tight]))
    assert ("D-TIGHT", 11_001, 12_800) in inside
    assert ("D-TIGHT", 10_500, 11_900) not in inside
    assert ("D-WIDER", 10_500, 11_900) in introns(score(*counts, genes=[wider]))


def test_without_a_junction_inside_a_gene_there_is_no_row(counts):
    narrow = gene("D-NARROW", 12_000, 12_100, "+", [(12_000, 12_100)])
    for genes in ([narrow], [GENES[2]]):
        result = score(*counts, genes=genes)
        assert result.X.shape == (0, 2)
        assert {"gene_id", "junction_Start", "junction_End"} <= set(result.obs.columns)


def test_only_protein_coding_genes_count(counts):
    other = gene("D-LNC", 10_300, 13_000, "+", [(10_300, 13_000)], gene_type="lncRNA")
    assert score(*counts, genes=[other]).X.shape == (0, 2)


def test_of_equal_changes_the_first_junction_is_taken():
    ref = np.ones((2, 2, 6), np.float32)
    result = score(ref, 2 * ref, genes=GENES[:1])
    assert introns(result) == [("D-ONE", 10_500, 11_900)]


def test_sites_beyond_the_first_256_are_left_out_with_a_warning():
    positions = np.full((4, 300), -1, np.int32)
    positions[0] = np.arange(400, 700)
    positions[1, 0] = 1_900
    ref = np.ones((300, 300, 6), np.float32)
    alt = ref.copy()
    alt[280, 0, 0], alt[100, 0, 0] = 1e6, 2.0
    with pytest.warns(UserWarning, match="more than 256 splice sites of a kind"):
        result = score(ref, alt, genes=GENES[:1], positions=positions)
    assert ("D-ONE", 10_501, 11_900) in introns(result)
    assert result.X.max() < 1


def test_pairs_are_listed_donor_by_donor_and_the_wrong_way_round_is_no_junction():
    plus = junction_pairs(POSITIONS, 10_000, negative=False)
    assert plus.start.tolist() == [10_500, 10_500, 11_001, 11_001]
    assert plus.end.tolist() == [11_900, 12_800, 11_900, 12_800]
    assert plus.valid.all()
    turned = POSITIONS[[1, 0, 2, 3]]
    assert not junction_pairs(turned, 10_000, negative=False).valid.any()
    minus = junction_pairs(POSITIONS, 10_000, negative=True)
    assert minus.valid.tolist() == [True, False, False, False]
    assert (minus.start[0], minus.end[0]) == (11_700, 13_500)


def test_rounding_is_that_of_float16_also_for_the_smallest_numbers():
    rng = np.random.default_rng(3)
    values = (rng.standard_normal(20_000) * 10.0 ** rng.uniform(-9, 2, 20_000)).astype(np.float32)
    values = np.concatenate([values, np.array([0, 1, -1, 2**-14, 2**-24, 2**-25], np.float32)])
    expected = values.astype(np.float16).astype(np.float32)
    np.testing.assert_array_equal(_in_half_precision(values), expected)
    np.testing.assert_array_equal(jax.jit(_in_half_precision)(jnp.asarray(values)), expected)
