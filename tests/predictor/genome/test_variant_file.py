import gzip

import pytest

from predictor import errors
from predictor.genome.variant_file import checked_record, read_records


@pytest.fixture
def records(tmp_path):
    def read(text, names=None):
        path = tmp_path / "variants"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return list(read_records(path, names))

    return read


def test_lines_of_a_vcf_and_spelled_variants_are_read_alike(records):
    found = records("#CHROM\tPOS\nchr1\t10\trs1\tA\tc\t.\nchr1:11:G>T\n\n1-12-A-AT\n")
    assert [(r.line, r.name, str(r.variant)) for r in found] == [
        (2, "rs1", "chr1:10:A>C"),
        (3, "", "chr1:11:G>T"),
        (5, "", "1:12:A>AT"),
    ]


def test_every_alternate_allele_is_a_record(records):
    found = records("chr1\t10\trs1\tA\tC,<DEL>,AT\n")
    assert [str(r.variant) for r in found] == ["chr1:10:A>C", "None", "chr1:10:A>AT"]
    assert [r.name for r in found] == ["rs1"] * 3
    assert "symbolic allele" in found[1].problem


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("chr1\t-5\t.\tA\tC", "has -5 in the column of the position"),
        ("chr1\t\t.\tA\tC", "has nothing in the column of the position"),
        ("chr1\t0\t.\tA\tC", "positions start at 1"),
        ("chr1\t5\t.\tA\t.", "has no alternate allele"),
        ("chr1\t5\t.\tA\t", "has no alternate allele"),
        ("chr1\t5\t.\tA\t*", "symbolic allele"),
        ("chr1\t5\t.\tA\tG]17:198982]", "symbolic allele"),
        ("chr1\t5\t.\tAX\tC", "only the letters A, C, G, T and N"),
        ("chr1\t5", "lacks its reference or its alternate bases"),
        ("\t\t\t\t", "has nothing in the column of the position"),
        ("what is this", "is not a variant"),
        (b"\xff\xfe\x00junk", "is not a variant"),
    ],
)
def test_what_cannot_be_read_has_a_sentence_and_reading_goes_on(records, line, sentence):
    line = line if isinstance(line, bytes) else line.encode()
    bad, good = records(line + b"\nchr1\t10\t.\tA\tC\n")
    assert bad.variant is None
    assert sentence in bad.problem
    assert "\t" not in bad.problem
    assert (good.line, good.problem) == (2, "")


def test_compressed_files_are_read_as_plain_ones(records):
    text = b"chr1\t10\t.\tA\tC\r\n" * 50
    assert records(gzip.compress(text)) == records(text)
    with pytest.raises(errors.InvalidVariantError, match="ends in the middle"):
        records(gzip.compress(text)[:-9])


def test_records_are_compared_with_the_genome(records, reference):
    base = reference.sequence(reference_interval := reference_place(2_000))
    other = "ACGT".replace(base, "")[0]
    found = [
        checked_record(record, reference)
        for record in records(
            f"chrdemo1:{reference_interval.end}:{base}>{other}\n"
            f"demo1:{reference_interval.end}:{other}>{base}\n"
            f"demo1:999999:A>C\nbroken\n",
            reference.names,
        )
    ]
    assert str(found[0].variant) == f"demo1:2001:{base}>{other}"
    assert "REF and ALT may be exchanged" in found[1].problem
    assert "reaches beyond demo1" in found[2].problem
    assert "is not a variant" in found[3].problem
    assert [record.variant is None for record in found] == [False, True, True, True]


def reference_place(start):
    from alphagenome.data.genome import Interval

    return Interval("demo1", start, start + 1)
