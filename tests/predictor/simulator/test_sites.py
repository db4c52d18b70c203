"""Occupancy, splice sites and polyA sites against hand-made cases and slow versions."""

import numpy as np
import pytest

from predictor.simulator import grammar, occupancy, splicing
from predictor.simulator.occupancy import MotifScanner
from predictor.simulator.random_words import RandomWords

BLANK = "T" * 30


def dense(sequence: str, consensus: str) -> np.ndarray:
    spikes = occupancy.occupancy(MotifScanner(grammar.encode(sequence)), consensus)
    track = np.zeros(len(sequence))
    track[spikes.positions] = spikes.values
    return track


def slow_occupancy(sequence: str, consensus: str) -> np.ndarray:
    """Letter by letter, both strands, straight from the sentence of the specification."""
    total = np.zeros(len(sequence))
    for oriented in (consensus, grammar.reverse_complement_consensus(consensus)):
        for start in range(len(sequence) - len(consensus) + 1):
            part = sequence[start : start + len(consensus)]
            wrong = sum(
                base not in grammar.IUPAC[symbol]
                for base, symbol in zip(part, oriented, strict=True)
            )
            value = {0: 1.0, 1: 0.12, 2: 0.01}.get(wrong, 0.0)
            for middle in {(len(consensus) - 1) // 2, len(consensus) // 2}:
                total[start + middle] += value if len(consensus) % 2 else value / 2
    total[total < 0.05 - 1e-9] = 0
    return total


@pytest.mark.parametrize("name", grammar.MOTIFS)
def test_occupancy_equals_the_letter_by_letter_count(name):
    letters = grammar.decode(RandomWords(3).integers(1500, 4).astype(np.uint8))
    site = grammar.MOTIFS[name].translate(str.maketrans("NRYKWH", "AATGAA"))
    sequence = letters[:700] + site + letters[700:] + site[:-1] + "N" + letters[:50]
    np.testing.assert_allclose(
        dense(sequence, grammar.MOTIFS[name]), slow_occupancy(sequence, grammar.MOTIFS[name])
    )


def test_a_site_of_even_length_stands_half_on_each_middle_base():
    track = dense(BLANK + "AGATAAGA" + BLANK, "AGATAAGR")
    assert np.flatnonzero(track).tolist() == [33, 34]
    np.testing.assert_allclose(track[33:35], 0.5)


def test_an_unknown_base_is_a_mismatch():
    assert dense(BLANK + "AGATAANA" + BLANK, "AGATAAGR").max() == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("nine_mer", "strength"),
    [
        ("CAGGTAAGT", 0.996),
        ("CAGGTGAGT", 0.989),
        ("CAGGTAAAT", 0.80),
        ("CAAGTAAGT", 0.86),
        ("AAGGTAAAT", 0.62),
        ("CAGGTATGC", 0.49),
        ("CAGGTAAAC", 0.34),
    ],
)
def test_donors_have_the_strengths_of_the_specification(nine_mer, strength):
    positions, strengths = splicing.donor_sites(grammar.encode("A" * 9 + nine_mer + "A" * 9))
    assert positions.tolist() == [11]
    assert strengths[0] == pytest.approx(strength, abs=0.006)


def test_without_gt_there_is_no_donor():
    assert not len(splicing.donor_sites(grammar.encode("AAACAGGCAAGTAAA"))[0])


@pytest.mark.parametrize(
    ("branch", "tract", "first", "strength"),
    [
        ("CTAAC", "CTCTCTCTCTCT", "G", 1 / (1 + np.exp(-14 * 0.28))),
        ("AAAAA", "CTCTCTCTCTCT", "G", 0.35 / (1 + np.exp(-14 * 0.28))),
        ("CTAAC", "CTCTCTCTCTCT", "A", 0.75 / (1 + np.exp(-14 * 0.28))),
        ("CTAAC", "CTCTCTCTCAAA", "G", 1 / (1 + np.exp(-14 * 0.03))),
    ],
)
def test_acceptors_follow_their_formula(branch, tract, first, strength):
    sequence = "A" * 20 + branch + "A" * 15 + tract + "CAG" + first + "A" * 20
    positions, strengths = splicing.acceptor_sites(MotifScanner(grammar.encode(sequence)))
    assert positions.tolist() == [55]
    assert strengths[0] == pytest.approx(strength)


@pytest.mark.parametrize(("gap", "strength"), [(10, 0.95), (39, 0.95), (9, 0.095), (40, 0.095)])
def test_the_gu_rich_element_counts_16_to_45_bp_behind_the_hexamer(gap, strength):
    sequence = "C" * 20 + "AATAAA" + "C" * gap + "TGTGTTGG" + "C" * 60
    positions, strengths = splicing.polya_sites(MotifScanner(grammar.encode(sequence)))
    assert positions.tolist() == [20]
    assert strengths[0] == pytest.approx(strength)


def test_letters_outside_acgtn_are_named_with_their_place():
    with pytest.raises(grammar.SequenceLetterError, match="'X' at position 3"):
        grammar.encode("ACXG")


def test_reverse_complement_is_its_own_inverse():
    codes = grammar.encode("ACGTNNGATTACA")
    assert grammar.decode(grammar.reverse_complement(codes)) == "TGTAATCNNACGT"
    np.testing.assert_array_equal(
        grammar.reverse_complement(grammar.reverse_complement(codes)), codes
    )
