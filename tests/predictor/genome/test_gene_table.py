"""Genes on disk."""

import pytest

from predictor import errors
from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_annotation import Annotation, find_annotation, load_annotation
from predictor.genome.gene_table import GeneTable

GENES = [
    Gene("G2", "TWO", "chr2", 500, 900, "-", "lncRNA", ()),
    Gene(
        *("G1", "ONE", "chr2", 100, 600, "+", "protein_coding"),
        transcripts=(
            Transcript("T1", 100, 600, ((100, 200), (300, 600)), ((150, 200),)),
            Transcript("T2", 100, 200, ((100, 200),), ()),
        ),
        number=1,
    ),
    Gene("G3", "THREE", "chr1", 0, 10, "+", "", (Transcript("T3", 0, 10, (), ()),), number=2),
]


def test_stored_genes_are_the_genes(tmp_path):
    GeneTable.of(GENES).write(tmp_path / "genes.feather")
    stored = load_annotation(tmp_path / "genes.feather")
    assert list(stored) == [GENES[1], GENES[0], GENES[2]]
    assert set(stored) == set(GENES)
    assert stored.genes("chr2", 550, 560) == [GENES[1], GENES[0]]
    assert [transcript.id for transcript in stored.find("one").transcripts[::-1]] == ["T2", "T1"]


def test_stored_genes_are_found_by_the_same_texts(tmp_path):
    GeneTable.of(GENES).write(tmp_path / "genes.feather")
    stored, fresh = load_annotation(tmp_path / "genes.feather"), Annotation(GENES)
    for text in ("t", "T2", "one", "g", "G3", "THREE", "absent", ""):
        assert stored.search(text) == fresh.search(text)
        assert stored.find(text) == fresh.find(text)


def test_no_genes_are_an_annotation_too(tmp_path):
    GeneTable.of([]).write(tmp_path / "genes.feather")
    empty = load_annotation(tmp_path / "genes.feather")
    assert len(empty) == 0
    assert empty.genes("chr1", 0, 100) == []
    assert empty.search("a") == []
    assert empty.find("a") is None


def test_genes_of_chosen_chromosomes_are_those_that_stay():
    kept = GeneTable.of(GENES).on(["chr1"])
    assert list(kept) == [GENES[2]]
    assert list(kept.chromosome_rows()) == ["chr1"]


def test_rows_beyond_the_table_do_not_exist():
    table = GeneTable.of(GENES)
    assert table[-1] == GENES[2]
    with pytest.raises(IndexError):
        table[3]


def test_an_installed_annotation_is_found_before_a_gtf(tmp_path):
    assert find_annotation(tmp_path) is None
    (tmp_path / "genes.gtf").write_text("")
    assert find_annotation(tmp_path) == tmp_path / "genes.gtf"
    GeneTable.of(GENES).write(tmp_path / "genes.feather")
    assert find_annotation(tmp_path) == tmp_path / "genes.feather"


def test_a_damaged_table_is_one_sentence(tmp_path):
    path = tmp_path / "genes.feather"
    path.write_bytes(b"ARROW1 and nothing else")
    with pytest.raises(errors.AnnotationError, match="install the genome again"):
        load_annotation(path)


def test_a_table_of_another_version_is_one_sentence(tmp_path):
    path = tmp_path / "genes.feather"
    GeneTable.of(GENES).table.drop_columns("number").to_pandas().to_feather(
        path, compression="uncompressed"
    )
    with pytest.raises(errors.AnnotationError, match="stored by another version"):
        load_annotation(path)
