"""Stitching, with the bases themselves in the place of embeddings."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor.genome.reference import Reference
from predictor.genome.sequences import allele_sequences
from predictor.scoring.stitching import stitch

WINDOW = Interval("demo1", 500, 756)
BASES = "".join(np.random.default_rng(1).choice(list("ACGT"), 2_000))


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    path = tmp_path_factory.mktemp("genome") / "genome.fa"
    path.write_text(f">demo1\n{BASES}\n")
    return Reference(path)


def deletion(position: int, length: int) -> Variant:
    return Variant("demo1", position, BASES[position - 1 : position + length], BASES[position - 1])


def insertion(position: int, bases: str) -> Variant:
    anchor = BASES[position - 1]
    return Variant("demo1", position, anchor, anchor + bases)


def one_hot(sequence: str) -> np.ndarray:
    return (np.array(list(sequence))[:, None] == list("ACGT")).astype(np.float32)


def test_nothing_is_stitched_where_the_length_does_not_change(genome):
    for reference, alternate in ((BASES[600], "N"), (BASES[600:603], "NNN")):
        assert stitch(WINDOW, Variant("demo1", 601, reference, alternate), genome) is None


@pytest.mark.parametrize(
    "variant",
    [insertion(601, "ACGTACG"), deletion(601, 7), insertion(640, "A" * 40), deletion(640, 40)],
    ids=["+7", "-7", "+40", "-40"],
)
def test_joined_bases_are_those_of_the_longer_allele(genome, variant):
    found = stitch(WINDOW, variant, genome)
    alleles = dict(
        zip(("reference", "alternate"), allele_sequences(WINDOW, [variant], genome), strict=True)
    )
    joined = found.bases(one_hot(found.left), one_hot(found.right))
    np.testing.assert_array_equal(joined, one_hot(alleles[found.allele]))


@pytest.mark.parametrize("variant", [insertion(601, "ACGTACG"), deletion(601, 7)], ids=["+7", "-7"])
def test_right_of_the_indel_the_far_sequence_has_the_bin_phase_of_the_other_allele(genome, variant):
    found = stitch(WINDOW, variant, genome)
    reference, alternate = allele_sequences(WINDOW, [variant], genome)
    other = reference if found.allele == "alternate" else alternate
    # From the first base behind the indel in the shorter allele on.
    first = found.seam - found.right_shift
    assert found.right[first:] == other[first:]


def test_bins_and_pairs_are_joined_at_the_bin_of_the_indel(genome):
    found = stitch(WINDOW, insertion(629, "A" * 40), genome)
    left, right = np.zeros((16, 1), np.float32), np.arange(1, 17, dtype=np.float32)[:, None]
    bins = found.bins(left, right, 16)[:, 0]
    # Indel from base 129 to 169: bins 8 to 10, so the far bins move right by two.
    np.testing.assert_array_equal(bins[:10], 0)
    np.testing.assert_array_equal(bins[10:], np.arange(9, 15))
    pairs = found.pairs(np.zeros((16, 16, 1)), np.ones((16, 16, 1)), 16)[..., 0]
    assert pairs[10:, 10:].all()
    assert not pairs[:10].any()
    assert not pairs[:, :10].any()
