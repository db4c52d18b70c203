"""Credible sets, eQTLs, enhancer-gene pairs, the unseen cell type and the limit demo."""

import json

import numpy as np
import pandas as pd
import pytest
from alphagenome.models.dna_model import Organism

from predictor.simulator import (
    chromatin_tracks,
    credible_sets,
    demo_lists,
    enhancer_genes,
    expression_qtls,
    grammar,
    truth,
    unseen_cell_type,
)
from predictor.simulator.limit_demo import limit_demo
from predictor.simulator.random_words import RandomWords
from predictor.simulator.world import read_world

HUMAN = Organism.HOMO_SAPIENS
SEED = 616_161


@pytest.fixture(scope="module")
def made(chromosomes):
    return [chromosomes["demo1"], chromosomes["demo2"]]


@pytest.fixture(scope="module")
def sets(made):
    return credible_sets.credible_sets(made, RandomWords(SEED), 4)


@pytest.fixture(scope="module")
def qtls(made):
    return expression_qtls.expression_qtls(made, RandomWords(SEED), 40)


@pytest.fixture(scope="module")
def pairs(made):
    return enhancer_genes.enhancer_gene_pairs(made, RandomWords(SEED), 10)


def simulated_ln_expression(chromosomes, locus, variant, cell_type):
    """ln of T by the long way: all that the simulator reads on the window."""
    name = locus.interval.chromosome
    effect = truth.Effect.of(chromosomes[name].codes, locus.interval, variant, HUMAN)
    reference, alternate = effect.expression(locus.gene.moved(-locus.interval.start))[cell_type]
    return np.log(alternate / reference)


def test_a_credible_set_has_eight_variants_and_one_cause_that_matters(sets):
    for each in sets:
        assert len(each.variants) == 8
        assert sum(entry.is_causal for entry in each.variants) == 1
        assert abs(each.causal.true_ln_expression) > 0.2
        for entry in each.variants:
            assert entry.is_causal or abs(entry.true_ln_expression) < 0.02
        assert sum(entry.pip for entry in each.variants) == pytest.approx(1)
        positions = [entry.variant.position for entry in each.variants]
        assert positions == sorted(set(positions))


def test_the_cause_does_to_expression_what_the_simulator_says(sets, chromosomes):
    for each in sets:
        expected = simulated_ln_expression(
            chromosomes, each.locus, each.causal.variant, each.cell_type.key
        )
        assert each.causal.true_ln_expression == pytest.approx(expected)


def test_expression_and_risk_go_every_way_together(sets):
    assert {(e.causal.true_ln_expression > 0, e.risk_is_reference) for e in sets} == {
        (True, False), (True, True), (False, True), (False, False),
    }  # fmt: skip


def test_the_measured_effect_of_the_cause_is_the_truth_within_the_error(sets):
    for each in sets:
        expected = each.trait_follows * 0.8 * each.causal.true_ln_expression
        assert each.causal.beta == pytest.approx(expected, abs=5 * credible_sets.STANDARD_ERROR)


def test_a_credible_set_stands_at_a_gene_of_its_own(sets):
    assert len({each.locus.gene.name for each in sets}) == len(sets)


def test_measured_effects_follow_the_truth_but_not_wholly(qtls):
    measured = [entry.measured for entry in qtls]
    true = [entry.true_ln_expression for entry in qtls]
    assert len(qtls) == 40
    assert 0.8 < np.corrcoef(measured, true)[0, 1] < 0.97
    assert min(true) < -0.1 < 0.1 < max(true)


def test_eqtl_truth_is_what_the_simulator_says(qtls, chromosomes):
    strongest = max(qtls, key=lambda entry: entry.true_ln_expression)
    for entry in (qtls[0], qtls[-1], strongest):
        expected = simulated_ln_expression(
            chromosomes, entry.locus, entry.variant, entry.cell_type.key
        )
        assert entry.true_ln_expression == pytest.approx(expected, abs=1e-12)


def test_every_list_states_the_reference_bases_of_the_assembly(sets, qtls, pairs, chromosomes):
    variants = [entry.variant for each in sets for entry in each.variants]
    variants += [entry.variant for entry in qtls] + [pair.knock_out for pair in pairs]
    for variant in variants:
        codes = chromosomes[variant.chromosome].codes[variant.start : variant.end]
        assert grammar.decode(codes) == variant.reference_bases


def test_pairs_are_positive_where_the_knock_out_takes_a_fifth_of_expression(pairs, chromosomes):
    assert len(pairs) == 10
    assert sum(pair.is_positive for pair in pairs) == 4
    for pair in pairs[::3]:
        change = simulated_ln_expression(
            chromosomes, pair.locus, pair.knock_out, pair.cell_type.key
        )
        assert pair.true_change == pytest.approx(np.exp(change) - 1)
        assert pair.is_positive == (pair.true_change < -0.2)


def test_a_knock_out_takes_the_whole_element_and_closes_it(pairs, chromosomes):
    for pair in pairs[:4]:
        element, first = pair.element, pair.locus.interval.start
        deleted = (pair.knock_out.start + 1, pair.knock_out.end)
        assert deleted == (element.start, element.end)
        codes = chromosomes[element.chromosome].codes
        after = truth.alternate_window(codes, pair.locus.interval, (pair.knock_out,))
        before = pair.locus.window.world
        row = before.row(pair.cell_type.key)
        start, end = element.start - first, element.end - first
        opened = before.hidden.accessibility[row, start:end].max()
        left = read_world(after, HUMAN).hidden.accessibility[row, start - 30 : start + 30].max()
        assert opened > 0.3
        assert left < opened / 2


def test_the_unseen_cell_type_obeys_the_rules_of_the_others(chromosomes):
    codes = chromosomes["demo1"].codes[:32_768]
    signals = {
        track.stem: values for track, values in unseen_cell_type.unseen_signals(codes).items()
    }
    world = read_world(codes, HUMAN)
    # Promoters and CTCF sites open it as they open all; AP1 and ETS open it more than T cells.
    closed = chromatin_tracks.chromatin(world).open.min(axis=0)
    assert (signals["stromal_dnase"] >= 0.05 - 1e-6).all()
    own = signals["stromal_dnase"] - chromatin_tracks.chromatin(world).open[0]
    assert own.max() > 0.5
    assert (signals["stromal_dnase"] > closed + 0.5).any()
    for stem, strand in (("stromal_rna_plus", "+"), ("stromal_rna_minus", "-")):
        read = sum(each.strand == strand for each in world.transcripts)
        assert (signals[stem].max() > 0) == (read > 0)


def test_the_limit_demo_says_why_there_is_no_gene_score():
    demo = limit_demo()
    assert demo.small.width == 4096
    assert not demo.small.start <= demo.start_site < demo.small.end
    assert demo.large.start <= demo.start_site < demo.large.end
    assert "no gene score" in demo.reason
    assert "4,096 bp" in demo.reason


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("lists")
    demo_lists.write_lists(out, sets=3, qtls=8, pairs=5)
    return out / "demoH1" / "lists"


def test_every_file_is_named_in_the_readme_which_says_that_all_is_invented(folder):
    text = (folder / "README.md").read_text()
    assert "invented" in text
    for path in folder.iterdir():
        stem = "stromal_*" if path.suffix == ".bigWig" else path.stem
        assert path.name == "README.md" or stem in text


def test_the_vcf_of_a_list_holds_its_variants_but_not_the_truth(folder):
    for stem in ("credible_sets", "eqtl"):
        table = pd.read_table(folder / f"{stem}.tsv")
        text = (folder / f"{stem}.vcf").read_text()
        rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
        assert {row[2] for row in rows} == set(table["name"])
        assert "true" not in text.casefold()
    assert len(pd.read_table(folder / "credible_sets.tsv")) == 3 * 8
    assert len(pd.read_table(folder / "enhancer_gene.tsv")) == 5


def test_training_and_test_intervals_lie_on_different_chromosomes(folder):
    names = ["chromosome", "start", "end", "subset"]
    intervals = pd.read_table(folder / "stromal_intervals.bed", names=names)
    assert set(zip(intervals["chromosome"], intervals["subset"], strict=True)) == {
        ("demo1", "train"), ("demo2", "test"),
    }  # fmt: skip
    assert ((intervals["end"] - intervals["start"]) == 32_768).all()


def test_the_table_of_the_unseen_cell_type_names_files_that_are_there(folder):
    table = pd.read_table(folder / "stromal_tracks.tsv")
    assert table["output_type"].tolist() == ["DNASE", "RNA_SEQ", "RNA_SEQ"]
    assert all((folder / name).stat().st_size > 10_000 for name in table["file"])
    assert table["name"].str.startswith("D-").all()
    assert (table["nonzero_mean"] > 0).all()


def test_the_truth_of_the_limit_demo_is_the_same_in_both_windows_but_for_the_gene(folder):
    row = json.loads((folder / "limit_demo.json").read_text())
    effects = row["true_log2_dnase"]
    assert effects["small"] == pytest.approx(effects["large"], abs=1e-3)
    assert effects["small"] > 1
    assert row["true_gene_score_in_small_window"] is None
