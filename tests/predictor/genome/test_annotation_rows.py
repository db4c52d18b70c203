"""One annotation in all the forms in which it is published."""

import gzip

import pandas as pd
import pytest

from predictor import errors
from predictor.genome.gene_annotation import load_annotation

GTF = """\
#!genome-build demo
chr2\td\tgene\t101\t900\t.\t-\t.\tgene_id "G1.2"; gene_type "lncRNA"; gene_name "ONE";
chr2\td\ttranscript\t101\t900\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1.1"; gene_type "lncRNA";
chr2\td\texon\t701\t900\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1.1"; exon_number 1;
chr2\td\texon\t101\t200\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1.1"; exon_number 2;
chr2\td\tCDS\t151\t200\t.\t-\t0\tgene_id "G1.2"; transcript_id "T1.1";
chr2\td\tUTR\t101\t150\t.\t-\t.\tgene_id "G1.2"; transcript_id "T1.1";
chr2\td\ttranscript\t301\t400\t.\t-\t.\tgene_id "G1.2"; transcript_id "T2.1";
chr2\td\texon\t301\t400\t.\t-\t.\tgene_id "G1.2"; transcript_id "T2.1";
chr1\td\tgene\t51\t60\t.\t+\t.\tgene_id "G2.1"; gene_type "protein_coding"; gene_name "TWO";
chr1\td\ttranscript\t51\t60\t.\t+\t.\tgene_id "G2.1"; transcript_id "T3.1";
chr1\td\texon\t51\t60\t.\t+\t.\tgene_id "G2.1"; transcript_id "T3.1";
chr2\td\tgene\t11\t20\t.\t+\t.\tgene_id "G2.1"; gene_type "pseudogene"; gene_name "TWO2";
"""

# The same, as Ensembl writes GFF3: links by ID and Parent, words of their own for name and kind.
ENSEMBL = """\
##gff-version 3
chr2\td\tchromosome\t1\t5000\t.\t.\t.\tID=chromosome:2;Name=2
chr2\td\tncRNA_gene\t101\t900\t.\t-\t.\tID=gene:G1.2;Name=ONE;biotype=lncRNA;gene_id=G1.2
chr2\td\tlnc_RNA\t101\t900\t.\t-\t.\tID=transcript:T1.1;Parent=gene:G1.2;Name=ONE-201;biotype=x
chr2\td\texon\t701\t900\t.\t-\t.\tParent=transcript:T1.1;Name=E1
chr2\td\texon\t101\t200\t.\t-\t.\tParent=transcript:T1.1;Name=E2
chr2\td\tCDS\t151\t200\t.\t-\t0\tID=CDS:P1;Parent=transcript:T1.1
chr2\td\tthree_prime_UTR\t101\t150\t.\t-\t.\tParent=transcript:T1.1
chr2\td\tlnc_RNA\t301\t400\t.\t-\t.\tID=transcript:T2.1;Parent=gene:G1.2;transcript_id=T2.1
chr2\td\texon\t301\t400\t.\t-\t.\tParent=transcript:T2.1
chr1\td\tgene\t51\t60\t.\t+\t.\tID=gene:G2.1;Name=TWO;biotype=protein_coding;gene_id=G2.1
chr1\td\tmRNA\t51\t60\t.\t+\t.\tID=transcript:T3.1;Parent=gene:G2.1;transcript_id=T3.1
chr1\td\texon\t51\t60\t.\t+\t.\tParent=transcript:T3.1
chr2\td\tpseudogene\t11\t20\t.\t+\t.\tID=gene:G2.1b;Name=TWO2;biotype=pseudogene;gene_id=G2.1
##FASTA
>chr1
ACGT
"""


def as_gencode_gff3(gtf: str) -> str:
    """GENCODE names gene and transcript in every line of its GFF3 files too."""
    lines = ["##gff-version 3"]
    for line in gtf.splitlines()[1:]:
        *columns, text = line.split("\t")
        pairs = [part.split(" ", 1) for part in text.strip(" ;").split("; ")]
        attributes = {key: value.strip('"') for key, value in pairs}
        own = attributes.get("transcript_id", attributes["gene_id"])
        attributes = {"ID": own} | attributes
        if "transcript_id" in attributes:
            attributes["Parent"] = attributes["gene_id"]
        lines.append("\t".join([*columns, ";".join(f"{k}={v}" for k, v in attributes.items())]))
    return "\n".join(lines) + "\n"


def as_frame(gtf: str) -> pd.DataFrame:
    """As PyRanges reads a GTF: `Start` is 0-based, texts that are absent are None."""
    rows = []
    for line in gtf.splitlines()[1:]:
        chromosome, source, feature, start, end, _, strand, frame, text = line.split("\t")
        pairs = [part.split(" ", 1) for part in text.strip(" ;").split("; ")]
        rows.append(
            {
                "Chromosome": chromosome,
                "Source": source,
                "Feature": feature,
                "Start": int(start) - 1,
                "End": int(end),
                "Strand": strand,
                "Frame": frame,
                **{key: value.strip('"') for key, value in pairs},
            }
        )
    frame = pd.DataFrame(rows)
    categories = dict.fromkeys(("Chromosome", "Feature", "Strand"), "category")
    return frame.astype(categories)


@pytest.fixture
def expected(tmp_path):
    (tmp_path / "plain.gtf").write_text(GTF)
    return list(load_annotation(tmp_path / "plain.gtf"))


def test_a_gtf_gives_its_genes_by_chromosome_and_start(expected):
    found = [(gene.chromosome, gene.start, gene.end, gene.strand, gene.id) for gene in expected]
    assert found == [
        ("chr2", 10, 20, "+", "G2.1"),
        ("chr2", 100, 900, "-", "G1.2"),
        ("chr1", 50, 60, "+", "G2.1"),
    ]
    assert [gene.number for gene in expected] == [2, 0, 1]
    assert [gene.name for gene in expected] == ["TWO2", "ONE", "TWO"]
    assert [gene.gene_type for gene in expected] == ["pseudogene", "lncRNA", "protein_coding"]
    first, second = expected[1].transcripts
    assert (first.id, first.start, first.end) == ("T1.1", 100, 900)
    assert first.exons == ((100, 200), (700, 900))
    assert first.cds == ((150, 200),)
    assert (second.exons, second.cds) == (((300, 400),), ())
    assert list(expected[0].transcripts) == []


def test_every_form_of_an_annotation_gives_the_same_genes(tmp_path, expected):
    with gzip.open(tmp_path / "a.gtf.gz", "wt") as file:
        file.write(GTF)
    (tmp_path / "gencode.gff3").write_text(as_gencode_gff3(GTF))
    (tmp_path / "ensembl.gff3").write_text(ENSEMBL)
    as_frame(GTF).to_feather(tmp_path / "a.gtf.gz.feather")
    for name in ("a.gtf.gz", "gencode.gff3", "ensembl.gff3", "a.gtf.gz.feather"):
        assert list(load_annotation(tmp_path / name)) == expected, name


def test_refseq_gff3_is_followed_by_its_links(tmp_path):
    (tmp_path / "r.gff3").write_text(
        "NC_1.1\tR\tgene\t1\t90\t.\t+\t.\tID=gene-MYC;Name=MYC;gene=MYC;gene_biotype=protein_coding\n"
        "NC_1.1\tR\tmRNA\t1\t90\t.\t+\t.\tID=rna-NM_1.6;Parent=gene-MYC;gene=MYC;transcript_id=NM_1.6\n"
        "NC_1.1\tR\texon\t1\t40\t.\t+\t.\tID=exon-NM_1.6-1;Parent=rna-NM_1.6;transcript_id=NM_1.6\n"
        "NC_1.1\tR\tCDS\t11\t40\t.\t+\t.\tID=cds-NP;Parent=rna-NM_1.6;Name=a%3Bb\n"
        "NC_1.1\tR\tgene\t100\t120\t.\t+\t.\tID=gene-TRN;Name=TRN;gene_biotype=tRNA\n"
        "NC_1.1\tR\texon\t100\t120\t.\t+\t.\tID=exon-TRN;Parent=gene-TRN\n"
    )
    myc, trn = load_annotation(tmp_path / "r.gff3")
    assert (myc.id, myc.name, myc.gene_type) == ("MYC", "MYC", "protein_coding")
    (transcript,) = myc.transcripts
    assert (transcript.id, transcript.exons, transcript.cds) == ("NM_1.6", ((0, 40),), ((10, 40),))
    assert trn.transcripts[0].exons == ((99, 120),)


def test_columns_that_a_feather_file_lacks_are_all_named(tmp_path):
    path = tmp_path / "a.feather"
    as_frame(GTF).drop(columns=["gene_id", "Strand"]).to_feather(path)
    with pytest.raises(
        errors.AnnotationError, match=r"lacks the columns Strand, gene_id; it has Chromosome"
    ):
        load_annotation(path)


def test_a_feather_file_without_names_and_types_gives_the_ids(tmp_path):
    path = tmp_path / "a.feather"
    as_frame(GTF).drop(columns=["gene_name", "gene_type"]).to_feather(path)
    assert {(gene.name, gene.gene_type) for gene in load_annotation(path)} == {
        ("G1.2", ""),
        ("G2.1", ""),
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('chr1\td\texon\t9\t8\t.\t+\t.\tgene_id "G";', "Line 2 .* goes from 9 to 8"),
        ('chr1\td\texon\t0\t8\t.\t+\t.\tgene_id "G";', "the first base is 1"),
        ('chr1\td\texon\t1\t8\t.\t+\t.\ttranscript_id "T";', "Line 2 .* lacks its gene_id"),
        ("chr1\td\texon\t1\t8\t.\t+\t.\tParent=rna-9", "names the parent rna-9, which no line"),
    ],
)
def test_a_line_that_makes_no_sense_is_named(tmp_path, line, sentence):
    path = tmp_path / "a.gtf"
    path.write_text(f"# made by hand\n{line}\n")
    with pytest.raises(errors.AnnotationError, match=sentence):
        load_annotation(path)


@pytest.mark.parametrize("content", [b"\x1f\x8bnothing", b"ARROW1nothing", b"\xff\xfe\x00x"])
def test_a_file_that_is_not_what_it_begins_as_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.gtf.gz"
    path.write_bytes(content)
    with pytest.raises(errors.AnnotationError, match=r"a\.gtf\.gz cannot be read"):
        load_annotation(path)
