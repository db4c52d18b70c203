"""Accessibility, promoters, insulation and expression against slow versions of the formulas."""

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism

from predictor.simulator import gaussian, genome, grammar, hidden
from predictor.simulator.occupancy import MotifScanner, Spikes, occupancy

CELLS = grammar.ORGANISMS[Organism.HOMO_SAPIENS].cell_types
T, HEP, NEU, ERY = range(4)


def written(length: int, *sites: tuple[int, str]) -> np.ndarray:
    """A dull run of bases without any site, with letters written at positions."""
    letters = list("CATA" * (length // 4))
    for start, site in sites:
        letters[start : start + len(site)] = site
    return grammar.encode("".join(letters))


def test_accessibility_equals_the_dense_convolution():
    codes = genome.generate_window(5, 4096, Organism.HOMO_SAPIENS, "soup")
    scanner = MotifScanner(codes)
    read = hidden.hidden_quantities(codes, CELLS)
    x = np.arange(-200, 201)
    kernel = np.exp(-0.5 * (x / 50) ** 2)
    for row, cell in zip(read.accessibility, CELLS, strict=True):
        activity = np.zeros(len(codes))
        for factor, weight in cell.weights.items():
            track = np.zeros(len(codes))
            spikes = occupancy(scanner, grammar.MOTIFS[factor])
            track[spikes.positions] = spikes.values
            activity += weight * np.convolve(track, kernel, "same")
        power = np.maximum(0, activity) ** 4
        np.testing.assert_allclose(row, power / (1 + power), atol=1e-12)


@pytest.mark.parametrize(
    ("sites", "cell", "peak"),
    [
        (["CCGGAAGT"], HEP, 0.35**4 / (1 + 0.35**4)),
        (["TTGCGCAAC"], NEU, 0.0),
        (["AACGGTC"], ERY, 0.0),
    ],
)
def test_one_site_alone_opens_little(sites, cell, peak):
    codes = written(2048, *((1000 + 30 * i, site) for i, site in enumerate(sites)))
    assert hidden.hidden_quantities(codes, CELLS).accessibility[cell].max() == pytest.approx(
        peak, abs=2e-4
    )


def test_two_neighbours_switch_an_element_on_and_rest_switches_it_off():
    pair = written(2048, (1000, "AGATAAGA"), (1020, "CAGATGGT"))
    silenced = written(2048, (1000, "AGATAAGA"), (1020, "CAGATGGT"), (1040, "TTCAGCACCACG"))
    assert hidden.hidden_quantities(pair, CELLS).accessibility[ERY].max() > 0.65
    assert hidden.hidden_quantities(silenced, CELLS).accessibility[ERY, 900:1100].max() < 0.15


def promoter(*sp1: int, tata: int = 33) -> np.ndarray:
    sites = [(1200 - tata, "TATAAAAG"), (1196, "CTCAGTCC")]
    return written(2048, *sites, *((1200 - upstream, "GGGGCGGGG") for upstream in sp1))


@pytest.mark.parametrize(
    ("codes", "strength"),
    [
        (promoter(), 0.3),
        (promoter(100), 0.65),
        (promoter(80, 120), 1.0),
        (promoter(80, 100, 120), 1.0),
        (promoter(80, 120, tata=30), 1.0),
        (promoter(80, 120, tata=37), 1.0),
    ],
)
def test_promoter_strength_counts_sp1_and_needs_tata_in_place(codes, strength):
    plus, minus = hidden.hidden_quantities(codes, CELLS).starts
    assert plus.positions.tolist() == [1200]
    assert plus.strength[0] == pytest.approx(strength)
    assert not len(minus.positions)


@pytest.mark.parametrize("tata", [29, 38])
def test_a_tata_box_out_of_place_makes_no_promoter(tata):
    read = hidden.hidden_quantities(promoter(80, 120, tata=tata), CELLS)
    assert not len(read.starts[0].positions)


def test_a_promoter_is_read_on_the_other_strand_too():
    codes = grammar.reverse_complement(promoter(80, 120))
    plus, minus = hidden.hidden_quantities(codes, CELLS).starts
    assert not len(plus.positions)
    assert minus.positions.tolist() == [2048 - 1 - 1200]


def test_enhancer_input_equals_the_double_sum():
    rng = np.random.default_rng(0)
    accessible = rng.random((4, 3000)) ** 6
    running = np.sort(rng.integers(0, 4, 3000)).astype(float)
    positions = np.array([0, 17, 1500, 2999])
    x = np.arange(3000)
    expected = [
        (
            accessible * np.exp(-np.abs(x - t) / 4000) * np.exp(-1.2 * np.abs(running - running[t]))
        ).sum(axis=1)
        / 125
        for t in positions
    ]
    np.testing.assert_allclose(
        hidden.enhancer_input(positions, accessible, running), np.array(expected).T
    )


def test_insulation_counts_full_ctcf_sites_only():
    full, spoiled = "CCACCAGGTGGCAG", "CCACCAGGTGGCAT"
    codes = written(4096, (1000, full), (2000, spoiled), (3000, full))
    running = hidden.hidden_quantities(codes, CELLS).insulation
    assert running[[0, 1500, 2500, 4095]].tolist() == [0, 1, 1, 2]


def test_bin_means_of_spikes_equal_means_of_the_track():
    spikes = Spikes(np.array([5, 700, 1000]), np.array([1.0, 2.0, -0.5]))
    track = np.zeros(2048)
    gaussian.add_spikes(track, spikes, 80.0)
    np.testing.assert_allclose(
        gaussian.bin_means_of_spikes(spikes, 80.0, bins=16, width=128),
        track.reshape(16, 128).mean(axis=1),
        atol=1e-12,
    )
