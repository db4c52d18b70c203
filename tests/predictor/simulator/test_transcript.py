"""Reading transcripts: exons, inclusion, polyA sites and junctions of hand-made genes."""

import numpy as np
import pytest

from predictor.simulator import grammar
from predictor.simulator.splicing import StrandSites
from predictor.simulator.transcript import read_transcript

LENGTH = 12_000


def sites(donors=(), acceptors=(), polya=()) -> StrandSites:
    """Sites given as (position, strength) pairs."""
    columns = []
    for pairs in (donors, acceptors, polya):
        ordered = sorted(pairs)
        columns += [
            np.array([p for p, _ in ordered], np.int64),
            np.array([s for _, s in ordered], np.float64),
        ]
    return StrandSites(*columns)


def blank(*pieces: tuple[int, str]) -> np.ndarray:
    letters = list("C" * LENGTH)
    for start, piece in pieces:
        letters[start : start + len(piece)] = piece
    return grammar.encode("".join(letters))


def sigmoid(x: float) -> float:
    return 1 / (1 + np.exp(-x))


GENE = {
    "donors": [(1100, 0.9), (1700, 0.8), (2300, 0.9)],
    "acceptors": [(1600, 0.9), (2200, 0.95), (3000, 0.9)],
    "polya": [(3400, 0.95)],
}


def test_a_gene_is_read_exon_by_exon():
    transcript = read_transcript(1000, blank(), sites(**GENE))
    exons = [(exon.start, [donor for donor, _ in exon.donors]) for exon in transcript.exons]
    assert exons == [(1000, [1100]), (1600, [1700]), (2200, [2300]), (3000, [])]
    assert transcript.exons[1].inclusion[0] == pytest.approx(sigmoid(6 * 0.9 * 0.8 - 2.5))
    assert transcript.polya == ((3400, pytest.approx(0.05)),)
    assert transcript.end == 9000  # 5 % read on for 8 kb


def test_splicing_motifs_move_inclusion_by_their_weights_and_count_at_most_twice():
    plain = read_transcript(1000, blank(), sites(**GENE)).exons[1].inclusion[0]
    base = np.log(plain / (1 - plain))
    ese = blank(*((1610 + 20 * i, grammar.ESE) for i in range(3)))
    ess = blank((1610, grammar.ESS))
    rbfox = blank((1750, grammar.RBFOX))
    behind = blank((1700 + 201, grammar.RBFOX))
    for codes, expected in (
        (ese, (base + 3.6, base + 3.6)),
        (ess, (base - 2.2, base - 2.2)),
        (rbfox, (base, base + 2.5)),
        (behind, (base, base)),
    ):
        inclusion = read_transcript(1000, codes, sites(**GENE)).exons[1].inclusion
        assert inclusion == pytest.approx([sigmoid(x) for x in expected])


def test_a_motif_must_lie_within_its_exon():
    codes = blank((1597, grammar.ESE), (1698, grammar.ESE))
    spliced = read_transcript(1000, codes, sites(**GENE))
    assert spliced.exons == read_transcript(1000, blank(), sites(**GENE)).exons


def test_an_exon_without_a_donor_is_skipped():
    donors = [donor for donor in GENE["donors"] if donor[0] != 1700]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"donors": donors})))
    assert [exon.start for exon in transcript.exons] == [1000, 2200, 3000]


def test_without_a_donor_in_the_first_500_bp_a_gene_has_one_exon():
    donors = [(1501, 0.9), *GENE["donors"][1:]]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"donors": donors})))
    assert len(transcript.exons) == 1


def test_two_donors_share_an_exon_as_the_fourth_power():
    donors = [*GENE["donors"], (1760, 0.4)]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"donors": donors})))
    total = 0.8**4 + 0.4**4
    assert transcript.exons[1].donors == (
        (1700, pytest.approx(0.8**4 / total)),
        (1760, pytest.approx(0.4**4 / total)),
    )


def test_of_overlapping_exons_the_stronger_wins():
    acceptors = [*GENE["acceptors"], (1630, 0.3)]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"acceptors": acceptors})))
    assert [exon.start for exon in transcript.exons] == [1000, 1600, 2200, 3000]


def test_two_polya_sites_multiply_and_reading_stops_below_three_percent():
    polya = [(3400, 0.6), (4000, 0.95), (5000, 0.95)]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"polya": polya})))
    assert transcript.polya == ((3400, pytest.approx(0.4)), (4000, pytest.approx(0.02)))
    assert transcript.end == 4015
    assert transcript.cleaved == pytest.approx(0.98)


def test_a_polya_site_within_150_bp_of_the_start_is_not_read():
    polya = [(1149, 0.95), *GENE["polya"]]
    transcript = read_transcript(1000, blank(), sites(**(GENE | {"polya": polya})))
    assert transcript.polya[0][0] == 3400


def test_coverage_has_exons_introns_and_the_part_that_reads_through():
    transcript = read_transcript(1000, blank(), sites(**GENE))
    coverage = transcript.coverage(0)
    psi = transcript.exons[1].inclusion[0]
    at = [1050, 1300, 1650, 3200, 3414, 3415, 8999]
    expected = [1, 0.03, psi, 1, 1, 0.05, 0.05]
    np.testing.assert_allclose(coverage[np.array(at) - 1000], expected)


def test_junction_fractions_into_each_acceptor_follow_inclusion():
    transcript = read_transcript(1000, blank(), sites(**GENE))
    one, two = (exon.inclusion[0] for exon in transcript.exons[1:3])
    found = {(donor, acceptor): value for donor, acceptor, value in transcript.junctions(0)}
    assert found == {
        (1100, 1600): pytest.approx(one),
        (1100, 2200): pytest.approx((1 - one) * two),
        (1100, 3000): pytest.approx((1 - one) * (1 - two)),
        (1700, 2200): pytest.approx(one * two),
        (1700, 3000): pytest.approx(one * (1 - two)),
        (2300, 3000): pytest.approx(two),
    }
    into_last = sum(value for (_, acceptor), value in found.items() if acceptor == 3000)
    assert into_last == pytest.approx(1)
