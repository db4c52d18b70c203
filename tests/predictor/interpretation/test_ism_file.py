"""The command `ism`: its arrays, and the sentence that each bad input gets."""

import json

import numpy as np
import pytest
from alphagenome.data.genome import Interval

from predictor.cli import main
from predictor.interpretation.ism import IsmRun
from predictor.scoring.naming import parse_variant_scorer

WINDOW = "demo1:1,000-5,096"
STRETCH = Interval("demo1", 1_599, 1_601)
COMMAND = {
    "--engine": "demo",
    "--interval": WINDOW,
    "--ism": "demo1:1599-1601",
    "--scorer": "DNASE,RNA_SEQ",
}


@pytest.fixture(autouse=True)
def _home(in_small_home):
    """The small engine stands for the demo."""


def run(out, **changed) -> int:
    options = COMMAND | {f"--{name}": value for name, value in changed.items()}
    return main(["ism", *(part for pair in options.items() for part in pair), "--out", str(out)])


@pytest.fixture
def insertion(reference) -> str:
    base = reference.sequence(Interval("demo1", 1_600, 1_601))
    return f"demo1:1,601:{base}>{base}ACG"


def test_the_file_holds_a_matrix_for_each_scorer_gene_and_allele(
    model, reference, insertion, tmp_path, capsys
):
    out = tmp_path / "deep" / "ism.npz"
    assert run(out, variant=insertion) == 0
    captured = capsys.readouterr()
    assert captured.out == f"Scored 21 substitutions; wrote {out}.\n"
    # Not a terminal: plain lines, at most one in ten seconds, no bar.
    lines = captured.err.splitlines()
    assert lines[-1] == "21 of 21 substitutions"
    assert all(line.endswith(" of 21 substitutions") for line in lines)
    assert list(out.parent.iterdir()) == [out]

    found = np.load(out)
    scorers = [parse_variant_scorer(name) for name in ("DNASE", "RNA_SEQ")]
    slow = IsmRun(model, Interval("demo1", 1_000, 5_096), STRETCH, scorers)
    dnase, rna = slow.matrices(slow.parts())
    np.testing.assert_array_equal(found["reference/DNASE"], dnase.values[:, :, 0])
    np.testing.assert_array_equal(found["reference/DNASE/logo"], dnase.logo[:, 0])
    np.testing.assert_array_equal(found["reference/RNA_SEQ/DG1"], rna.values[:, :, 0])
    assert str(found["reference/sequence"]) == reference.sequence(STRETCH)
    assert str(found["alternate/sequence"]) == reference.sequence(STRETCH) + "ACG"
    assert found["alternate/positions"].tolist() == [1_599, 1_600, -1, -1, -1]
    tracks = json.loads(str(found["metadata/DNASE"]))
    assert found["alternate/DNASE"].shape == (5, 4, len(tracks))
    assert [gene["gene_name"] for gene in json.loads(str(found["genes/RNA_SEQ"]))] == ["D-ONE"]
    about = json.loads(str(found["about"]))
    assert about["engine"] == "demo"
    assert about["weights_digest"] == model.weights_digest
    assert about["columns"] == "ACGT"
    assert about["variants"] == [insertion.replace(",", "")]


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"ism": "demo1:6,000-6,010"}, "does not lie wholly inside the predicted interval"),
        ({"ism": "demo1:1599-1601:-"}, "is on the strand -"),
        ({"ism": "somewhere"}, '"somewhere" is not an interval'),
        ({"scorer": "DNASE,NOTHING"}, "NOTHING"),
        ({"scorer": "DNASE,DNASE"}, "more than once"),
        ({"interval": "demo1:1000-3000"}, "cannot predict 2,000 bp"),
        ({"interval": "demo7:1000-5096"}, "demo7"),
        ({"variant": "demo1:9,999:A>C"}, "demo1"),
        ({"organism": "yeast"}, "yeast"),
        ({"engine": "nobody"}, "nobody"),
    ],
)
def test_bad_input_gets_one_sentence_and_no_file(changed, sentence, tmp_path, capsys):
    out = tmp_path / "ism.npz"
    assert run(out, **changed) == 2
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert sentence in captured.err
    assert "Traceback" not in captured.err
    assert not out.exists()
