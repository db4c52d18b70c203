"""The score command on the small engine, opened once."""

import functools
import gzip

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval, Variant

from predictor import errors
from predictor.cli import main
from predictor.engines import registry, score_file
from predictor.scoring.long_table import ScoredRecord, long_table

SCORERS = "DNASE, RNA_SEQ"
open_engine = functools.cache(registry.open_engine)


@pytest.fixture(autouse=True)
def opened_once(in_small_home, monkeypatch):
    monkeypatch.setattr(registry, "open_engine", open_engine)


@pytest.fixture(scope="module")
def variants(reference):
    bases = reference.sequence(Interval("demo1", 3_000, 3_100))
    return [
        Variant("demo1", 3_001 + offset, base, "ACGT".replace(base, "")[0])
        for offset, base in enumerate(bases[:45])
    ]


def vcf_line(variant, name="."):
    fields = (variant.chromosome, variant.position, name, variant.reference_bases)
    return "\t".join(map(str, (*fields, variant.alternate_bases, ".", "PASS", ".")))


def run(vcf, out, *options):
    files = ("--vcf", str(vcf), "--out", str(out))
    usual = ("--engine", "demo", "--scorers", SCORERS, "--window", "4096")
    return main(["score", *files, *usual, *options])


def test_bad_lines_are_named_and_the_others_scored(tmp_path, variants, capsys):
    mismatched = Variant("demo1", variants[0].position, variants[0].alternate_bases, "N")
    lines = [
        "##fileformat=VCFv4.2",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
        vcf_line(variants[0], "rs1"),
        "demo1\t1000\t.\tA\t<DEL>\t.\t.\t.",
        "demo1\tnowhere\t.\tA\tC\t.\t.\t.",
        vcf_line(mismatched),
        "chrQ\t5\t.\tA\tC",
        "\ufffd\x00",
        "",
        str(variants[1]),
    ]
    vcf, out = tmp_path / "v.vcf.gz", tmp_path / "scores.parquet"
    vcf.write_bytes(gzip.compress("\r\n".join(lines).encode()))
    assert run(vcf, out) == 0
    told = capsys.readouterr()
    assert told.out.startswith(f"Scored 2 of 7 variants; wrote {out}.")
    problems = pd.read_csv(tmp_path / "scores.parquet.problems.tsv", sep="\t")
    assert problems["line"].tolist() == [4, 5, 6, 7, 8]
    for line, sentence in [
        (4, "symbolic allele"),
        (5, "has nowhere in the column of the position; expected a number"),
        (6, f"demoH1 has {variants[0].reference_bases} at this position, not"),
        (7, 'has no chromosome "chrQ"'),
        (8, "is not a variant"),
    ]:
        row = problems[problems["line"] == line].iloc[0]
        assert sentence in row["problem"]
        assert f"Line {line}: {row['problem']}" in told.err
    found = pd.read_parquet(out)
    assert found["vcf_line"].unique().tolist() == [3, 10]
    assert found.loc[found["vcf_line"] == 3, "vcf_id"].unique().tolist() == ["rs1"]


def test_the_table_holds_what_the_engine_says_and_is_the_same_in_every_format(tmp_path, variants):
    vcf = tmp_path / "v.vcf"
    vcf.write_text("\n".join(map(vcf_line, variants[:3])))
    model = open_engine("demo")
    expected = long_table(
        [
            ScoredRecord(
                "",
                line,
                model.score_variant(
                    variant.reference_interval.resize(4_096),
                    variant,
                    score_file.parse_variant_scorers(SCORERS),
                ),
            )
            for line, variant in enumerate(variants[:3], 1)
        ]
    ).to_pandas()
    assert len(expected)
    for ending in ("parquet", "csv", "tsv"):
        out = tmp_path / f"scores.{ending}"
        assert run(vcf, out) == 0
        found = (
            pd.read_parquet(out)
            if ending == "parquet"
            else pd.read_csv(out, sep="," if ending == "csv" else "\t", low_memory=False)
        )
        assert list(found) == list(expected)
        np.testing.assert_array_equal(found["raw_score"].astype(np.float32), expected["raw_score"])
        for column in ("variant_id", "gene_id", "track_name", "ontology_curie"):
            assert found[column].fillna("").tolist() == expected[column].fillna("").tolist()


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, variants, monkeypatch):
    vcf, out = tmp_path / "v.vcf", tmp_path / "scores.tsv"
    vcf.write_text("\n".join([*map(vcf_line, variants), "broken"]))
    whole = tmp_path / "whole.tsv"
    assert run(vcf, whole) == 0

    score = score_file._Run.score
    sizes = []

    def interrupted(self, records, tell):
        sizes.append(len(records))
        if len(sizes) == 2:
            raise KeyboardInterrupt
        return score(self, records, tell)

    monkeypatch.setattr(score_file._Run, "score", interrupted)
    assert run(vcf, out) == 130
    assert not out.exists()
    assert run(vcf, out) == 0
    assert sizes == [20, 20, 20, 6]
    assert out.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.glob(".*")] == []


def test_parts_of_another_request_are_not_used(tmp_path, variants, monkeypatch):
    vcf, out = tmp_path / "v.vcf", tmp_path / "scores.tsv"
    vcf.write_text(vcf_line(variants[0]))

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(score_file, "writer", lambda *_: stop)
        assert run(vcf, out) == 130
    vcf.write_text(vcf_line(variants[1]))
    assert run(vcf, out) == 0
    assert set(pd.read_csv(out, sep="\t")["variant_id"]) == {str(variants[1])}


def test_a_late_error_is_of_its_variant_only(tmp_path, variants, monkeypatch):
    """The polyadenylation scorer refuses a variant in too many genes when its turn comes."""
    vcf, out = tmp_path / "v.vcf", tmp_path / "scores.tsv"
    vcf.write_text("\n".join(map(vcf_line, variants[:3])))
    model = open_engine("demo")
    score_variants = model.score_variants

    def limited(intervals, scored, *arguments, **options):
        if variants[1] in scored:
            raise errors.ScoringLimitError("23 genes overlap it.")
        return score_variants(intervals, scored, *arguments, **options)

    monkeypatch.setattr(model, "score_variants", limited)
    assert run(vcf, out) == 0
    assert set(pd.read_csv(out, sep="\t")["vcf_line"]) == {1, 3}
    assert "23 genes overlap it." in (tmp_path / "scores.tsv.problems.tsv").read_text()


@pytest.mark.parametrize("switch", ["stitch", "align_all"])
def test_a_switch_gives_the_scores_of_the_engine_with_it(tmp_path, reference, switch):
    bases = reference.sequence(Interval("demo1", 3_000, 3_006))
    indels = [
        Variant("demo1", 3_001, bases, bases[0]),
        Variant("demo1", 3_001, bases[0], bases[0] + "GATTACA"),
    ]
    vcf, plain, switched = tmp_path / "v.vcf", tmp_path / "plain.parquet", tmp_path / "on.parquet"
    vcf.write_text("\n".join(map(vcf_line, indels)))
    assert run(vcf, plain) == 0
    assert run(vcf, switched, f"--{switch.replace('_', '-')}") == 0
    engine = open_engine("demo").variant_run(
        score_file.parse_variant_scorers(SCORERS), **{switch: True}
    )
    windows = [variant.reference_interval.resize(4_096) for variant in indels]
    checked = [engine.check(*pair) for pair in zip(windows, indels, strict=True)]
    expected = long_table(
        [
            ScoredRecord("", line, found)
            for line, found in enumerate(engine.results(checked), start=1)
        ]
    ).to_pandas()
    found = pd.read_parquet(switched)
    np.testing.assert_array_equal(found["raw_score"], expected["raw_score"])
    assert (found["raw_score"] != pd.read_parquet(plain)["raw_score"]).any()


def test_where_no_variant_can_be_scored_nothing_is_written_over(tmp_path, variants, capsys):
    vcf, out = tmp_path / "v.vcf", tmp_path / "scores.tsv"
    out.write_text("of last week")
    vcf.write_text("demo1\tnowhere\t.\tA\tC\nchrQ\t5\t.\tA\tC\n")
    assert run(vcf, out) == 2
    told = capsys.readouterr().err
    assert "None of the variants of v.vcf can be scored" in told.splitlines()[-1]
    assert 'has no chromosome "chrQ"' in told
    assert out.read_text() == "of last week"
    assert len((tmp_path / "scores.tsv.problems.tsv").read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--out", "x.xlsx"), "x.xlsx ends in none of .parquet, .csv, .tsv"),
        (("--scorers", "RNA"), '"RNA" is not a scorer; choose from ATAC'),
        (("--scorers", "ATAC,ATAC"), "is there more than once among the variant scorers"),
        (
            ("--organism", "mouse", "--scorers", "POLYADENYLATION"),
            "PolyadenylationScorer() is not for mouse, only for human",
        ),
        (("--window", "5000"), "cannot predict 5,000 bp"),
        (("--organism", "dog"), "There is no organism"),
        (("--engine", "alphagenome"), "To install it, run"),
        (("--vcf", "nowhere.vcf"), "cannot be read"),
        (("--scorers", "CenterMaskScorer(ATAC, 501, DIFF_SUM), DNASE(1"), "is not a scorer"),
    ],
)
def test_a_bad_request_is_refused_in_words(tmp_path, variants, capsys, options, sentence):
    vcf = tmp_path / "v.vcf"
    vcf.write_text(vcf_line(variants[0]))
    assert run(vcf, tmp_path / "scores.tsv", *options) == 2
    assert sentence in capsys.readouterr().err


def test_a_file_without_variants_is_refused(tmp_path, capsys):
    vcf = tmp_path / "v.vcf"
    vcf.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\n\n")
    assert run(vcf, tmp_path / "scores.tsv") == 2
    assert "v.vcf holds no variant" in capsys.readouterr().err
