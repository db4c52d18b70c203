"""The shipped assembly: the same bytes each time, and every gene read as planned."""

import hashlib
import itertools
import json

import numpy as np
import pytest
from alphagenome.models.dna_model import Organism

from predictor.simulator import assembly, chromosome, genome, grammar

ORGANISM = {"demoM": Organism.MUS_MUSCULUS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("genomes")
    genome.write_assembly(out)
    return out


def read_fasta(path):
    records = path.read_text().split(">")[1:]
    return {record.split("\n", 1)[0]: record.split("\n", 1)[1] for record in records}


def test_both_fasta_files_have_the_fixed_hash(folder):
    for organism, expected in assembly.FASTA_SHA256.items():
        data = (folder / grammar.ORGANISMS[organism].assembly / "genome.fa").read_bytes()
        assert hashlib.sha256(data).hexdigest() == expected


def test_all_files_are_there_and_the_same_bytes_each_time(folder, tmp_path):
    written = genome.write_assembly(tmp_path)
    names = {
        "genome.fa", "genome.fa.fai", "genes.gtf", "polya.tsv", "chrom.sizes",
        "showcase.vcf", "showcase_truth.json",
    }  # fmt: skip
    assert {path.name for path in written} == names
    for path in written:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_a_changed_generator_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(assembly.FASTA_SHA256, Organism.HOMO_SAPIENS, "0" * 64)
    with pytest.raises(assembly.GenomeChecksumError, match="demoH1"):
        genome.write_assembly(tmp_path)


def test_chromosomes_have_the_lengths_of_the_specification(folder, chromosomes):
    assert {name: len(c.codes) for name, c in chromosomes.items()} == {
        "demo1": 393_216, "demo2": 393_216, "demoS": 262_144, "demoM": 262_144,
    }  # fmt: skip
    assert (folder / "demoH1" / "chrom.sizes").read_text().split() == [
        "demo1", "393216", "demo2", "393216", "demoS", "262144",
    ]  # fmt: skip
    assert 50 <= len(chromosomes["demo1"].genes) <= 62
    assert 50 <= len(chromosomes["demo2"].genes) <= 62


@pytest.mark.parametrize("name", ["demo1", "demo2", "demoM"])
def test_every_planned_gene_is_recovered_from_the_sequence_and_no_other(chromosomes, name):
    made = chromosomes[name]
    organism = ORGANISM.get(name, Organism.HOMO_SAPIENS)
    assert chromosome.reads_as_planned(made.codes, made.genes, organism)


def test_the_index_finds_every_base(folder):
    text = (folder / "demoH1" / "genome.fa").read_text()
    letters = read_fasta(folder / "demoH1" / "genome.fa")
    for line in (folder / "demoH1" / "genome.fa.fai").read_text().splitlines():
        name, length, offset, bases, width = (
            int(field) if field.isdigit() else field for field in line.split("\t")
        )
        plain = letters[name].replace("\n", "")
        assert len(plain) == length
        for position in (0, 59, 60, 100_000, length - 1):
            assert text[offset + position // bases * width + position % bases] == plain[position]


def test_the_gtf_has_splice_sites_at_the_ends_of_its_introns(folder):
    letters = {k: v.replace("\n", "") for k, v in read_fasta(folder / "demoH1/genome.fa").items()}
    exons: dict[str, list[tuple[int, int]]] = {}
    place = {}
    for line in (folder / "demoH1" / "genes.gtf").read_text().splitlines()[1:]:
        chromosome_name, _, feature, start, end, _, strand, _, attributes = line.split("\t")
        identifier = attributes.split('"')[1]
        if feature == "exon":
            exons.setdefault(identifier, []).append((int(start) - 1, int(end)))
            place[identifier] = chromosome_name, strand
    assert len(exons) > 130
    for identifier, spans in exons.items():
        name, strand = place[identifier]
        spans.sort()
        for left, right in itertools.pairwise(spans):
            intron = letters[name][left[1] : right[0]]
            if strand == "-":
                intron = grammar.decode(grammar.reverse_complement(grammar.encode(intron)))
            assert intron[:2] == "GT"
            assert intron[-2:] == "AG"


def test_polya_sites_stand_15_bp_behind_a_hexamer(folder, chromosomes):
    rows = [line.split("\t") for line in (folder / "demoH1/polya.tsv").read_text().splitlines()[1:]]
    genes = {gene.name for name in ("demo1", "demo2", "demoS") for gene in chromosomes[name].genes}
    assert {row[4] for row in rows} == genes
    for name, start, end, _, _, strand in rows:
        site = int(start)
        assert int(end) == site + 1
        codes = chromosomes[name].codes
        read = codes[site - 14 : site - 8] if strand == "+" else codes[site + 9 : site + 15]
        if strand == "-":
            read = grammar.reverse_complement(read)
        assert grammar.decode(read) in grammar.POLYA_HEXAMERS


def test_gene_names_are_unique_and_marked_as_invented(chromosomes):
    names = [g.name for c in chromosomes.values() if c.name != "demoM" for g in c.genes]
    assert len(names) == len(set(names))
    assert all(name.startswith("D-") for name in names)


def test_the_truth_table_covers_every_variant_of_the_vcf(folder):
    rows = json.loads((folder / "demoH1" / "showcase_truth.json").read_text())
    vcf = (folder / "demoH1" / "showcase.vcf").read_text().splitlines()
    lines = [line.split("\t") for line in vcf if not line.startswith("#")]
    assert {row["variant"] for row in rows} == {line[2] for line in lines}
    positions = [int(line[1]) for line in lines]
    assert positions == sorted(positions)
    sequence = read_fasta(folder / "demoH1" / "genome.fa")["demoS"].replace("\n", "")
    for _, position, _, reference, *_ in lines:
        start = int(position) - 1
        assert sequence[start : start + len(reference)] == reference


def test_the_background_of_the_assembly_is_clean(chromosomes):
    codes = chromosomes["demo1"].codes
    assert np.isin(codes, (1, 2)).mean() == pytest.approx(0.42, abs=0.02)
