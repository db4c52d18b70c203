"""Fresh variants of every stratum: repeatable, of the stated size, with a truth that is true."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.models.dna_model import Organism

from predictor.cli import main
from predictor.evaluation import seeds
from predictor.simulator import grammar, held_out, readouts, variant_table
from predictor.simulator.held_out import STRATA, held_out_variants
from predictor.simulator.variant_scores import by_head

HUMAN, MOUSE = Organism
SEED = seeds.TESTS
FEW = {"count": 5, "windows": 8}


@pytest.fixture(scope="module")
def drawn():
    """A few variants of every stratum, by its name."""
    return {name: held_out_variants(SEED, name, **FEW) for name in STRATA}


@pytest.fixture(scope="module")
def every(drawn):
    return [entry for entries in drawn.values() for entry in entries]


def test_there_are_the_eleven_strata_of_the_specification():
    assert list(STRATA) == [
        "site broken", "site made", "indel", "TF binding", "promoter", "distal expression",
        "splice site", "exonic/intronic enhancer", "polyA", "CTCF", "no effect",
    ]  # fmt: skip


@pytest.mark.parametrize("name", STRATA)
def test_a_stratum_holds_variants_of_its_size_only(drawn, name):
    for entry in drawn[name]:
        assert STRATA[name].accepts(entry.true_size)
        assert abs(entry.truth) >= entry.true_size - 1e-12
    if name == held_out.NO_EFFECT:
        assert max(abs(entry.truth) for entry in drawn[name]) < 0.02


def test_the_truth_is_the_score_of_the_simulated_windows(drawn):
    for entries in drawn.values():
        entry = entries[-1]
        alleles = (entry.window, entry.alternate_window)
        reference, alternate = (readouts.simulate_arrays(a, HUMAN) for a in alleles)
        assert entry.score(reference, alternate) == pytest.approx(entry.truth, rel=1e-6)
        assert entry.score(reference, reference) == 0


def test_tracks_in_the_types_of_the_sdk_give_the_same_score(drawn):
    for name in ("TF binding", "CTCF", "exonic/intronic enhancer"):
        entry = drawn[name][0]
        alleles = (entry.window, entry.alternate_window)
        outputs = [readouts.simulate(grammar.decode(codes), HUMAN) for codes in alleles]
        assert entry.score(*map(by_head, outputs)) == pytest.approx(entry.truth, rel=1e-6)


def test_the_window_holds_the_reference_bases_and_alt_differs_from_there_on(every):
    for entry in every:
        start, end = entry.variant.start, entry.variant.end
        assert grammar.decode(entry.window[start:end]) == entry.variant.reference_bases
        alternate = entry.alternate_window
        np.testing.assert_array_equal(alternate[:start], entry.window[:start])
        new = alternate[start : start + len(entry.variant.alternate_bases)]
        assert grammar.decode(new) == entry.variant.alternate_bases
        assert len(alternate) == len(entry.window) == held_out.WINDOW


def test_contigs_of_one_name_have_the_same_bases(every):
    known: dict[str, np.ndarray] = {}
    for entry in every:
        window = known.setdefault(entry.variant.chromosome, entry.window)
        np.testing.assert_array_equal(window, entry.window)
    assert len(known) > 10


def test_names_and_variants_are_unique_within_a_stratum(drawn):
    for entries in drawn.values():
        assert len({entry.name for entry in entries}) == len(entries)
        assert len({(str(entry.variant), entry.probe) for entry in entries}) == len(entries)


def test_a_seed_gives_the_same_draw_and_another_seed_another(drawn):
    again = held_out_variants(SEED, "polyA", **FEW)
    other = held_out_variants(SEED + 1, "polyA", **FEW)
    assert [(str(e.variant), e.truth) for e in again] == [
        (str(e.variant), e.truth) for e in drawn["polyA"]
    ]
    assert not {str(e.variant) for e in again} & {str(e.variant) for e in other}


@pytest.mark.parametrize("name", ["promoter", "splice site", "polyA"])
def test_gains_and_losses_both_occur_so_that_no_constant_answer_is_right(name):
    truths = [e.truth for e in held_out_variants(SEED, name, count=12, windows=8)]
    assert 2 <= np.sum(np.array(truths) > 0) <= 10


def test_indels_are_1_to_20_bp_long_behind_an_anchor_base():
    signs = set()
    for entry in held_out_variants(SEED, "indel", count=12, windows=8):
        ref, alt = entry.variant.reference_bases, entry.variant.alternate_bases
        assert ref[0] == alt[0]
        assert min(len(ref), len(alt)) == 1
        assert 1 <= abs(len(ref) - len(alt)) <= 20
        signs.add(len(ref) > len(alt))
    assert signs == {True, False}


@pytest.mark.parametrize("name", ["TF binding", "CTCF", "no effect"])
def test_the_mouse_like_organism_has_its_own_variants(name):
    for entry in held_out_variants(SEED, name, organism=MOUSE, **FEW):
        assert entry.organism == MOUSE
        assert entry.track.cell_type in ("HEP", "ERY")


def test_a_draw_that_cannot_be_filled_says_how_far_it_came():
    with pytest.raises(held_out.TooFewVariantsError, match=r"hold \d+ variants of the stratum"):
        held_out_variants(SEED, "CTCF", count=500, windows=2)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((SEED, "site spoiled"), held_out.UnknownStratumError),
        ((-1, "polyA"), held_out.SeedError),
    ],
)
def test_unusable_arguments_are_named(arguments, error):
    with pytest.raises(error, match="use "):
        held_out_variants(*arguments)


def test_no_variants_cannot_be_asked_for():
    with pytest.raises(held_out.TooFewVariantsError, match="1 or more"):
        held_out_variants(SEED, "polyA", count=0)


def test_a_stratum_is_found_however_it_is_spelt():
    assert held_out.stratum_named("tf_BINDING").name == "TF binding"
    assert [s.name for s in held_out.strata_named("all")] == list(STRATA)


@pytest.mark.parametrize("ending", variant_table.FORMATS)
def test_every_format_holds_every_variant_and_the_contigs_stand_beside_it(every, tmp_path, ending):
    path, fasta = variant_table.write_variants(tmp_path / f"drawn{ending}", every)
    records = dict(record.split("\n", 1) for record in fasta.read_text().split(">")[1:])
    contigs = {name: bases.replace("\n", "") for name, bases in records.items()}
    rows = _read(path)
    assert len(rows) == len(every)
    by_name = {entry.name: entry for entry in every}
    for name, chromosome, position, reference, truth in rows:
        start = position - 1
        assert contigs[chromosome][start : start + len(reference)] == reference
        assert truth == pytest.approx(by_name[name].truth, abs=1e-6)


def _read(path):
    if path.suffix == ".vcf":
        lines = [x.split("\t") for x in path.read_text().splitlines() if not x.startswith("#")]
        return [(x[2], x[0], int(x[1]), x[3], float(x[7].split("TRUTH=")[1])) for x in lines]
    table = (pd.read_parquet if path.suffix == ".parquet" else pd.read_table)(path)
    columns = ["name", "chromosome", "position", "reference", "truth"]
    return list(table[columns].itertuples(index=False, name=None))


def test_a_vcf_has_its_contigs_in_order_and_ascending_positions_on_each(every, tmp_path):
    path, _ = variant_table.write_variants(tmp_path / "drawn.vcf", every)
    lines = path.read_text().splitlines()
    contigs = [x.split("ID=")[1].split(",")[0] for x in lines if x.startswith("##contig")]
    places = [x.split("\t")[:2] for x in lines if not x.startswith("#")]
    order = [(contigs.index(name), int(position)) for name, position in places]
    assert order == sorted(order)
    assert all(" " not in x for x in lines if not x.startswith("#"))


def test_another_ending_is_refused_before_anything_is_drawn(tmp_path):
    with pytest.raises(variant_table.TableFormatError, match=r"drawn\.csv"):
        variant_table.simulate(
            seed=1, stratum="all", count=60, organism="human", out=tmp_path / "drawn.csv"
        )
    assert not list(tmp_path.iterdir())


def test_the_command_writes_the_same_draw(drawn, tmp_path, capsys):
    path = tmp_path / "drawn.tsv"
    command = ["simulate", "variants", "--seed", str(SEED), "--stratum", "ctcf", "--count", "3"]
    assert main([*command, "--out", str(path)]) == 0
    expected = held_out_variants(SEED, "CTCF", count=3)
    assert pd.read_table(path)["position"].tolist() == [e.variant.position for e in expected]
    assert main([*command[:-3], "nothing", "--out", str(path)]) == 2
    assert "no stratum 'nothing'" in capsys.readouterr().err
