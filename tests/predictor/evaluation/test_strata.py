"""Verdicts on held-out variants: what a perfect, a reversed and a mute engine get."""

import dataclasses
import json

import numpy as np
import pytest

from predictor.cli import main
from predictor.errors import NotSupportedError
from predictor.evaluation import seeds, strata
from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.strata import Scored, evaluate_strata, judge, judge_silent
from predictor.simulator.held_out import (
    STRATA,
    TooFewVariantsError,
    UnknownStratumError,
    held_out_variants,
)

FEW = {"seed": seeds.TESTS, "count": 3, "windows": 8}
COUNT = FEW["count"]
ROW = {
    "stratum", "n", "sign_accuracy", "pearson", "threshold_sign", "threshold_pearson", "passed",
}  # fmt: skip


@pytest.fixture(scope="module")
def perfect(oracle):
    """What an engine gets that answers with the truth; and the lines it was told."""
    lines: list[str] = []
    rows = evaluate_strata(oracle(), ["all"], **FEW, say=lines.append)
    return rows, lines


def test_three_purposes_have_three_seeds():
    assert len({seeds.SETTINGS, seeds.REPORT, seeds.TESTS}) == 3


def test_the_truth_passes_every_stratum(perfect):
    rows, _ = perfect
    assert [row["stratum"] for row in rows] == list(STRATA)
    for row in rows[:-1]:
        assert set(row) == ROW
        assert row["n"] == COUNT
        assert row["sign_accuracy"] == row["pearson"] == 1
        assert row["passed"] is True


def test_the_variants_without_effect_have_figures_of_their_own(perfect):
    row = perfect[0][-1]
    assert set(row) == ROW | {"percentile_95", "median_site_broken", "limit"}
    assert row["sign_accuracy"] is row["pearson"] is None
    assert row["percentile_95"] < 0.02
    assert row["limit"] == pytest.approx(row["median_site_broken"] / 3, abs=1e-4)
    assert row["passed"] is True


def test_progress_is_told_line_by_line(perfect):
    _, lines = perfect
    assert lines[0] == f"site broken: {COUNT} variants of seed {seeds.TESTS} drawn"
    total = COUNT * len(STRATA)
    assert lines[-1] == f"{total} of {total} variants predicted"


def test_an_engine_that_answers_the_other_way_round_fails(oracle):
    rows = evaluate_strata(oracle(lambda values: values.max() - values), ["splice site"], **FEW)
    assert [row["stratum"] for row in rows] == ["splice site"]
    assert rows[0]["sign_accuracy"] == 0
    assert rows[0]["pearson"] == -1
    assert rows[0]["passed"] is False


def test_an_engine_that_never_sees_a_change_fails(oracle):
    rows = evaluate_strata(oracle(np.zeros_like), ["polyA", "no effect"], **FEW)
    assert [row["stratum"] for row in rows] == ["polyA", "no effect"]
    assert rows[0]["sign_accuracy"] == rows[0]["pearson"] == 0
    assert [row["passed"] for row in rows] == [False, False]


def test_the_reference_window_is_predicted_once_for_its_variants(oracle):
    engine = oracle()
    drawn = {"site broken": strata.draw(seeds.TESTS, "site broken", 12, windows=8)}
    strata.score_all(engine, drawn)
    contigs = {entry.variant.chromosome for entry in drawn["site broken"]}
    assert len(engine.model.asked) == 12 + len(contigs)


def test_windows_that_are_too_poor_in_a_kind_of_variant_are_doubled():
    with pytest.raises(TooFewVariantsError):
        held_out_variants(seeds.TESTS, "CTCF", count=30, windows=2)
    entries = strata.draw(seeds.TESTS, "CTCF", 30, windows=2)
    assert {entry.variant.chromosome for entry in entries} == {
        f"heldout{seeds.TESTS}_{number}" for number in (1, 2, 3, 4)
    }


def scored(truth, predicted) -> Scored:
    return Scored(truth=np.array(truth, float), predicted=np.array(predicted, float))


def test_a_stratum_needs_both_signs_and_correlation():
    distal = STRATA["distal expression"]
    good = judge(distal, scored([1, 2, -1, -2, 3], [1, 2, -1, -1, -1]))
    assert good["sign_accuracy"] == 0.8
    assert good["pearson"] < 0.5
    assert good["passed"] is False
    assert judge(distal, scored([1, 2, -1, -2, 3], [1, 2, -1, -1, 3]))["passed"] is True


def test_silence_is_measured_by_broken_sites():
    broken = scored([-1, -1, -1], [-0.9, -1.2, -0.6])
    row = judge_silent(scored([0] * 100, [0.29] * 100), broken)
    assert (row["median_site_broken"], row["limit"], row["passed"]) == (0.9, 0.3, True)
    assert judge_silent(scored([0] * 100, [-0.31] * 100), broken)["passed"] is False


def test_an_engine_with_other_tracks_is_refused(oracle, monkeypatch):
    model = oracle().model
    whole = model.output_metadata()
    fewer = dataclasses.replace(whole, dnase=whole.dnase.iloc[1:])
    monkeypatch.setattr(model, "output_metadata", lambda organism: fewer)
    with pytest.raises(NotSupportedError, match="D-HEP DNase-seq"):
        DemoEngine("other", model)


def test_unknown_strata_are_named_before_an_engine_is_opened(capsys):
    with pytest.raises(UnknownStratumError, match="No stratum was named"):
        strata.check([], seed=1, count=1)
    for words, arguments in {
        "no stratum 'typo'": ["--strata", "polyA,typo", "--seed", "1"],
        "The seed is -1": ["--strata", "all", "--seed", "-1"],
        "0 variants": ["--strata", "all", "--seed", "1", "--count", "0"],
    }.items():
        assert main(["evaluate", "--engine", "demo", *arguments]) == 2
        assert words in capsys.readouterr().err


@pytest.mark.slow
def test_the_command_judges_the_shipped_engine(installed, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("ALLELENS_HOME", str(installed))
    out = tmp_path / "deep" / "report.json"
    command = ["evaluate", "--engine", "demo", "--seed", str(seeds.TESTS), "--count", "8"]
    assert main([*command, "--strata", "site_broken,tf-binding", "--out", str(out)]) == 0
    found = json.loads(out.read_text())
    assert list(found) == ["strata"]
    assert [row["stratum"] for row in found["strata"]] == ["site broken", "TF binding"]
    for row in found["strata"]:
        assert row["sign_accuracy"] >= 0.75
    assert "variants predicted" in capsys.readouterr().err
