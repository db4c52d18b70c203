"""Haplotypes, base by base."""

import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.interpretation.haplotype import Haplotype

WINDOW = Interval("demo1", 2_000, 2_012)


def base(reference, start: int, length: int = 1) -> str:
    return reference.sequence(Interval("demo1", start, start + length))


def test_ref_has_every_base_at_its_place(reference):
    found = Haplotype.of(WINDOW, [], reference)
    assert found.sequence == reference.sequence(WINDOW)
    np.testing.assert_array_equal(found.positions, np.arange(2_000, 2_012))
    assert found.stretch(Interval("demo1", 2_003, 2_007)) == slice(3, 7)


def test_an_insertion_belongs_to_the_base_before_it(reference):
    first = base(reference, 2_004)
    insertion = Variant("demo1", 2_005, first, first + "GG")
    found = Haplotype.of(WINDOW, [insertion], reference)
    expected = [*range(2_000, 2_005), -1, -1, *range(2_005, 2_010)]
    np.testing.assert_array_equal(found.positions, expected)
    assert found.sequence[5:7] == "GG"
    assert found.stretch(Interval("demo1", 2_004, 2_005)) == slice(4, 7)
    assert found.stretch(Interval("demo1", 2_005, 2_006)) == slice(7, 8)
    assert found.stretch(Interval("demo1", 2_000, 2_012)) == slice(0, 12)


def test_a_deletion_draws_bases_in_and_its_own_cannot_be_mutated(reference):
    letters = base(reference, 2_004, 4)
    deletion = Variant("demo1", 2_005, letters, letters[0])
    found = Haplotype.of(WINDOW, [deletion], reference)
    expected = [*range(2_000, 2_005), *range(2_008, 2_015)]
    np.testing.assert_array_equal(found.positions, expected)
    for letter, position in zip(found.sequence, expected, strict=True):
        assert letter == base(reference, position)
    assert found.stretch(Interval("demo1", 2_003, 2_009)) == slice(3, 6)
    with pytest.raises(errors.InvalidScoringRequestError, match="2,006-2,008 is deleted"):
        found.stretch(Interval("demo1", 2_005, 2_008))


def test_several_variants_lie_on_one_haplotype(reference):
    first, second = base(reference, 2_002), base(reference, 2_006, 2)
    variants = [
        Variant("demo1", 2_007, second, second[0]),
        Variant("demo1", 2_003, first, first + "T"),
    ]
    found = Haplotype.of(WINDOW, variants, reference)
    expected = [2_000, 2_001, 2_002, -1, 2_003, 2_004, 2_005, 2_006, *range(2_008, 2_012)]
    np.testing.assert_array_equal(found.positions, expected)
    assert found.variants == (variants[1], variants[0])
    assert found.stretch(Interval("demo1", 2_004, 2_004)) == slice(5, 5)


def test_marks_stay_with_their_bases(reference):
    first, deleted = base(reference, 2_002), base(reference, 2_005, 3)
    variants = [
        Variant("demo1", 2_003, first, first + "GG"),
        Variant("demo1", 2_006, deleted, deleted[0]),
    ]
    found = Haplotype.of(WINDOW, variants, reference)
    marks = np.zeros((WINDOW.width, 2), bool)
    marks[[1, 2, 5, 6, 11], 1] = True
    # Base 6 is deleted, two bases are inserted after base 2.
    assert np.argwhere(found.carried_marks(marks)).tolist() == [[1, 1], [2, 1], [7, 1], [11, 1]]
