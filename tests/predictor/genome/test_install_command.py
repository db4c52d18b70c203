"""`python -m predictor install-genome` as a process of its own, with real limits and real ends."""

import io
import os
import resource
import signal
import subprocess
import sys

import pytest

from predictor.cli import main
from predictor.genome.install_report import ConsoleReport
from tests.until import until

from .conftest import SIZES, Behaviour, MirrorServer, fasta

FASTA = "GRCh38.p13.genome.fa"
LARGE = {"chr1": 300_000, "chr2": 100_000, "chrM": 200}
QUOTA = 100_000


def command(server: MirrorServer, *arguments: str) -> list[str]:
    program = [sys.executable, "-m", "predictor", "install-genome", "hg38"]
    return [*program, "--from", server.address, *arguments]


@pytest.fixture
def large(mirror):
    """The mirror with a sequence of 400 kb."""
    mirror.files[f"/gencode/hg38/{FASTA}"] = fasta(LARGE).encode()
    return mirror


def test_a_quota_that_fills_is_one_sentence_and_the_part_is_continued(large, genomes):
    limited = subprocess.run(
        command(large),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (QUOTA, QUOTA)),
        check=False,
    )
    assert limited.returncode == 2
    assert limited.stderr.count("\n") == 1
    assert "is full; free some room, or set ALLELENS_HOME" in limited.stderr
    assert [path.name for path in (genomes / "hg38").iterdir()] == [".install"]
    (part,) = (genomes / "hg38").rglob(f"{FASTA}.part")
    kept = part.stat().st_size
    assert 0 < kept <= QUOTA

    subprocess.run(command(large), capture_output=True, check=True)
    assert large.ranges_of(FASTA) == ["", f"bytes={kept}-"]
    assert (genomes / "hg38" / "genome.fa").read_text() == fasta(LARGE)


def test_a_quota_that_fills_while_files_are_made_leaves_the_old_ones(mirror, genomes, tmp_path):
    subprocess.run(command(mirror), capture_output=True, check=True)
    (tmp_path / "large.fa").write_text(fasta(LARGE))
    before = {p.name: p.read_bytes() for p in (genomes / "hg38").iterdir()}
    limited = subprocess.run(
        command(mirror, "--fasta", str(tmp_path / "large.fa"), "--only", "sequence"),
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (QUOTA, QUOTA)),
        check=False,
    )
    assert limited.returncode == 2
    assert "is full; free some room" in limited.stderr
    assert {p.name: p.read_bytes() for p in (genomes / "hg38").iterdir()} == before


def test_a_killed_installation_goes_on_with_the_same_command(large, genomes):
    large.behaviours.extend([Behaviour()] * 4)  # The small files come first.
    large.behaviours.append(Behaviour(wait_after=150_000))
    with subprocess.Popen(
        command(large), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        (part,) = until(lambda: list((genomes / "hg38").rglob(f"{FASTA}.part")), 60)
        until(lambda: part.stat().st_size, 60, what="the first bytes")
        process.send_signal(signal.SIGKILL)
        process.wait()
    large.go_on.set()
    assert not (genomes / "hg38" / "genome.fa").exists()
    kept = part.stat().st_size
    asked = len(large.requests)

    done = subprocess.run(command(large), capture_output=True, text=True, check=True)
    assert [asked_range for _, asked_range in large.requests[asked:]] == [f"bytes={kept}-"]
    assert "Installed the sequence, genes" in done.stdout
    assert (genomes / "hg38" / "genome.fa").read_text() == fasta(LARGE)


def test_the_command_line_reads_every_wish(mirror, genomes, capsys):
    arguments = ["install-genome", "hg38", "--from", mirror.address, "--only", "sequence"]
    assert main([*arguments, "--sha256", f"{FASTA}={'0' * 64}"]) == 2
    assert f"not {'0' * 64} as given" in capsys.readouterr().err
    assert main([*arguments, "--sha256", "nothing"]) == 2
    assert '"nothing" is not FILE=HEX' in capsys.readouterr().err
    assert main(arguments) == 0
    assert f"{sum(SIZES.values()):,} bp" in capsys.readouterr().out
    assert main(["install-genome", "demoH1"]) == 2
    assert "simulate genome" in capsys.readouterr().err


def test_a_log_gets_plain_lines_and_not_one_for_every_block():
    stream = io.StringIO()
    report = ConsoleReport(stream)
    for done in range(0, 1_000_001, 1_000):
        report.progress("a.fa", done, 1_000_000)
    lines = stream.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0] == "a.fa: 0.1 of 1.0 MB (10%)"
    assert "\r" not in stream.getvalue()


def test_a_terminal_gets_a_bar_that_sentences_do_not_tear():
    leader, follower = os.openpty()
    with os.fdopen(follower, "w") as terminal:
        report = ConsoleReport(terminal)
        report.progress("a.fa", 500_000, 1_000_000)
        report.say("The connection broke off.")
        report.progress("a.fa", 1_000_000, 1_000_000)
        report.say("Done.")
        terminal.flush()
        shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "a.fa:  50%" in shown
    assert "a.fa: 100%" in shown
    assert "\r\nThe connection broke off.\r\n" in shown
