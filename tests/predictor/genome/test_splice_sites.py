"""Annotated splice sites from the tables of intron starts and ends."""

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_annotation import load_annotation
from predictor.genome.gene_table import GeneTable
from predictor.genome.splice_sites import SpliceSites

# The introns [11, 20) on + and [31, 40) on - of chr1, and [5, 9) on + of chr2.
STARTS = pd.DataFrame(
    {"Chromosome": ["chr1", "chr1", "chr2"], "Start": [11, 31, 5], "Strand": ["+", "-", "+"]}
)
ENDS = pd.DataFrame(
    {"Chromosome": ["chr1", "chr1", "chr2"], "End": [20, 40, 9], "Strand": ["+", "-", "+"]}
)


def read(folder, starts=STARTS, ends=ENDS):
    starts.to_feather(folder / "starts.feather")
    ends.to_feather(folder / "ends.feather")
    return SpliceSites.from_junction_tables(folder / "starts.feather", folder / "ends.feather")


def where(mask):
    return [np.flatnonzero(mask[:, site]).tolist() for site in range(4)]


def test_a_donor_is_the_last_exon_base_and_an_acceptor_the_first_on_both_strands(tmp_path):
    sites = read(tmp_path)
    assert where(sites.mask(Interval("chr1", 0, 50))) == [[10], [20], [40], [30]]
    assert where(sites.mask(Interval("chr2", 4, 10))) == [[0], [5], [], []]


def test_the_strand_of_the_interval_does_not_matter(tmp_path):
    sites = read(tmp_path)
    forward, backward = (sites.mask(Interval("chr1", 5, 45, strand)) for strand in "+-")
    assert np.array_equal(forward, backward)


@pytest.mark.parametrize(
    ("start", "end", "donors"), [(10, 11, [0]), (9, 10, []), (11, 12, []), (-5, 11, [15])]
)
def test_a_site_belongs_to_an_interval_that_holds_its_base(tmp_path, start, end, donors):
    assert where(read(tmp_path).mask(Interval("chr1", start, end)))[0] == donors


def test_a_base_without_a_site_is_none_of_the_four(tmp_path):
    sites = read(tmp_path)
    assert sites.mask(Interval("chr1", 10, 11)).tolist() == [[True, False, False, False, False]]
    assert sites.mask(Interval("chr9", 0, 2))[:, :4].sum() == 0
    assert sites.mask(Interval("chr9", 0, 2))[:, 4].all()


def test_masks_equal_the_golden_case(golden, tmp_path):
    arrays, meta = golden("annotated_sites")
    frames = [
        pd.DataFrame(meta[name]["rows"], columns=meta[name]["columns"])
        for name in ("starts", "ends")
    ]
    sites = read(tmp_path, *frames)
    for number, item in enumerate(meta["items"]):
        interval = Interval.from_str(item["interval"])
        expected = arrays[f"sites_{number}"]
        if interval.negative_strand:  # There the official array is as the network sees it.
            expected = expected[::-1][:, [2, 3, 0, 1, 4]]
        assert np.array_equal(sites.mask(interval), expected), item


def test_stored_sites_give_the_same_masks_and_repeat_no_site(tmp_path):
    twice = pd.concat([STARTS, STARTS]).reset_index(drop=True)
    sites = read(tmp_path, starts=twice)
    assert len(sites) == 6
    sites.write(tmp_path / "sites.feather")
    stored = SpliceSites.open(tmp_path / "sites.feather")
    interval = Interval("chr1", 0, 50)
    assert np.array_equal(stored.mask(interval), sites.mask(interval))


def test_renamed_sites_lie_on_the_new_names_and_others_are_gone(tmp_path):
    sites = read(tmp_path).renamed({"chr2": "2"})
    assert sites.last_positions == {"2": 9}
    assert where(sites.mask(Interval("2", 4, 10)))[0] == [0]


def test_installed_sites_take_the_place_of_the_exons(tmp_path):
    exons = ((0, 100), (200, 300))
    gene = Gene("G", "G", "chr1", 0, 300, "+", "", (Transcript("T", 0, 300, exons, ()),))
    GeneTable.of([gene]).write(tmp_path / "genes.feather")
    interval = Interval("chr1", 0, 300)
    annotation = load_annotation(tmp_path / "genes.feather")
    assert where(annotation.splice_sites(interval)) == [[99], [200], [], []]
    read(tmp_path).write(tmp_path / "splice_sites.feather")
    annotation = load_annotation(tmp_path / "genes.feather")
    assert where(annotation.splice_sites(interval)) == [[10], [20], [40], [30]]


@pytest.mark.parametrize(
    ("starts", "sentence"),
    [
        (STARTS.rename(columns={"Start": "start"}), "lacks the columns Start"),
        (STARTS.assign(Strand="."), r"neither \+ nor -"),
    ],
)
def test_a_table_of_another_form_is_one_sentence(tmp_path, starts, sentence):
    with pytest.raises(errors.AnnotationError, match=sentence):
        read(tmp_path, starts=starts)


def test_a_file_that_is_no_feather_is_one_sentence(tmp_path):
    read(tmp_path)
    (tmp_path / "ends.feather").write_text("<html>")
    with pytest.raises(errors.AnnotationError, match=r"ends\.feather cannot be read as Feather"):
        SpliceSites.from_junction_tables(tmp_path / "starts.feather", tmp_path / "ends.feather")
