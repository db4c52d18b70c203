"""`score --haplotype`: several variants on one ALT, as a table."""

import functools

import numpy as np
import pandas as pd
import pytest
from alphagenome.data.genome import Interval

from predictor.cli import main
from predictor.engines import registry
from predictor.genome.variant import parse_variant
from predictor.scoring.naming import parse_variant_scorers

SCORERS = "DNASE,RNA_SEQ,SPLICE_JUNCTIONS"
open_engine = functools.cache(registry.open_engine)


@pytest.fixture(autouse=True)
def opened_once(in_small_home, monkeypatch):
    monkeypatch.setattr(registry, "open_engine", open_engine)


@pytest.fixture(scope="module")
def texts(reference):
    """A substitution and an insertion left of it, as they are typed."""
    left, right = (reference.sequence(Interval("demo1", p, p + 1)) for p in (1_299, 1_559))
    other = "ACGT".replace(right, "")[0]
    return [f"demo1:1,560:{right}>{other}", f"demo1:1300:{left}>{left}ACG"]


def run(out, *options, variants) -> int:
    usual = ("--engine", "demo", "--scorers", SCORERS, "--window", "4096")
    return main(["score", *usual, "--haplotype", *variants, "--out", str(out), *options])


def test_the_table_is_that_of_the_engine_in_every_format(tmp_path, texts, capsys):
    variants = [parse_variant(text) for text in texts]
    # The middle of 1-based 1,300 to 1,560 is in the middle of the window.
    interval = Interval("demo1", 1_299, 1_560).resize(4_096)
    scores = open_engine("demo").score_haplotype(interval, variants, parse_variant_scorers(SCORERS))
    expected = scores.table()
    for ending in ("parquet", "csv", "tsv"):
        out = tmp_path / "deep" / f"scores.{ending}"
        assert run(out, variants=texts) == 0
        told = capsys.readouterr()
        assert told.out == f"Scored 2 variants together and each alone; wrote {out}.\n"
        assert told.err.splitlines()[-1] == "3 of 3 ALT sequences"
        found = (
            pd.read_parquet(out)
            if ending == "parquet"
            else pd.read_csv(out, sep="," if ending == "csv" else "\t")
        )
        assert list(found) == list(expected)
        for column in ("variants", "effect", "at", "gene_id", "track_name", "variant_scorer"):
            assert found[column].fillna("").tolist() == expected[column].fillna("").tolist()
        np.testing.assert_allclose(found["score"], expected["score"], rtol=1e-6)
    assert sorted(path.suffix for path in (tmp_path / "deep").iterdir()) == [
        ".csv",
        ".parquet",
        ".tsv",
    ]


def test_the_interaction_is_combined_minus_the_sum_of_each_alone(tmp_path, texts):
    out = tmp_path / "scores.parquet"
    assert run(out, variants=texts) == 0
    found = pd.read_parquet(out)
    one_row = ["variant_scorer", "at", "gene_id", "junction_Start", "junction_End"]
    one_row += ["track_name", "track_strand"]
    effects = {
        effect: rows.groupby(one_row, dropna=False)["score"].sum(min_count=1)
        for effect, rows in found.groupby("effect")
    }
    difference = effects["combined"] - effects["expected"]
    np.testing.assert_allclose(effects["interaction"], difference, atol=1e-6)
    assert effects["interaction"].abs().max() > 0


def overlapping(texts):
    base = texts[1].split(":")[2][0]
    return [texts[1], f"demo1:1300:{base}>{base}TT"]


@pytest.mark.parametrize(
    ("variants", "options", "sentence"),
    [
        (overlapping, (), "change the same bases, so they cannot lie on one haplotype"),
        (lambda texts: texts[:1], (), "needs two variants at least, found 1"),
        (
            lambda texts: [texts[0], "demo1:8999:C>G"],
            (),
            "demo1:8999:C>G",
        ),
        (lambda texts: texts, ("--stitch",), "--stitch is for variants that are scored one by one"),
        (lambda texts: texts, ("--vcf", "v.vcf"), "not allowed with argument"),
        (lambda texts: texts, ("--window", "5000"), "cannot predict 5,000 bp"),
        (lambda texts: texts, ("--scorers", "ATAC,ATAC"), "more than once"),
    ],
)
def test_bad_input_gets_one_sentence_and_leaves_the_file_alone(
    tmp_path, texts, capsys, variants, options, sentence
):
    out = tmp_path / "scores.tsv"
    out.write_text("of last week")
    assert run(out, *options, variants=variants(texts)) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert sentence in told
    assert out.read_text() == "of last week"


def test_variants_further_apart_than_the_window_are_refused(tmp_path, reference, capsys):
    bases = [reference.sequence(Interval("demo1", p, p + 1)) for p in (999, 7_999)]
    far = [f"demo1:{p}:{b}>{b}A" for p, b in zip((1_000, 8_000), bases, strict=True)]
    assert run(tmp_path / "scores.tsv", variants=far) == 2
    assert "does not start inside the predicted interval" in capsys.readouterr().err
