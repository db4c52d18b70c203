"""The stream of training windows."""

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from predictor.simulator import grammar
from predictor.simulator.window_reading import WindowReading
from predictor.training import data, recipes
from predictor.training.augmentation import Window, reverse_complement
from predictor.training.recipe import Mixture, Stage

RECIPE = dataclasses.replace(
    recipes.ci(),
    stages=(Stage(window=2048, batch=2, steps=2), Stage(window=4096, batch=1, steps=2)),
)


def assert_same(left: data.Batch, right: data.Batch) -> None:
    np.testing.assert_array_equal(left.codes, right.codes)
    np.testing.assert_array_equal(left.organism_index, right.organism_index)
    np.testing.assert_array_equal(left.positions, right.positions)
    np.testing.assert_array_equal(left.counts, right.counts)
    np.testing.assert_array_equal(left.genes, right.genes)
    np.testing.assert_array_equal(left.structure, right.structure)
    for head, values in left.targets.items():
        np.testing.assert_array_equal(values, right.targets[head], err_msg=head)


def test_a_batch_is_a_function_of_seed_and_step():
    assert_same(data.batch_at(RECIPE, 1), data.batch_at(RECIPE, 1))
    assert (data.batch_at(RECIPE, 0).codes != data.batch_at(RECIPE, 1).codes).any()
    other = dataclasses.replace(RECIPE, seed=RECIPE.seed + 1)
    assert (data.batch_at(RECIPE, 0).codes != data.batch_at(other, 0).codes).any()


def test_windows_grow_with_the_stages():
    assert [data.batch_at(RECIPE, step).codes.shape for step in range(5)] == [
        (2, 2048),
        (2, 2048),
        (1, 4096),
        (1, 4096),
        (1, 4096),
    ]


def test_training_calibration_and_held_out_windows_differ():
    train = data.batch_at(RECIPE, 0, data.TRAIN).codes[0]
    calibration = data.batch_at(RECIPE, 0, data.CALIBRATION).codes[0]
    held_out = data.held_out_window(RECIPE.seed, 0, 2048).codes
    assert (train != calibration).any()
    assert (train != held_out).any()
    assert (calibration != held_out).any()


@pytest.mark.parametrize("organism", [0, 1])
@pytest.mark.parametrize("kind", ["genome", "soup"])
def test_the_reverse_complement_of_a_window_is_the_truth_of_the_other_strand(organism, kind):
    codes = data.genome.generate_window(
        data.random_at(7, organism), 8192, data.ORGANISMS[organism], kind
    )
    permutations = data.strand_permutations(data.ORGANISMS[organism])
    mirrored: Window = reverse_complement(data.label(codes, organism), permutations)
    direct = data.label(grammar.reverse_complement(codes), organism)
    np.testing.assert_array_equal(mirrored.codes, direct.codes)
    np.testing.assert_array_equal(mirrored.positions, direct.positions)
    np.testing.assert_allclose(mirrored.counts, direct.counts, atol=2e-4)
    np.testing.assert_array_equal(mirrored.genes > 0, direct.genes > 0)
    np.testing.assert_array_equal(mirrored.structure, direct.structure)
    for head, values in direct.targets.items():
        np.testing.assert_allclose(mirrored.targets[head], values, atol=2e-4, err_msg=head)


def test_the_stream_process_gives_the_same_batches_in_order():
    with data.Stream(RECIPE, 1, 4) as stream:
        for expected, (step, batch) in zip(range(1, 4), stream, strict=True):
            assert step == expected
            assert_same(batch, data.batch_at(RECIPE, step))


def test_the_death_of_the_stream_process_is_told_and_not_waited_for():
    with data.Stream(RECIPE, 0, 10_000) as stream:
        steps = iter(stream)
        next(steps)
        stream._process.kill()
        with pytest.raises(data.StreamError, match="ended at step"):
            for _ in steps:
                pass


def test_the_stream_loads_no_jax():
    code = "import sys, predictor.training.data; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_means_are_of_the_non_zero_bases_and_equal_within_a_strand_pair():
    recipe = dataclasses.replace(RECIPE, scaling_windows=6, scaling_window=8192)
    scaling = data.measure_scaling(recipe)
    np.testing.assert_array_equal(scaling.means["rna_seq"][0][:3], scaling.means["rna_seq"][0][3:6])
    windows = [
        data.draw_window(
            data.random_at(recipe.seed, data.SCALING, i),
            Mixture(genome=1, mutated=0, soup=0, background=0, mouse=0),
            8192,
        )
        for i in (0, 2, 4)
    ]
    values = np.concatenate([w.targets["dnase"][:, 0] for w in windows])
    expected = values[values > 0].mean()
    np.testing.assert_allclose(scaling.means["dnase"][0, 0], expected, rtol=1e-5)
    bins = np.concatenate([w.targets["chip_tf"][:, 0] for w in windows])
    np.testing.assert_allclose(
        scaling.means["chip_tf"][0, 0] * 128, bins[bins > 0].mean(), rtol=1e-5
    )


def test_padding_tracks_are_masked_and_their_mean_is_one():
    scaling = data.measure_scaling(dataclasses.replace(RECIPE, scaling_windows=2))
    assert scaling.masks["dnase"].tolist() == [[True] * 4, [True, True, False, False]]
    np.testing.assert_array_equal(scaling.means["dnase"][1, 2:], 1.0)
    assert not scaling.masks["procap"][1].any()


def test_the_shares_of_kinds_and_organisms_are_those_of_the_mixture(monkeypatch):
    seen: list[tuple[str, int]] = []

    def record(random, length, organism, kind):
        seen.append((kind, data.ORGANISMS.index(organism)))
        return np.zeros(length, np.uint8)

    monkeypatch.setattr(data.genome, "generate_window", record)
    monkeypatch.setattr(
        data, "label", lambda codes, organism: Window(codes, organism, {}, *[np.zeros(0)] * 4)
    )
    mixture = dataclasses.replace(Mixture(), reverse_complement=0.0, mutated=0.0)
    for index in range(2000):
        data.draw_window(data.random_at(5, index), mixture, 64)
    kinds = [kind for kind, _ in seen]
    assert kinds.count("genome") / 2000 == pytest.approx(0.45 / 0.70, abs=0.05)
    assert kinds.count("soup") / 2000 == pytest.approx(0.20 / 0.70, abs=0.05)
    assert np.mean([organism for _, organism in seen]) == pytest.approx(0.25, abs=0.05)


def test_the_bases_of_a_gene_are_those_of_its_exons():
    codes = data.held_out_window(3, 0, 32_768).codes
    reading = WindowReading.of("w", codes, data.ORGANISMS[0])
    expected = np.zeros((len(codes), 2), bool)
    for gene in reading.genes:
        for start, end in gene.exons:
            expected[start:end, "+-".index(gene.strand)] = True
    genes = data.label(codes, 0).genes
    assert expected.any()
    np.testing.assert_array_equal(genes > 0, expected)
    assert genes.max() <= max(sum(g.strand == s for g in reading.genes) for s in "+-")


def test_a_gene_is_seen_in_the_rna_of_its_strand_and_in_that_without_one():
    masks = data.track_masks()
    human, mouse = data.Scaling(means={}, masks=masks).rna_strands
    assert human.sum(axis=1).tolist() == [4, 4]
    assert (human[0] & human[1]).sum() == 1
    assert mouse.sum(axis=1).tolist() == [2, 2]
    assert not (mouse[0] & mouse[1]).any()


def test_a_shifted_window_is_cut_from_a_longer_one_and_labelled_afterwards(monkeypatch):
    made = []

    def remember(*arguments, real=data.genome.generate_window):
        made.append(real(*arguments))
        return made[-1]

    monkeypatch.setattr(data.genome, "generate_window", remember)
    mixture = Mixture(
        genome=1, mutated=0, soup=0, background=0, reverse_complement=0, mouse=0, shift=1024
    )
    offsets = set()
    for index in range(12):
        window = data.draw_window(data.random_at(5, index), mixture, 2048)
        assert len(made[-1]) == 2048 + 2 * 1024
        places = np.lib.stride_tricks.sliding_window_view(made[-1], 2048)
        (offset,) = np.flatnonzero((places == window.codes).all(axis=1))
        offsets.add(int(offset))
        np.testing.assert_array_equal(
            data.label(window.codes, 0).targets["dnase"], window.targets["dnase"]
        )
    assert len(offsets) > 6
    assert min(offsets) < 1024 < max(offsets)


def test_edits_grow_with_the_window(monkeypatch):
    asked = []

    def count(codes, random, organism, *, most, functional):
        asked.append((most, functional))
        return codes

    monkeypatch.setattr(data.genome, "mutate", count)
    mixture = Mixture(genome=0, mutated=1, soup=0, background=0, edits=6, functional=0.8)
    for length in (2048, 4096, 16_384):
        data.draw_window(data.random_at(5, length), mixture, length)
    assert asked == [(3, 0.8), (6, 0.8), (24, 0.8)]


def test_the_stream_process_ends_when_its_parent_is_killed():
    """The parent prints its stream's process and is killed with SIGKILL; so nothing can tell it."""
    code = (
        "import dataclasses, sys, time\n"
        "from predictor.training import data, recipe, recipes\n"
        "stage = recipe.Stage(window=2048, batch=1, steps=10_000)\n"
        "stream = data.Stream(dataclasses.replace(recipes.ci(), stages=(stage,)), 0, 10_000)\n"
        "with stream:\n"
        "    next(iter(stream))\n"
        "    print(stream._process.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    for _ in range(300):
        if not Path(f"/proc/{child}").exists():
            return
        time.sleep(0.1)
    pytest.fail(f"process {child} still runs")


def test_a_pair_differs_by_substitutions_alone_and_each_allele_has_its_own_truth():
    mixture = Mixture(genome=1, mutated=0, soup=0, background=0, edits=6, functional=1.0)
    strands = set()
    for index in range(6):
        reference, alternate = data.draw_pair(data.random_at(7, index), mixture, 8192)
        differ = np.flatnonzero(reference.codes != alternate.codes)
        # 12 edits at most, each of at most the 14 bp of the longest motif.
        assert 0 < len(differ) <= 12 * 14
        assert reference.organism == alternate.organism
        for window in (reference, alternate):
            own = data.label(window.codes, window.organism)
            np.testing.assert_array_equal(own.targets["dnase"], window.targets["dnase"])
        strands.add(bool((reference.structure[:, ::2] > 0).any()))
    assert True in strands


def test_both_alleles_of_a_pair_are_read_from_the_same_strand():
    turned = Mixture(genome=1, mutated=0, soup=0, background=0, reverse_complement=1.0)
    direct = dataclasses.replace(turned, reverse_complement=0.0)
    for left, right in zip(
        data.draw_pair(data.random_at(8), turned, 4096),
        data.draw_pair(data.random_at(8), direct, 4096),
        strict=True,
    ):
        np.testing.assert_array_equal(left.codes, grammar.reverse_complement(right.codes))


def test_a_batch_of_pairs_holds_each_window_before_its_substitutions():
    stage = Stage(window=4096, batch=4, steps=1, pairs=True)
    batch = data.batch_at(dataclasses.replace(RECIPE, stages=(stage,)), 0)
    differing = (batch.codes[::2] != batch.codes[1::2]).sum(axis=1)
    assert (differing > 0).all()
    assert (differing < 200).all()
    assert (batch.codes[0] != batch.codes[2]).mean() > 0.5


def test_a_run_that_goes_on_from_another_sees_none_of_its_windows():
    later = dataclasses.replace(RECIPE, stream_start=100)
    stage = dataclasses.replace(RECIPE.stages[0], steps=200)
    longer = dataclasses.replace(RECIPE, stages=(stage,))
    assert_same(data.batch_at(later, 0), data.batch_at(longer, 100))


def test_the_structure_of_a_transcript_times_its_level_is_its_rna():
    """Where one transcript is read alone, RNA is level times coverage, and it ends where no more
    transcripts are read."""
    seen = 0
    for index in range(40):
        window = data.held_out_window(11, index, 8192)
        world = WindowReading.of("w", window.codes, data.ORGANISMS[0]).world
        alone = [
            e
            for e in world.transcripts
            if e.expression.max() >= 0.02
            and not any(
                o is not e
                and o.strand == e.strand
                and o.transcript.start < e.transcript.end
                and e.transcript.start < o.transcript.end
                for o in world.transcripts
            )
        ]
        for expressed in alone:
            if expressed.strand != "+":
                continue
            span = slice(expressed.transcript.start, expressed.transcript.end)
            track = next(
                i
                for i, t in enumerate(data.track_table.TRACKS[data.ORGANISMS[0]]["rna_seq"])
                if t.strand == "+" and not world.rbfox(str(t.cell_type))
            )
            cell = str(data.track_table.TRACKS[data.ORGANISMS[0]]["rna_seq"][track].cell_type)
            level = expressed.level[world.row(cell)]
            np.testing.assert_allclose(
                window.targets["rna_seq"][span, track],
                level * window.structure[span, 2],
                rtol=1e-4,
                atol=1e-6,
            )
            assert (window.structure[span, 0] >= window.structure[span, 2] - 1e-6).all()
            seen += 1
    assert seen > 5
