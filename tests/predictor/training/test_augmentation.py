"""The reverse complement of a labelled window."""

import numpy as np
import pytest

from predictor.training.augmentation import (
    UnpairedStrandError,
    Window,
    reverse_complement,
    strand_permutation,
)

PERMUTATIONS = {"rna_seq": strand_permutation(["+", "+", "-", "-", "."], ["a", "b", "a", "b", "c"])}


def random_window(seed: int, length: int = 64, sites: int = 5) -> Window:
    rng = np.random.default_rng(seed)
    positions = np.full((4, sites), -1, np.int32)
    counts = np.zeros((sites, sites, 4), np.float32)
    numbers = rng.integers(0, sites + 1, 4)
    for row, number in zip(positions, numbers, strict=True):
        row[:number] = np.sort(rng.choice(length, number, replace=False))
    for strand in (0, 1):
        block = (slice(numbers[2 * strand]), slice(numbers[2 * strand + 1]))
        counts[(*block, slice(2 * strand, 2 * strand + 2))] = rng.random(
            (numbers[2 * strand], numbers[2 * strand + 1], 2)
        )
    half = rng.random((4, 4, 2)).astype(np.float32)
    return Window(
        codes=rng.integers(0, 5, length).astype(np.uint8),
        organism=0,
        targets={
            "rna_seq": rng.random((length, 5)).astype(np.float32),
            "chip_tf": rng.random((4, 3)).astype(np.float32),
            "splice_sites_classification": rng.random((length, 5)).astype(np.float32),
            "contact_maps": half + half.transpose(1, 0, 2),
        },
        positions=positions,
        counts=counts,
        genes=rng.integers(0, 3, (length, 2)).astype(np.uint8),
        structure=rng.random((length, 6)).astype(np.float32),
    )


def assert_same(left: Window, right: Window) -> None:
    np.testing.assert_array_equal(left.codes, right.codes)
    np.testing.assert_array_equal(left.positions, right.positions)
    np.testing.assert_array_equal(left.counts, right.counts)
    np.testing.assert_array_equal(left.genes, right.genes)
    np.testing.assert_array_equal(left.structure, right.structure)
    assert left.targets.keys() == right.targets.keys()
    for head, values in left.targets.items():
        np.testing.assert_array_equal(values, right.targets[head], err_msg=head)


@pytest.mark.parametrize("seed", range(8))
def test_reading_the_other_strand_twice_changes_nothing(seed):
    window = random_window(seed)
    twice = reverse_complement(reverse_complement(window, PERMUTATIONS), PERMUTATIONS)
    assert_same(twice, window)


def test_a_plus_track_becomes_the_mirrored_minus_track():
    window = random_window(1)
    other = reverse_complement(window, PERMUTATIONS)
    before, after = window.targets["rna_seq"], other.targets["rna_seq"]
    np.testing.assert_array_equal(after[:, 2], before[::-1, 0])
    np.testing.assert_array_equal(after[:, 4], before[::-1, 4])


def test_a_plus_donor_becomes_a_minus_donor_at_the_mirrored_base():
    window = random_window(0, length=10, sites=2)
    positions = np.array([[3, -1], [7, -1], [-1, -1], [-1, -1]], np.int32)
    counts = np.zeros((2, 2, 4), np.float32)
    counts[0, 0, :2] = [5.0, 6.0]
    classes = np.zeros((10, 5), np.float32)
    classes[:, 4] = 1
    classes[3] = [1, 0, 0, 0, 0]
    window = window._replace(
        positions=positions, counts=counts, targets={"splice_sites_classification": classes}
    )
    other = reverse_complement(window, {})
    np.testing.assert_array_equal(other.positions[2:], [[6, -1], [2, -1]])
    assert (other.positions[:2] == -1).all()
    np.testing.assert_array_equal(other.counts[0, 0], [0, 0, 5, 6])
    np.testing.assert_array_equal(other.targets["splice_sites_classification"][6], [0, 0, 1, 0, 0])


def test_a_strand_without_partner_is_an_error():
    with pytest.raises(UnpairedStrandError, match="'b' has 1 rows on \\+ and 0 on -"):
        strand_permutation(["+", "-", "+"], ["a", "a", "b"])


def test_equal_names_pair_in_order():
    np.testing.assert_array_equal(
        strand_permutation(["+", "+", "-", "-"], ["a", "a", "a", "a"]), [2, 3, 0, 1]
    )
