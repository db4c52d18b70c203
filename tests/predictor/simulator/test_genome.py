"""Training windows and mutations: fresh, repeatable, of the right kind."""

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism

from predictor.simulator import background, genome, grammar, mutation
from predictor.simulator.random_words import RandomWords
from predictor.simulator.splicing import strand_sites
from predictor.simulator.world import read_world

HUMAN, MOUSE = Organism


@pytest.mark.parametrize("kind", genome.WINDOW_KINDS)
@pytest.mark.parametrize("organism", Organism)
def test_a_seed_gives_one_window_and_another_seed_another(kind, organism):
    first, again, other = (
        genome.generate_window(seed, 4096, organism, kind) for seed in ([1, 2], [1, 2], [1, 3])
    )
    np.testing.assert_array_equal(first, again)
    assert len(first) == 4096
    assert first.max() <= 3
    assert (first != other).mean() > 0.5


def test_the_words_of_pcg64_are_the_published_stream():
    random = RandomWords(42)
    assert random.uniforms(3).tolist() == pytest.approx(
        [0.7739560485559633, 0.4388784397520523, 0.8585979199113825], abs=0
    )


def test_choices_stay_in_range_and_reach_both_ends():
    random = RandomWords(1)
    drawn = [random.integer(3, 5) for _ in range(200)]
    assert set(drawn) == {3, 4, 5}
    assert {random.weighted("ab", (0.0, 1.0)) for _ in range(50)} == {"b"}


def test_the_cleaning_pass_leaves_no_site():
    codes = background.clean_background(RandomWords(5), 20_000, 0.42)
    read = read_world(codes, HUMAN)
    assert not any(len(starts.positions) for starts in read.hidden.starts)
    assert all(spikes.values.max(initial=0) < 0.49 for spikes in read.hidden.occupancy.values())
    for strand in (codes, grammar.reverse_complement(codes)):
        sites = strand_sites(strand)
        assert sites.donor_strength.max(initial=0) < 0.1
        assert sites.acceptor_strength.max(initial=0) < 0.1
        assert not len(sites.polya)


def test_gc_content_follows_the_organism():
    for organism in Organism:
        gc = grammar.ORGANISMS[organism].gc
        codes = background.random_bases(RandomWords(1), 50_000, gc)
        assert np.isin(codes, (1, 2)).mean() == pytest.approx(gc, abs=0.01)


def test_genome_windows_hold_genes_at_the_density_of_the_assembly():
    starts = [
        sum(len(s.positions) for s in read_world(codes, HUMAN).hidden.starts)
        for codes in (genome.generate_window([6, i], 32_768, HUMAN) for i in range(8))
    ]
    assert 3 <= np.mean(starts) <= 7


def test_soups_hold_every_rule():
    """Open elements in all cell types, sites closed by REST, spliced genes, loops."""
    open_cells, rest, spliced, loops = np.zeros(4, bool), 0, 0, 0
    for index in range(8):
        world = read_world(genome.generate_window([8, index], 16_384, HUMAN, "soup"), HUMAN)
        open_cells |= (world.hidden.accessibility > 0.7).any(axis=1)
        rest += (world.hidden.occupancy["REST"].values > 0.4).sum()
        spliced += sum(len(e.transcript.exons) > 2 for e in world.transcripts)
        loops += len(world.hidden.insulators.forward_centers)
    assert open_cells.all()
    assert rest > 10
    assert spliced > 5
    assert loops > 4


def test_an_unknown_kind_is_named():
    with pytest.raises(genome.WindowKindError, match="'stew'"):
        genome.generate_window(1, 2048, HUMAN, "stew")


@pytest.mark.parametrize("organism", Organism)
def test_mutations_keep_the_length_and_leave_the_window_as_it_was(organism):
    codes = genome.generate_window([9, 9], 4096, organism, "soup")
    kept = codes.copy()
    for seed in range(40):
        changed = genome.mutate(codes, [10, seed], organism)
        assert len(changed) == len(codes)
        assert changed.max() <= 3
        np.testing.assert_array_equal(changed, genome.mutate(codes, [10, seed], organism))
    np.testing.assert_array_equal(codes, kept)


def test_half_of_the_mutated_windows_change_what_is_read():
    changed = 0
    for seed in range(20):
        codes = genome.generate_window([11, seed], 4096, HUMAN, "soup")
        other = genome.mutate(codes, [12, seed], HUMAN)
        before, after = (read_world(c, HUMAN).hidden.accessibility for c in (codes, other))
        changed += abs(before.sum(axis=1) - after.sum(axis=1)).max() > 5
    assert changed >= 8


def test_edits_do_what_they_say():
    codes = grammar.encode("AACCGGTTAC")
    assert grammar.decode(mutation.insert(codes, 2, grammar.encode("TTT"))) == "AATTTCCGGT"
    assert grammar.decode(mutation.invert(codes, (0, 4))) == "GGTTGGTTAC"
    assert grammar.decode(mutation.delete(codes, (2, 5), RandomWords(1), 0.5))[:7] == "AAGTTAC"
    assert (mutation.snv(codes, 4, RandomWords(1)) != codes).tolist() == [i == 4 for i in range(10)]


def read_in(kind):
    """Per window, the numbers of transcripts, of internal exons and of polyA signals passed."""
    found = []
    for seed in range(6):
        world = read_world(genome.generate_window([13, seed], 16_384, HUMAN, kind), HUMAN)
        transcripts = [expressed.transcript for expressed in world.transcripts]
        exons = sum(max(0, len(t.exons) - 2) for t in transcripts)
        found.append((len(transcripts), exons, sum(len(t.polya) for t in transcripts)))
    return np.mean(found, axis=0)


def test_packed_windows_hold_more_exons_and_ends_more_polya_signals_than_the_genome():
    usual, packed, ends = (read_in(kind) for kind in ("genome", "packed", "ends"))
    assert packed[1] > 1.5 * usual[1]
    assert ends[0] > 2 * usual[0]
    assert ends[2] > 2 * usual[2]


def test_more_and_more_functional_edits_change_more_of_what_is_read():
    def changed(**choice):
        total = 0.0
        for seed in range(12):
            codes = genome.generate_window([14, seed], 8192, HUMAN, "packed")
            other = genome.mutate(codes, [15, seed], HUMAN, **choice)
            before, after = (read_world(c, HUMAN).hidden.accessibility for c in (codes, other))
            total += np.abs(before.sum(axis=1) - after.sum(axis=1)).sum()
        return total

    assert changed(most=30, functional=1.0) > 2 * changed(most=1, functional=0.0)
