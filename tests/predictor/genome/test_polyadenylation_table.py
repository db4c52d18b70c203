"""Polyadenylation sites as published and as installed."""

import pandas as pd
import pytest

from predictor import errors
from predictor.genome.polyadenylation import PolyadenylationSites, installed_sites, read_sites

SITES = pd.DataFrame(
    {
        "Chromosome": ["chr1", "chr1"],
        "Start": [200, 100],
        "End": [201, 101],
        "pas_strand": ["+", "+"],
        "gene_id": ["G1.2", "G1.2"],
        "pas_id": ["b", "a"],
    }
)


def test_the_columns_that_scoring_needs_are_read_in_the_order_of_the_file(tmp_path):
    SITES.to_feather(tmp_path / "p.feather")
    assert read_sites(tmp_path / "p.feather").equals(SITES.drop(columns="pas_id"))


def test_an_assembly_without_sites_has_none(tmp_path):
    assert installed_sites(tmp_path) is None
    SITES.to_feather(tmp_path / "polyadenylation.feather")
    assert len(installed_sites(tmp_path)) == 2


def test_missing_columns_are_named(tmp_path):
    SITES.drop(columns="pas_strand").to_feather(tmp_path / "p.feather")
    with pytest.raises(errors.AnnotationError, match="lacks the columns pas_strand"):
        read_sites(tmp_path / "p.feather")


def test_sites_of_a_gene_come_in_reading_direction_whatever_the_version_of_its_id(tmp_path):
    backward = SITES.assign(pas_strand="-", gene_id="G2")
    sites = PolyadenylationSites(pd.concat([SITES, backward]))
    assert sites.of_gene("G1.7", "+").tolist() == [[100, 101], [200, 201]]
    assert sites.of_gene("G2", "-").tolist() == [[200, 201], [100, 101]]
    assert sites.of_gene("G1", "-").shape == sites.of_gene("G3", "+").shape == (0, 2)


def test_the_sites_of_the_demo_are_a_text(tmp_path):
    SITES.to_csv(tmp_path / "polya.tsv", sep="\t", index=False)
    assert installed_sites(tmp_path).equals(SITES.drop(columns="pas_id"))
    (tmp_path / "polya.tsv").write_text("Chromosome\tStart\n")
    with pytest.raises(errors.AnnotationError, match="lacks the columns End, pas_strand, gene_id"):
        installed_sites(tmp_path)
