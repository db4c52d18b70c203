"""Motif matches against a slow definition, and the planted motifs of the demo world."""

import itertools

import numpy as np
import pytest
from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.reference import Reference, reverse_complement
from predictor.genome.sequences import allele_sequences
from predictor.interpretation.motif import explanations, information, motif_matches
from predictor.interpretation.motif_file import SHIPPED, Motif, MotifLibrary, read_motifs
from predictor.simulator import showcase

RNG = np.random.default_rng(11)
BACKGROUND = (0.3, 0.2, 0.2, 0.3)
OPPOSITE = {"+": "-", "-": "+"}


@pytest.fixture(scope="module")
def demo():
    return read_motifs(SHIPPED)


@pytest.fixture(scope="module")
def short():
    """A library with two motifs of 5 bp."""
    motifs = tuple(
        Motif(f"m{number}", "", RNG.dirichlet([0.4] * 4, size=5), 12.0) for number in range(2)
    )
    return MotifLibrary("short", motifs, BACKGROUND)


def score(motif: Motif, letters: str) -> float:
    """Sum of log-odds, base by base, with the pseudocount of 0.8 sites."""
    total = 0.0
    for row, letter in zip(motif.probabilities, letters, strict=True):
        expected = BACKGROUND["ACGT".index(letter)]
        p = (row["ACGT".index(letter)] * motif.sites + 0.8 * expected) / (motif.sites + 0.8)
        total += np.log2(p / expected)
    return total


def test_the_score_is_the_sum_of_log_odds_on_either_strand(short):
    sequence = "".join(RNG.choice(list("ACGT"), 60))
    found = motif_matches(sequence, short, p_value=1.0)
    assert len(found) == 2 * 2 * 56
    for match in found:
        letters = sequence[match.start : match.end]
        read = letters if match.strand == "+" else reverse_complement(letters)
        # Each of the five log-odds is rounded to 1/256 bit.
        assert match.score == pytest.approx(score(match.motif, read), abs=5 / 512)


def test_the_p_value_is_the_chance_of_a_sequence_that_scores_as_high(short):
    motif = short.motifs[0]
    words = ["".join(letters) for letters in itertools.product("ACGT", repeat=5)]
    scored = {}
    for word in words:
        found = motif_matches(word, MotifLibrary("one", (motif,), BACKGROUND), p_value=1.0)
        scored[word] = next(match for match in found if match.strand == "+")
    chance = {w: np.prod([BACKGROUND["ACGT".index(letter)] for letter in w]) for w in words}
    for word in words[::37]:
        at_least = sum(chance[w] for w in words if scored[w].score >= scored[word].score)
        assert scored[word].p_value == pytest.approx(at_least)
    assert max(match.relative_score for match in scored.values()) == 1
    assert min(match.relative_score for match in scored.values()) == 0


def test_the_reverse_complement_has_mirrored_matches(short):
    sequence = "".join(RNG.choice(list("ACGT"), 80))
    forward = {
        (m.motif.id, len(sequence) - m.end, OPPOSITE[m.strand], m.score)
        for m in motif_matches(sequence, short, p_value=0.05)
    }
    backward = {
        (m.motif.id, m.start, m.strand, m.score)
        for m in motif_matches(reverse_complement(sequence), short, p_value=0.05)
    }
    assert forward
    assert forward == backward


def test_nothing_matches_across_an_unknown_base_or_beyond_the_ends(short):
    sequence = "ACGTNACGTA"
    starts = {match.start for match in motif_matches(sequence, short, p_value=1.0)}
    assert starts == {5}
    assert motif_matches("ACGT", short, p_value=1.0) == []
    with pytest.raises(errors.InvalidScoringRequestError, match="p-value 2"):
        motif_matches("ACGT", short, p_value=2)


def test_a_match_covers_the_bases_that_matter_and_the_rest_is_explained_by_the_next(demo):
    sequence = "A" * 10 + "TGTGGTTA" + "CTCTCTCTCT" + "CCGGAAGT" + "A" * 10
    importance = np.zeros(len(sequence))
    importance[28:36] = 1.0
    importance[10:18] = -0.5
    matches = motif_matches(sequence, demo)
    first, second = explanations(importance, matches)
    assert (first.match.motif.id, first.match.start) == ("D-ETS", 28)
    assert (second.match.motif.id, second.match.start) == ("D-RUNX", 10)
    assert first.share == pytest.approx(8 / 12)
    assert second.share == pytest.approx(4 / 12)
    # With the ETS site out of account RUNX is the whole story.
    assert second.similarity > 0.95
    assert explanations(np.zeros(len(sequence)), matches) == []


def test_information_is_two_bits_for_a_fixed_base_and_none_for_a_free_one():
    motif = Motif("m", "m", np.array([[1.0, 0, 0, 0], [0.25] * 4, [0.5, 0.5, 0, 0]]), 10)
    np.testing.assert_allclose(information(motif), [2, 0, 1])


@pytest.fixture(scope="module")
def tal1(installed):
    """Bases from 60 before the insertion of D-TAL1 on, REF and ALT."""
    genome = Reference(installed / "genomes" / "demoH1" / "genome.fa")
    known = {variant.name: variant.variant for variant in showcase.find("d-tal1").variants}
    variant = known["d-tal1-acg"]
    window = Interval(showcase.CHROMOSOME, variant.start - 60, variant.start + 60)
    return dict(zip(("REF", "ALT"), allele_sequences(window, [variant], genome), strict=True))


def test_the_planted_motifs_of_d_tal1_are_found_in_the_alt_and_myb_is_not_in_the_ref(demo, tal1):
    def found(name: str) -> dict[str, tuple[int, str]]:
        return {
            match.motif.id: (match.start, match.strand) for match in motif_matches(tal1[name], demo)
        }

    ref, alt = found("REF"), found("ALT")
    # TGTGGTTA 45 bp left of the base that takes up the insertion, TTAACGGTC... across it.
    assert ref["D-RUNX"] == alt["D-RUNX"] == (15, "+")
    assert ref["D-ETS"] == (94, "-")
    assert alt["D-ETS"] == (96, "-")
    assert "D-MYB" not in ref
    start, strand = alt["D-MYB"]
    assert strand == "+"
    assert start <= 60 < 62 < start + 8
