"""Chromosome names of an annotation and of a FASTA file."""

import pytest

from predictor import errors
from predictor.genome.chromosome_match import check_ends, check_match, match_chromosomes
from predictor.genome.chromosome_names import ChromosomeNames


@pytest.mark.parametrize(
    ("annotation", "fasta"),
    [
        (["chr1", "chr2", "chrM"], ["chr1", "chr2", "chrM"]),
        (["1", "2", "MT"], ["chr1", "chr2", "chrM"]),
        (["chr1", "chr2", "chrM"], ["1", "2", "MT"]),
        (["NC_000001.11", "NC_000002.12", "NC_012920.1"], ["chr1", "chr2", "chrM"]),
        (["chr1", "chr2", "chrM"], ["NC_000001.11", "NC_000002.12", "NC_012920.1"]),
        (["1", "2", "MT"], ["NC_000001.11", "NC_000002.12", "NC_012920.1"]),
    ],
)
def test_spellings_of_one_chromosome_match_in_both_directions(annotation, fasta):
    match = match_chromosomes(annotation, ChromosomeNames(dict.fromkeys(fasta, 100), "hg38"))
    assert match.names == dict(zip(annotation, fasta, strict=True))
    assert match.absent == ()
    assert match.sentence() == ""


def test_what_is_absent_is_counted_and_named():
    names = ["chr1", "chr2", *(f"GL{number}" for number in range(7))]
    match = match_chromosomes(names, ChromosomeNames({"chr1": 9, "chr2": 9}, "hg38"))
    assert match.sentence() == (
        "7 of 9 chromosomes are not in the FASTA: GL0, GL1, GL2, GL3, GL4 and 2 more"
    )


def test_an_annotation_is_refused_when_most_of_its_chromosomes_are_absent():
    fasta = ChromosomeNames({"chr1": 9}, "hg38")
    check_match(match_chromosomes(["chr1", "x"], fasta), "The annotation", fasta)
    with pytest.raises(errors.AssemblyMismatchError, match=r"2 of 3 chromosomes .* which has chr1"):
        check_match(match_chromosomes(["chr1", "x", "y"], fasta), "The annotation", fasta)


def test_an_annotation_is_refused_when_it_goes_on_behind_the_end_of_a_chromosome():
    fasta = ChromosomeNames({"chr1": 1_000}, "hg38")
    check_ends({"chr1": 1_000}, "The annotation", fasta)
    with pytest.raises(
        errors.AssemblyMismatchError, match=r"to position 1,001 of chr1, which has 1,000 bp"
    ):
        check_ends({"chr1": 1_001}, "The annotation", fasta)
