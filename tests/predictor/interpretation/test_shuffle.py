"""Shuffles that keep the pairs of neighbouring bases."""

import itertools
from collections import Counter

import numpy as np
import pytest

from predictor.interpretation.shuffle import dinucleotide_shuffle


def pairs(sequence: str) -> Counter:
    return Counter(itertools.pairwise(sequence))


@pytest.mark.parametrize("sequence", ["", "A", "AC", "AAAA", "ACGTNNACGGTA"])
def test_short_sequences_keep_their_pairs_too(sequence):
    random = np.random.default_rng(5)
    for _ in range(20):
        assert pairs(dinucleotide_shuffle(sequence, random)) == pairs(sequence)


def test_pairs_and_both_ends_stay_and_the_order_does_not():
    random = np.random.default_rng(1)
    sequence = "".join(random.choice(list("ACGT"), 2_000))
    shuffled = dinucleotide_shuffle(sequence, random)
    assert pairs(shuffled) == pairs(sequence)
    assert (shuffled[0], shuffled[-1]) == (sequence[0], sequence[-1])
    same = np.mean([a == b for a, b in zip(sequence, shuffled, strict=True)])
    assert same < 0.32


def test_every_sequence_with_these_pairs_is_equally_likely():
    sequence = "ACAGATACGA"
    candidates = {"A" + "".join(middle) + "A" for middle in itertools.permutations(sequence[1:-1])}
    possible = {word for word in candidates if pairs(word) == pairs(sequence)}
    random = np.random.default_rng(2)
    draws = 200 * len(possible)
    found = Counter(dinucleotide_shuffle(sequence, random) for _ in range(draws))
    assert set(found) == possible
    # Chi-square: its expectation is the number of classes less one, its variance twice that.
    freedom = len(possible) - 1
    chi_square = sum((n - 200) ** 2 / 200 for n in found.values())
    assert chi_square < freedom + 5 * np.sqrt(2 * freedom)


def test_the_same_seed_gives_the_same_shuffle():
    sequence = "ACGGTATTACCAGA" * 5
    one, two = (dinucleotide_shuffle(sequence, np.random.default_rng(9)) for _ in range(2))
    assert one == two
