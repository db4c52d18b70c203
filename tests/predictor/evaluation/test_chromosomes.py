"""Readouts along a chromosome: what the truth gets against itself, and cases made by hand."""

import dataclasses

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism

from predictor.evaluation.chromosomes import READOUTS, Place, Side, evaluate_chromosomes
from predictor.simulator import assembly

HUMAN, MOUSE = Organism
WINDOW = 16_384


@pytest.fixture(scope="module")
def pieces():
    """The first 65,536 bases of each organism's first chromosome."""

    def piece(organism):
        whole = assembly.chromosomes(organism)[0]
        return dataclasses.replace(whole, codes=whole.codes[: 4 * WINDOW])

    return {organism: [piece(organism)] for organism in Organism}


def evaluated(engine, pieces, organism):
    found = evaluate_chromosomes(engine, organism, chromosomes=pieces[organism], window=WINDOW)
    return found, {row["readout"]: row for row in found["rows"]}


def test_the_truth_agrees_with_itself_in_every_readout(oracle, pieces):
    found, rows = evaluated(oracle(), pieces, HUMAN)
    assert found["assembly"] == "demoH1"
    assert found["windows"] == 4
    assert list(rows) == [readout.name for readout in READOUTS]
    for row in rows.values():
        assert row["measured"] == 1, row["readout"]
        assert row["passed"] is (None if row["target"] is None else True)


def test_an_organism_is_measured_where_it_has_tracks_and_targets_are_for_the_human_like_one(
    oracle, pieces
):
    found, rows = evaluated(oracle(), pieces, MOUSE)
    assert found["chromosomes"] == ["demoM"]
    assert "PROCAP" not in rows
    assert "CHIP_HISTONE: the other marks" not in rows
    for row in rows.values():
        assert row["measured"] == 1
        assert row["target"] is row["passed"] is None


def test_a_prediction_that_never_changes_reaches_nothing(oracle, pieces):
    _, rows = evaluated(oracle(np.zeros_like), pieces, HUMAN)
    for name, row in rows.items():
        if name not in ("SPLICE_JUNCTIONS", "SPLICE_SITES"):
            assert row["measured"] == 0, name
    assert rows["SPLICE_SITES"]["measured"] < 0.001
    assert rows["SPLICE_SITES"]["passed"] is False


def test_figures_of_tracks_are_named_and_their_mean_is_the_result(oracle, pieces):
    rng = np.random.default_rng(5)
    _, rows = evaluated(oracle(lambda v: v + rng.uniform(0, 0.5, v.shape)), pieces, HUMAN)
    tracks = rows["CHIP_TF"]["tracks"]
    assert [track["name"].split()[-1] for track in tracks[:3]] == ["CTCF", "CTCF", "MYB"]
    mean = np.mean([track["measured"] for track in tracks])
    assert rows["CHIP_TF"]["measured"] == pytest.approx(mean, abs=1e-4)
    assert 0.1 < mean < 0.99


def taken(name, side, place):
    return next(readout for readout in READOUTS if readout.name == name).take(side, place)


def test_genes_are_read_on_their_own_strand_and_in_order_of_cell_types(pieces):
    gene = next(g for g in pieces[HUMAN][0].genes if g.strand == "-" and len(g.exons) > 2)
    gene = gene.moved(-gene.span[0])
    length = gene.span[1]
    rna, cage, usage = np.zeros((length, 7)), np.zeros((length, 6)), np.zeros((length, 8))
    for start, end in gene.exons:
        rna[start:end, :3] = 99.0  # plus strand
        rna[start:end, 3:] = [1, 2, 3, 4]  # T, HEP, ERY minus; NEU unstranded
    cage[gene.start_site, 3:] = [1, 2, 3]
    for start, end in gene.exons[1:-1]:
        usage[start, 4:], usage[end - 1, 4:] = 0.2, 0.6
    side = Side({"rna_seq": rna, "cage": cage, "splice_sites_usage": usage}, {})
    place = Place(HUMAN, (gene,), ())
    np.testing.assert_allclose(
        taken("RNA_SEQ of genes", side, place), [np.log(np.array([1, 2, 3, 4]) + 0.001)]
    )
    np.testing.assert_allclose(taken("CAGE at start sites", side, place), [np.log([2, 3, 4])])
    np.testing.assert_allclose(
        taken("SPLICE_SITE_USAGE", side, place), np.full((len(gene.exons) - 2, 4), 0.4)
    )


def test_a_junction_that_is_not_predicted_counts_as_none():
    junctions = ((10, 50, "+"), (60, 90, "-"))
    place = Place(MOUSE, (), junctions)
    side = Side({}, {(10, 50, "+"): np.array([1.0, 3.0]), (11, 50, "+"): np.array([9.0, 9.0])})
    np.testing.assert_allclose(
        taken("SPLICE_JUNCTIONS", side, place), [[np.log(2), np.log(4)], [0, 0]]
    )
