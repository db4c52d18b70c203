"""How far the commands are: bars on a terminal, plain lines anywhere else."""

import functools
import io
import sys

import pytest
from alphagenome.data.genome import Interval

from predictor.cli import main
from predictor.engines import registry

WINDOW = ("--interval", "demo1:1000-5096")
open_engine = functools.cache(registry.open_engine)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def opened_once(in_small_home, monkeypatch):
    monkeypatch.setattr(registry, "open_engine", open_engine)


@pytest.fixture
def commands(tmp_path, reference):
    """Each command, with what it counts."""
    base = reference.sequence(Interval("demo1", 4_599, 4_600))
    variants = [f"demo1:4600:{base}>{base}{more}" for more in ("A", "C")]
    vcf, fasta = tmp_path / "v.txt", tmp_path / "window.fa"
    vcf.write_text("\n".join(variants))
    fasta.write_text(reference.sequence(Interval("demo1", 1_000, 5_096)))
    outputs = ("--outputs", "DNASE,RNA_SEQ,CONTACT_MAPS")
    return {
        "predict": (["predict", *WINDOW, *outputs], "3 output types"),
        "predict variants": (
            ["predict", *WINDOW, *outputs, "--variant", variants[0]],
            "3 output types",
        ),
        "predict a sequence": (["predict", "--sequence", str(fasta), *outputs], "3 output types"),
        "score": (
            ["score", "--vcf", str(vcf), "--scorers", "DNASE", "--window", "4096"],
            "2 variants",
        ),
        "ism": (
            ["ism", *WINDOW, "--ism", "demo1:1599-1601", "--scorer", "DNASE"],
            "6 substitutions",
        ),
    }


NAMES = ["predict", "predict variants", "predict a sequence", "score", "ism"]


def run(command, name, tmp_path) -> None:
    ending = "tsv" if name == "score" else "npz"
    assert main([*command, "--engine", "demo", "--out", str(tmp_path / f"out.{ending}")]) == 0


@pytest.mark.parametrize("name", NAMES)
def test_without_a_terminal_there_are_plain_lines(commands, name, tmp_path, capsys):
    command, counted = commands[name]
    run(command, name, tmp_path)
    lines = capsys.readouterr().err.splitlines()
    total = counted.partition(" ")[0]
    assert lines[-1] == f"{total} of {counted}"
    assert all(line.endswith(f" of {counted}") for line in lines)


@pytest.mark.parametrize("name", NAMES)
def test_on_a_terminal_there_is_a_bar_which_leaves_nothing(commands, name, tmp_path, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    command, counted = commands[name]
    run(command, name, tmp_path)
    text = terminal.getvalue()
    total, what = counted.split(" ", 1)
    assert f"| 0/{total} [" in text
    assert what in text
    assert "\n" not in text
    assert text.endswith("\r")


def test_a_window_over_the_end_of_the_chromosome_is_told(tmp_path, capsys):
    out = str(tmp_path / "out.npz")
    window = ["--interval", "demo1:8000-12096", "--outputs", "DNASE"]
    assert main(["predict", "--engine", "demo", *window, "--out", out]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0] == (
        "demo1:8,001-12,096 reaches beyond demo1, which has 9,000 bp in demoH1; the bases outside "
        "are read as N."
    )
