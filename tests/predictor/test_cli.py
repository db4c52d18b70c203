import json
import os
import subprocess
import sys

import numpy as np
import pytest
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.cli import main
from predictor.simulator import readouts

STRATA = ["--strata", "all", "--seed", "1"]
PREDICT = ["predict", "--engine", "demo", "--interval", "demo1:1,000-5096"]


@pytest.fixture
def base(reference):
    return reference.sequence(Interval("demo1", 2_000, 2_001))


def fails(capsys, *arguments) -> str:
    status = main(arguments)
    captured = capsys.readouterr()
    assert status == 2, captured
    assert captured.err.count("\n") == 1
    sentence, _, command = captured.err.strip().partition(" To install it, run: ")
    assert sentence.endswith((".", "?"))
    assert not command or command.startswith("python -m predictor ")
    assert "Traceback" not in captured.err
    return captured.err


def test_list_shows_what_is_installed_and_how_to_install_the_rest(in_small_home, capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    demo = next(line for line in lines if line.startswith("demo "))
    assert "32,768 bp" in demo
    assert "demoH1 (human, " in demo
    assert "MB" in demo
    assert any("install-weights alphagenome" in line for line in lines)


def test_predict_writes_the_arrays_under_their_names(in_small_home, tmp_path, base, capsys):
    out = tmp_path / "deep" / "result.npz"
    alternate = "ACGT".replace(base, "")[0] + "TT"
    status = main(
        [
            *PREDICT,
            *("--variant", f"demo1:2,001:{base}>{alternate}"),
            *("--organism", "human", "--out", str(out)),
            *("--outputs", "RNA_SEQ,DNASE,CONTACT_MAPS,SPLICE_JUNCTIONS,CHIP_HISTONE"),
            *("--ontology", "DEMO:0000001,DEMO:0000004"),
        ]
    )
    assert status == 0, capsys.readouterr().err
    found = np.load(out)
    assert list(out.parent.iterdir()) == [out]
    for allele in ("reference", "alternate"):
        assert found[f"{allele}/RNA_SEQ"].shape == (4_096, 4)
        assert found[f"{allele}/CONTACT_MAPS"].shape == (2, 2, 2)
        assert found[f"{allele}/CHIP_HISTONE"].shape == (32, 9)
        number = len(found[f"{allele}/SPLICE_JUNCTIONS/start"])
        assert found[f"{allele}/SPLICE_JUNCTIONS/values"].shape == (number, 2)
        assert set(found[f"{allele}/SPLICE_JUNCTIONS/strand"]) <= {"+", "-"}
        starts, ends = (found[f"{allele}/SPLICE_JUNCTIONS/{name}"] for name in ("start", "end"))
        assert (starts < ends).all()
    rows = json.loads(str(found["metadata/DNASE"]))
    assert {row["ontology_curie"] for row in rows} == {"DEMO:0000001", "DEMO:0000004"}
    about = json.loads(str(found["about"]))
    assert about["variants"] == [f"demo1:2001:{base}>{alternate}"]
    assert about["aligned"] is True


def test_predict_gives_what_the_engine_gives(in_small_home, tmp_path, base):
    from predictor.engines.registry import open_engine
    from predictor.genome.variant import parse_variant

    text = f"demo1:2001:{base}>{base}GATTACA"
    arguments = [*PREDICT, "--variant", text, "--outputs", "DNASE"]
    assert main([*arguments, "--out", str(tmp_path / "aligned.npz")]) == 0
    assert main([*arguments, "--no-align", "--out", str(tmp_path / "raw.npz")]) == 0
    model = open_engine("demo")
    for name, align in (("aligned", True), ("raw", False)):
        expected = model.predict_alleles(
            Interval("demo1", 1_000, 5_096),
            [parse_variant(text)],
            requested_outputs=[OutputType.DNASE],
            ontology_terms=None,
            align=align,
        )
        found = np.load(tmp_path / f"{name}.npz")
        np.testing.assert_array_equal(found["alternate/DNASE"], expected.alternate.dnase.values)
        np.testing.assert_array_equal(found["reference/DNASE"], expected.reference.dnase.values)


def test_a_sequence_file_gives_the_same_as_its_interval(in_small_home, tmp_path, reference):
    sequence = reference.sequence(Interval("demo1", 1_000, 5_096))
    fasta = tmp_path / "window.fa"
    fasta.write_text(f">window\n{sequence[:2000].lower()}\n{sequence[2000:]}\n")
    plain, file = tmp_path / "a.npz", tmp_path / "b.npz"
    assert main([*PREDICT, "--outputs", "ATAC", "--out", str(plain)]) == 0
    rest = ["--sequence", str(fasta), "--outputs", "ATAC", "--out", str(file)]
    assert main(["predict", "--engine", "demo", *rest]) == 0
    np.testing.assert_array_equal(np.load(plain)["reference/ATAC"], np.load(file)["reference/ATAC"])
    assert "alternate/ATAC" not in np.load(plain)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["predict"], "--engine, --out"),
        (["predict", "--engine", "nope", "--interval", "c:1-2", "--out", "x"], 'no engine "nope"'),
        ([*PREDICT[:3], "--out", "x.npz"], "--interval"),
        ([*PREDICT[:4], "demo1:5", "--out", "x.npz"], "not an interval"),
        ([*PREDICT[:4], "demo1:0-5000", "--out", "x.npz"], "the nearest is 4,096"),
        ([*PREDICT[:4], "demo9:0-4096", "--out", "x.npz"], "no chromosome"),
        ([*PREDICT, "--variant", "rs123", "--out", "x.npz"], "rsID"),
        ([*PREDICT, "--variant", "demo1:2001:A>R", "--out", "x.npz"], "hold R"),
        ([*PREDICT, "--outputs", "RNA", "--out", "x.npz"], 'no output type "RNA"'),
        ([*PREDICT, "--ontology", "DEMO:77", "--out", "x.npz"], "DEMO:0000077"),
        (
            [*PREDICT, "--ontology", "DEMO:1", "--outputs", "DNASE,CAGE", "--out", "x.npz"],
            "no CAGE of",
        ),
        ([*PREDICT, "--organism", "yeast", "--out", "x.npz"], "human or mouse"),
        (
            ["predict", "--engine", "alphagenome", "--interval", "c:0-16384", "--out", "x.npz"],
            "install-weights",
        ),
        (
            [*PREDICT, "--sequence", "absent.fa", "--out", "x.npz"],
            "absent.fa",
        ),
        (["train", "pretrain", "--recipe", "nope", "--out", "x"], "recipe"),
        (["evaluate", "--engine", "fold-1", *STRATA], "fold-1 are not installed"),
        (["simulate"], "WHAT"),
    ],
)
def test_unusable_input_is_one_sentence_on_stderr_and_status_2(
    in_small_home, tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.chdir(tmp_path)
    assert words in fails(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_swapped_variant_is_refused_with_the_swap(in_small_home, tmp_path, capsys, base):
    other = "ACGT".replace(base, "")[0]
    variant = f"demo1:2001:{other}>{base}"
    message = fails(capsys, *PREDICT, "--variant", variant, "--out", str(tmp_path / "x.npz"))
    assert f"demo1:2001:{base}>{other}" in message


def test_the_process_itself_prints_no_traceback(in_small_home):
    done = subprocess.run(
        [sys.executable, "-m", "predictor", "predict", "--engine", "nope", "--out", "x.npz"],
        env=os.environ | {"ALLELENS_HOME": str(in_small_home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith('There is no engine "nope"')
    assert "Traceback" not in done.stderr


def test_help_says_which_positions_are_0_based_and_which_1_based(capsys):
    with pytest.raises(SystemExit):
        main(["predict", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "0-based and half-open" in text
    assert "1-based position" in text


def test_the_truth_of_a_window_is_that_of_the_simulator(in_small_home, tmp_path, reference):
    out = tmp_path / "truth.npz"
    assert main(["simulate", "tracks", "--interval", "demo1:0-4096", "--out", str(out)]) == 0
    interval = Interval("demo1", 0, 4_096)
    expected = readouts.simulate(reference.sequence(interval), Organism.HOMO_SAPIENS)
    np.testing.assert_array_equal(np.load(out)["reference/DNASE"], expected.dnase.values)


def test_simulate_tracks_writes_both_alleles_of_a_variant(
    in_small_home, reference, tmp_path, base, capsys
):
    out = tmp_path / "truth.npz"
    given = ["simulate", "tracks", "--interval", "demo1:0-4096", "--out", str(out)]
    assert main([*given, "--variant", f"demo1:2,001:{base}>{base}CCTTAGTCATT"]) == 0
    found = np.load(out)
    bases = reference.sequence(Interval("demo1", 0, 4_096))
    alternate = (bases[:2_001] + "CCTTAGTCATT" + bases[2_001:])[:4_096]
    expected = readouts.simulate(alternate, Organism.HOMO_SAPIENS)
    # Left of the insertion nothing is moved.
    np.testing.assert_array_equal(found["alternate/DNASE"][:2_000], expected.dnase.values[:2_000])
    assert (found["alternate/DNASE"] != found["reference/DNASE"]).any()
    assert json.loads(str(found["about"]))["aligned"] is True
