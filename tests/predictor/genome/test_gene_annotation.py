import numpy as np
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_annotation import Annotation, load_annotation
from predictor.genome.splice_sites import splice_site_mask


@pytest.fixture(scope="module")
def annotation(small_home):
    return load_annotation(small_home / "genomes" / "demoH1" / "genes.gtf")


def test_genes_are_read_with_transcripts_exons_and_coding_parts(annotation):
    gene = annotation.find("D-ONE")
    assert (gene.chromosome, gene.start, gene.end, gene.strand) == ("demo1", 1000, 3000, "+")
    assert gene.gene_type == "protein_coding"
    (transcript,) = gene.transcripts
    assert transcript.exons == ((1000, 1200), (1500, 1600), (2400, 3000))
    assert transcript.cds == ((1100, 1200),)
    assert transcript.introns == ((1200, 1500), (1600, 2400))


@pytest.mark.parametrize(
    ("start", "end", "names"),
    [
        (0, 1000, []),
        (0, 1001, ["D-ONE"]),
        (2999, 4000, ["D-ONE"]),
        (3000, 4000, []),
        (2999, 4001, ["D-ONE", "D-TWO"]),
        (5999, 9000, ["D-TWO"]),
    ],
)
def test_a_range_gives_the_genes_with_a_base_inside(annotation, start, end, names):
    assert [gene.name for gene in annotation.genes("demo1", start, end)] == names
    assert annotation.genes("demo2", start, end) == []


@pytest.mark.parametrize("text", ["d-tw", "D-TWO", "DG2", "dt2"])
def test_search_is_by_prefix_of_name_id_or_transcript_in_any_case(annotation, text):
    assert [gene.id for gene in annotation.search(text)] == ["DG2"]


def test_search_shows_every_gene_once_and_the_shortest_name_first():
    genes = [
        Gene(f"G{i}", name, "c", i, i + 1, "+", "", ())
        for i, name in enumerate(["MYC-AS1", "MYC", "MYCN", "OTHER"])
    ]
    found = Annotation(genes).search("myc")
    assert [gene.name for gene in found] == ["MYC", "MYCN", "MYC-AS1"]
    assert Annotation(genes).search("") == []
    assert len(Annotation(genes).search("myc", limit=2)) == 2


def test_range_queries_equal_a_scan():
    rng = np.random.default_rng(3)
    genes = [
        Gene(f"G{i}", f"N{i}", "c", int(start), int(start + length), "+", "", ())
        for i, (start, length) in enumerate(
            zip(rng.integers(0, 10**6, 3000), rng.geometric(1e-4, 3000), strict=True)
        )
    ]
    annotation = Annotation(genes)
    queries = [(int(s), int(s + w)) for s, w in zip(
        rng.integers(0, 10**6, 200), rng.integers(1, 30_000, 200), strict=True
    )]  # fmt: skip
    found = [annotation.genes("c", *query) for query in queries]
    for (start, end), answer in zip(queries, found, strict=True):
        slow = {g.id for g in genes if g.start < end and g.end > start}
        assert {gene.id for gene in answer} == slow


def test_the_longer_allele_decides_which_genes_a_variant_overlaps(annotation):
    assert annotation.overlapping(Variant("demo1", 1000, "A", "C")) == []
    assert annotation.overlapping(Variant("demo1", 1000, "A", "AC"))[0].name == "D-ONE"
    assert annotation.overlapping(Variant("demo1", 1000, "AC", "A"))[0].name == "D-ONE"


def test_the_gene_mask_is_the_union_of_the_bodies_and_none_without_a_gene(annotation):
    interval = Interval("demo1", 2000, 6000)
    mask = annotation.gene_mask(
        interval, [Variant("demo1", 2500, "A", "C"), Variant("demo1", 5000, "A", "C")]
    )
    expected = np.zeros(4000, bool)
    expected[:1000] = expected[2000:] = True
    assert np.array_equal(mask, expected)
    assert annotation.gene_mask(interval, [Variant("demo1", 3500, "A", "C")]) is None


def test_sites_are_the_last_and_the_first_base_of_neighbouring_exons(annotation):
    mask = annotation.splice_sites(Interval("demo1", 0, 9000))
    where = {name: np.flatnonzero(mask[:, i]).tolist() for i, name in enumerate("dafb")}
    assert where == {"d": [1199, 1599], "a": [1500, 2400], "f": [5300], "b": [4499]}
    assert (mask.sum(axis=1) == 1).all()


def test_annotated_sites_agree_with_the_golden_case(golden):
    arrays, meta = golden("annotated_sites")

    def rows(table):
        return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]

    for i, item in enumerate(meta["items"]):
        text = item["interval"] if isinstance(item, dict) else item
        interval = Interval.from_str(text)
        if interval.negative_strand:
            continue  # There the official array is in the orientation of the network.
        introns = [
            (start["Start"], end["End"], start["Strand"])
            for start, end in zip(rows(meta["starts"]), rows(meta["ends"]), strict=False)
            if start["Chromosome"] == interval.chromosome == end["Chromosome"]
        ]
        starts_only = {(s, None, k) for s, _, k in introns}
        assert starts_only  # The tables are not empty.
        expected = arrays[f"sites_{i}"]
        found = np.zeros_like(expected)
        for table, column in (("starts", "Start"), ("ends", "End")):
            for row in rows(meta[table]):
                if row["Chromosome"] != interval.chromosome:
                    continue
                # One end of an intron at a time: the other one lies far outside.
                intron = (
                    (row["Start"], 10**9, row["Strand"])
                    if column == "Start"
                    else (-(10**9), row["End"], row["Strand"])
                )
                found[:, :4] |= splice_site_mask(interval, [intron])[:, :4]
        found[:, 4] = ~found[:, :4].any(axis=1)
        assert np.array_equal(found, expected), item


@pytest.mark.parametrize(
    "name",
    ["GRCh37_chr17_BRCA1", "hg38_NCBI_MYC", "hg38_chr22_ENST00000319363", "hg38_gencode_lincRNA"],
)
def test_annotations_from_elsewhere_are_read(repository, name):
    path = repository.parent / "shared" / "data" / "annotation" / f"{name}.gtf"
    if not path.exists():
        pytest.skip("the test data are not beside the repository")
    annotation = load_annotation(path)
    assert len(annotation)
    for gene in annotation:
        assert gene.start < gene.end
        assert gene.transcripts
        for transcript in gene.transcripts:
            assert isinstance(transcript, Transcript)
            assert all(start < end for start, end in transcript.exons + transcript.cds)
            assert gene.start <= transcript.start < transcript.end <= gene.end


def test_an_unreadable_line_is_named(tmp_path):
    path = tmp_path / "genes.gtf"
    path.write_text("chr1\tx\tgene\t1\t2\n")
    with pytest.raises(errors.AnnotationError, match="Line 1 of the gene annotation has 5 columns"):
        load_annotation(path)
    path.write_text('#c\nchr1\tx\tgene\tone\t2\t.\t+\t.\tgene_id "a";\n')
    with pytest.raises(errors.AnnotationError, match="Line 2"):
        load_annotation(path)
    with pytest.raises(errors.AnnotationError, match=r"absent\.gtf cannot be read"):
        load_annotation(tmp_path / "absent.gtf")
