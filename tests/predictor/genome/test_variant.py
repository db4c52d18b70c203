import gzip

import pytest
from alphagenome.data.genome import Variant

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.interval import parse_interval
from predictor.genome.reference import Reference
from predictor.genome.variant import (
    check_variant,
    normalize_variant,
    parse_variant,
    parse_variants,
    split_variants,
)

HG38 = ChromosomeNames(
    {f"chr{name}": 250_000_000 for name in [*range(1, 23), "X", "Y", "M"]}, "hg38"
)


@pytest.mark.parametrize(
    "text",
    [
        "chr22:36201698:A>C",
        "  chr22:36201698:A>C ",
        "chr22:36,201,698:A>C",
        "chr22:36,201,698 A>C",
        "chr22-36201698-A-C",
        "22_36201698_A_C",
        "chr22_36201698_A_C_b38",
        "22:36201698:A:C",
        "22:36201698 A/C",
        "chr22 36201698 A C",
        "chr22\t36201698\tA\tC",
        "chr22\t36201698\trs9610445\tA\tC\t.\tPASS\tAF=0.1",
        "chr22 36201698 . A C",
        "chr22:36201698A>C",
        "chr22:36201698 A→C",
        "chr22:g.36201698A>C",
        "NC_000022.11:g.36201698A>C",
        "22:36201698:a>c",
        '"chr22:36201698:A>C",',
    ],
)
def test_all_usual_spellings_are_the_same_variant(text):
    assert parse_variant(text, HG38) == Variant("chr22", 36201698, "A", "C")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("chr3:197081044:TACTC>T", Variant("chr3", 197081044, "TACTC", "T")),
        ("chr1:47239296:C>ACG", Variant("chr1", 47239296, "C", "ACG")),
        ("1-5-A--", Variant("chr1", 5, "A", "")),
        ("chr1:5:->GG", Variant("chr1", 5, "", "GG")),
        ("chr1:5:N>NA", Variant("chr1", 5, "N", "NA")),
    ],
)
def test_indels_keep_their_alleles(text, expected):
    assert parse_variant(text, HG38) == expected


def test_names_of_unplaced_sequences_may_hold_separators():
    variant = parse_variant("chr1_KI270706v1_random_5_A_C")
    assert variant == Variant("chr1_KI270706v1_random", 5, "A", "C")


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("rs9610445", errors.InvalidVariantError, "rsID"),
        ("APOL4", errors.InvalidVariantError, "not a variant"),
        ("", errors.InvalidVariantError, "No variant"),
        ("chr22:36201698:A>", errors.InvalidAlleleError, "lacks"),
        ("chr22:36201698:>C", errors.InvalidAlleleError, "no reference bases"),
        ("chr22:36201698:A>C>G", errors.InvalidVariantError, "one variant for each"),
        ("chr22 36201698 . A C,G", errors.InvalidAlleleError, "several alternate"),
        ("chr22:0:A>C", errors.InvalidVariantError, "start at 1"),
        ("chr99:1:A>C", errors.UnknownChromosomeError, 'no chromosome "chr99"'),
        ("chr1:5:A>R", errors.InvalidAlleleError, "hold R"),
        ("chr1:5:A><DEL>", errors.InvalidAlleleError, "symbolic"),
        ("chr1:5:A>*", errors.InvalidAlleleError, "symbolic"),
        ("chr1:118,40:A>C", errors.InvalidVariantError, "position"),
        ("1_5_A_C_b37", errors.InvalidVariantError, "another assembly"),
        ("NM_000546.6:c.215C>G", errors.InvalidVariantError, "HGVS"),
        ("chr17:g.7676154del", errors.InvalidVariantError, "HGVS"),
        ("chr1:5-10", errors.InvalidAlleleError, "lacks"),
    ],
)
def test_what_is_no_variant_gets_one_helpful_sentence(text, kind, words):
    with pytest.raises(kind, match=words) as caught:
        parse_variant(text, HG38)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 300


def test_the_collected_free_form_spellings_are_read_or_explained(repository):
    path = repository.parent / "shared/data/vcf_nasty/own/own_freeform_variants.tsv"
    if not path.exists():
        pytest.skip("the test data are not beside the repository")
    for line in path.read_text().splitlines():
        text, _, expected = line.partition("\t")
        if line.startswith("#") or "ignored" in expected:
            assert split_variants(text) == []
        elif expected.startswith("ok"):
            assert parse_variant(text, HG38).reference_bases
        else:
            with pytest.raises(errors.AllelensError):
                parse_variant(text, HG38)


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("chr1:5:A>C, chr1:1,006:G>T", ["chr1:5:A>C", "chr1:1,006:G>T"]),
        ("chr1:5:A>C chr1:6:G>T\n\n# note\nchr2-6-G-T;3 7 A C", None),
        ("chr1 5 A C chrX 6 G T", ["chr1 5 A C", "chrX 6 G T"]),
        ("chr1\t5\tok\tA\tT\t.\tPASS", ["chr1\t5\tok\tA\tT\t.\tPASS"]),
        ("chr1\t5\trs1\tA\tT\t.\t.\tAC=1;AF=0.5", ["chr1\t5\trs1\tA\tT\t.\t.\tAC=1;AF=0.5"]),
        ("foo, chr1:5:A>C", ["foo", "chr1:5:A>C"]),
        ("what is this", ["what is this"]),
        ("\r\n ; \n", []),
    ],
)
def test_a_text_is_cut_into_its_variants(text, pieces):
    if pieces is None:
        pieces = ["chr1:5:A>C", "chr1:6:G>T", "chr2-6-G-T", "3 7 A C"]
    assert split_variants(text) == pieces


def test_several_spellings_may_be_mixed_in_one_text():
    assert [str(v) for v in parse_variants("1-5-A-C, chr2:1,006:G>T\n3 7 AC A", HG38)] == [
        "chr1:5:A>C",
        "chr2:1006:G>T",
        "chr3:7:AC>A",
    ]


# Against a genome


@pytest.fixture(scope="module")
def genome(tmp_path_factory):
    def make(sequence, name="chr7"):
        path = tmp_path_factory.mktemp("g") / "genome.fa"
        path.write_text(f">{name}\n{sequence}\n")
        return Reference(path, assembly="test1")

    return make


def test_a_matching_variant_comes_back_under_the_name_of_the_assembly(genome):
    found = check_variant(Variant("7", 3, "G", "T"), genome("ACGT"))
    assert found == Variant("chr7", 3, "G", "T")


def test_a_mismatch_tells_both_bases_and_offers_the_swap(genome):
    with pytest.raises(errors.ReferenceMismatchError) as caught:
        check_variant(Variant("chr7", 3, "T", "G"), genome("ACGT"))
    error = caught.value
    assert (error.expected, error.found, error.swap) == ("T", "G", "chr7:3:G>T")
    assert "test1 has G at this position, not T" in error.message
    assert "chr7:3:G>T" in error.message


def test_no_swap_is_offered_where_it_would_not_fit_either(genome):
    with pytest.raises(errors.ReferenceMismatchError) as caught:
        check_variant(Variant("chr7", 3, "T", "A"), genome("ACGT"))
    assert caught.value.swap is None


def test_the_swap_of_an_indel_is_checked_over_its_whole_length(genome):
    with pytest.raises(errors.ReferenceMismatchError) as caught:
        check_variant(Variant("chr7", 2, "A", "CGT"), genome("ACGTA"))
    assert caught.value.swap == "chr7:2:CGT>A"


@pytest.mark.parametrize("variant", [Variant("chr7", 5, "A", "C"), Variant("chr7", 3, "GTA", "G")])
def test_a_variant_past_the_end_is_refused(genome, variant):
    with pytest.raises(errors.PositionOutsideChromosomeError, match="4 bp in test1"):
        check_variant(variant, genome("ACGT"))


def test_equal_alleles_are_refused(genome):
    with pytest.raises(errors.SameAllelesError, match="nothing would change"):
        check_variant(Variant("chr7", 3, "G", "G"), genome("ACGT"))


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        (Variant("chr7", 3, "G", ""), Variant("chr7", 2, "CG", "C")),
        (Variant("chr7", 3, "", "TT"), Variant("chr7", 2, "C", "CTT")),
        (Variant("chr7", 1, "A", ""), Variant("chr7", 1, "AC", "C")),
        (Variant("chr7", 1, "", "TT"), Variant("chr7", 1, "A", "TTA")),
    ],
)
def test_an_empty_allele_takes_in_the_neighbouring_base(genome, variant, expected):
    assert check_variant(variant, genome("ACGT")) == expected


def test_normalisation_agrees_with_the_golden_cases(golden, genome):
    _, meta = golden("genome_ops")
    reference = genome(meta["normalize_sequence"]["chr7"])
    for case in meta["normalize"]:
        found = normalize_variant(parse_variant(case["variant"]), reference)
        assert str(found) == case["standard"], case


def test_normalisation_reaches_far_and_stops_at_the_start_of_the_chromosome(genome):
    reference = genome("A" * 1000 + "CG")
    assert normalize_variant(Variant("chr7", 900, "AA", "A"), reference) == Variant(
        "chr7", 1, "AA", "A"
    )
    reference = genome("G" + "A" * 1000 + "CG")
    assert normalize_variant(Variant("chr7", 900, "A", "AAA"), reference) == Variant(
        "chr7", 1, "G", "GAA"
    )


def test_the_collected_reference_checks_come_out_as_expected(repository, tmp_path):
    data = repository.parent / "shared/data"
    path = data / "fasta/hg38_chr2_1-2333275.fa.gz"
    listed = data / "vcf_nasty/own/own_ref_checks_chr2.vcf"
    if not path.exists():
        pytest.skip("the test data are not beside the repository")
    plain = tmp_path / "genome.fa"
    plain.write_bytes(gzip.decompress(path.read_bytes()))
    reference = Reference(plain, assembly="hg38")
    lines = listed.with_suffix(".expected.tsv").read_text().splitlines()
    expected = dict(line.split("\t")[:2] for line in lines)
    for line in listed.read_text().splitlines():
        if line.startswith("#"):
            continue
        name = line.split("\t")[2]
        assert _outcome(line, reference) in (expected[name], name.rstrip("12")), line


def _outcome(line, reference):
    try:
        check_variant(parse_variant(line, reference.names), reference)
    except errors.ReferenceMismatchError as error:
        return "ref_mismatch" if error.swap is None else "swap"
    except errors.SameAllelesError:
        return "reject"
    except errors.InvalidAlleleError as error:
        several, symbolic = "several" in error.message, "symbolic" in error.message
        return "ok x3" if several else "skip" if symbolic else "reject"
    return "ok"


@pytest.mark.parametrize(
    ("text", "one_based", "expected"),
    [
        ("chr1:10000-26384", False, "chr1:10000-26384:."),
        ("1:10,000-26,384:-", False, "chr1:10000-26384:-"),
        ("chr1:-20-44", False, "chr1:-20-44:."),
        ("chr1:10,001-26,384", True, "chr1:10000-26384:."),
    ],
)
def test_intervals_are_read_in_both_conventions(text, one_based, expected):
    assert str(parse_interval(text, HG38, one_based=one_based)) == expected


@pytest.mark.parametrize("text", ["chr1", "chr1:5", "chr1:9-5", "chr1:5-5", "chr1:a-b", "1:1,00-5"])
def test_what_is_no_interval_gets_one_sentence(text):
    with pytest.raises(errors.InvalidIntervalError):
        parse_interval(text, HG38)
