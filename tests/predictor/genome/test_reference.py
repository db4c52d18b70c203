import hashlib
import threading

import pytest
from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.reference import Reference, reverse_complement


@pytest.fixture
def tiny(tmp_path):
    folder = tmp_path / "tiny1"
    folder.mkdir()
    (folder / "genome.fa").write_text(">chr1\nACGTa\ncgtNn\nRT\n>chrM\nTTTT\n")
    return Reference(folder / "genome.fa")


def test_bases_are_upper_case_and_other_letters_stay(tiny):
    assert tiny.sequence(Interval("chr1", 0, 12)) == "ACGTACGTNNRT"


def test_the_assembly_is_named_after_its_folder_unless_told(tiny):
    assert tiny.assembly == "tiny1"
    assert Reference(tiny.path, assembly="other").assembly == "other"


def test_beyond_the_ends_of_the_chromosome_there_is_n(tiny):
    assert tiny.sequence(Interval("chr1", -3, 2)) == "NNNAC"
    assert tiny.sequence(Interval("chr1", 10, 14)) == "RTNN"
    assert tiny.sequence(Interval("chrM", -1, 6)) == "NTTTTNN"


def test_the_negative_strand_is_the_reverse_complement(tiny):
    assert tiny.sequence(Interval("chr1", -1, 5, "-")) == "TACGTN"
    assert reverse_complement("ACGTNR") == "RNACGT"


@pytest.mark.parametrize(("start", "end"), [(12, 20), (-5, 0), (-9, -4)])
def test_an_interval_wholly_outside_is_refused(tiny, start, end):
    with pytest.raises(errors.PositionOutsideChromosomeError, match="12 bp"):
        tiny.sequence(Interval("chr1", start, end))


def test_an_unknown_chromosome_is_refused_with_those_that_exist(tiny):
    with pytest.raises(errors.UnknownChromosomeError, match=r'no chromosome "chr9"; it has chr'):
        tiny.sequence(Interval("chr9", 0, 1))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(errors.GenomeMissingError, match="cannot be read"):
        Reference(tmp_path / "absent" / "genome.fa")


@pytest.mark.parametrize("name", ["1", "chr1", "CHR1", "Chr1"])
def test_chr_and_case_do_not_matter_in_names(tiny, name):
    assert tiny.names.resolve(name) == "chr1"


@pytest.mark.parametrize("name", ["MT", "M", "chrMT", "chrM"])
def test_the_mitochondrion_has_four_names(tiny, name):
    assert tiny.names.resolve(name) == "chrM"


def test_an_exact_name_wins_over_an_alias():
    names = ChromosomeNames({"chr1": 10, "1": 20}, "odd")
    assert names.resolve("1") == "1"
    assert names.resolve("chr1") == "chr1"


def test_accessions_are_those_of_the_assembly():
    sizes = {"chr1": 10, "chr22": 10, "chrX": 10, "chrM": 10}
    assert ChromosomeNames(sizes, "hg38").find("NC_000022.11") == "chr22"
    assert ChromosomeNames(sizes, "hg38").find("NC_000023.11") == "chrX"
    assert ChromosomeNames(sizes, "hg38").find("NC_000022.10") is None
    assert ChromosomeNames(sizes, "mm10").find("NC_000022.11") is None
    mouse = ChromosomeNames(dict.fromkeys(["chr1", "chr2", "chr19", "chrX", "chrY"], 10), "mm10")
    accessions = ["NC_000067.6", "NC_000068.7", "NC_000085.6", "NC_000086.7", "NC_000087.7"]
    assert [mouse.find(name) for name in accessions] == list(mouse.sizes)


def test_the_digest_is_that_of_the_file_and_follows_its_changes(tiny):
    expected = hashlib.sha256(tiny.path.read_bytes()).hexdigest()
    assert tiny.digest == expected
    assert tiny.digest == expected  # From the kept file.
    tiny.path.write_text(">chr1\nACGT\n")
    assert tiny.digest == hashlib.sha256(b">chr1\nACGT\n").hexdigest()


def test_threads_read_what_one_thread_reads(reference):
    intervals = [Interval("demo1", at, at + 700) for at in range(0, 8_000, 97)]
    expected = [reference.sequence(interval) for interval in intervals]
    wrong = []

    def read():
        wrong.extend(
            interval
            for interval, bases in zip(intervals, expected, strict=True)
            if reference.sequence(interval) != bases
        )

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
