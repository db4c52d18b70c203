"""The list of bad input (`tests/bad_input.py`) on the command line."""

import functools
import re

import pandas as pd
import pytest

from predictor.cli import main
from predictor.engines import registry
from tests.bad_input import GOOD, OVER_THE_END, PREDICT, ROWS, SCORE

KEPT = "what an earlier run has written"
GIVEN = [
    pytest.param(row, arguments, id=f"{name}-{number}")
    for name, row in ROWS.items()
    if not isinstance(row.command, str)
    for number, arguments in enumerate(row.command)
]
LINES = [(line, row) for row in ROWS.values() for line in row.lines]
open_engine = functools.cache(registry.open_engine)


@pytest.fixture(autouse=True)
def folder(tmp_path, installed, monkeypatch):
    """A folder with a good file, where an earlier result lies already."""
    monkeypatch.setenv("ALLELENS_HOME", str(installed))
    monkeypatch.setattr(registry, "open_engine", open_engine)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.txt").write_text(GOOD)
    return tmp_path


@pytest.mark.parametrize(("row", "arguments"), GIVEN)
def test_bad_input_is_one_sentence_with_what_was_found_and_expected(folder, capsys, row, arguments):
    for name, text in row.files:
        (folder / name).write_text(text)
    out = folder / ("out.tsv" if arguments[0] == "score" else "out.npz")
    out.write_text(KEPT)
    before = sorted(path.name for path in folder.iterdir())
    assert main([*arguments, "--engine", "demo", "--out", str(out)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert re.search(row.found, told.err), told.err
    assert re.search(row.expected, told.err), told.err
    assert told.err.strip().endswith((".", "?"))
    assert "Traceback" not in told.err
    assert out.read_text() == KEPT
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.slow
def test_bad_lines_of_a_file_are_told_by_their_numbers_and_the_others_scored(folder, capsys):
    (folder / "good.txt").write_text("\n".join([*(line for line, _ in LINES), GOOD]))
    assert main([*SCORE, "--engine", "demo", "--out", "out.tsv"]) == 0
    told = capsys.readouterr().err
    problems = pd.read_csv(folder / "out.tsv.problems.tsv", sep="\t")
    assert problems["line"].tolist() == [*range(1, len(LINES) + 1)]
    for (_, row), line, sentence in zip(LINES, problems["line"], problems["problem"], strict=True):
        assert re.search(row.found, sentence), sentence
        assert re.search(row.expected, sentence), sentence
        assert f"Line {line}: {sentence}" in told
    assert set(pd.read_csv(folder / "out.tsv", sep="\t")["variant_id"]) == {GOOD}


@pytest.mark.slow
def test_a_window_over_the_end_of_the_chromosome_is_predicted_and_told(folder, capsys):
    over = [*PREDICT, "--interval", "demo1:-1000-15384", "--engine", "demo", "--out", "out.npz"]
    assert main(over) == 0
    assert capsys.readouterr().err.splitlines()[0] == OVER_THE_END
