"""Weights come from their publishers with the official clients, whatever happens on the way."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys

import pytest

from predictor.cli import main
from predictor.weights import checkpoint, install, official_checkpoint, published, release
from predictor.weights.load import load_weights
from tests.release_files import SMALL

SOURCES = sorted(published.SOURCES)


@pytest.fixture
def plan(empty_home, metadata):
    def make(source, engine="alphagenome", **more):
        return install.plan(engine, source, metadata=metadata, config=SMALL, **more)

    return make


@pytest.mark.parametrize("source", SOURCES)
def test_a_download_is_installed_with_its_licence_and_leaves_nothing_else(
    source, hub, plan, empty_home, trees
):
    found = install.install(plan(source), "Ada Lovelace")
    loaded = load_weights("alphagenome")
    params, state = official_checkpoint.read(hub.folder, SMALL)
    assert found.digest == loaded.digest == checkpoint.digest(params, state)
    assert loaded.card["version"] == "all-folds"
    assert loaded.card["source"].endswith(published.SOURCES[source].handle("all-folds"))
    assert loaded.card["licence"]["confirmed_by"] == "Ada Lovelace"
    assert sorted(path.name for path in (empty_home / "weights").iterdir()) == [
        "alphagenome",
        "licences.jsonl",
    ]
    (line,) = (empty_home / "weights" / "licences.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "engine": "alphagenome",
        "version": "all-folds",
        "source": source,
        **loaded.card["licence"],
    }


def test_huggingface_goes_on_in_the_middle_of_a_file_after_the_connection_broke(hub, plan):
    hub.break_offs = 2
    install.install(plan("huggingface"), "Ada Lovelace")
    assert [name for name, _ in hub.ranges] == [hub.largest, hub.largest]
    assert 0 < hub.ranges[0][1] < hub.ranges[1][1] < len(hub.files[hub.largest])
    assert len(hub.sent) == len(set(hub.sent)) == len(hub.files)


def test_kaggle_goes_on_in_the_middle_of_a_file_when_run_again(hub, plan):
    hub.break_offs = 1
    with pytest.raises(published.DownloadInterruptedError, match="run the same command again"):
        install.install(plan("kaggle"), "Ada Lovelace")
    install.install(plan("kaggle"), "Ada Lovelace")
    ((name, first),) = [found for found in hub.ranges if found[0] == hub.largest]
    assert 0 < first < len(hub.files[name])
    assert load_weights("alphagenome").config == SMALL


def test_an_interrupted_download_installs_nothing_and_keeps_what_has_come(hub, plan, empty_home):
    hub.break_offs = 1
    planned = plan("kaggle", engine="fold-3")
    with pytest.raises(published.DownloadInterruptedError):
        install.install(planned, "Ada Lovelace")
    assert not (empty_home / "weights" / "fold-3").exists()
    kept = [path for path in planned.downloads.rglob("*") if path.is_file()]
    assert any(path.name == hub.largest.split("/")[-1] for path in kept)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (401, "", "nobody is signed in here; accept the terms at https://.*, then "),
        (401, "GatedRepo", "nobody is signed in here"),
        (403, "GatedRepo", "has not accepted the terms"),
        (403, "", "has not accepted the terms"),
        (404, "RepoNotFound", "it has no google/alphagenome"),
        (500, "", "status 500; try again later"),
    ],
)
def test_a_refusal_is_one_sentence_with_what_to_do(source, status, code, words, hub, plan):
    hub.status, hub.code = status, code
    with pytest.raises(published.DownloadRefusedError, match=words) as caught:
        install.install(plan(source), "Ada Lovelace")
    assert "\n" not in caught.value.message
    assert published.SOURCES[source].title in caught.value.message


@pytest.mark.parametrize("source", SOURCES)
def test_no_network_is_one_sentence(source, hub, plan, monkeypatch):
    from kagglesdk import kaggle_env

    nowhere = "http://127.0.0.1:9"
    monkeypatch.setenv("HF_ENDPOINT", nowhere)
    monkeypatch.setitem(kaggle_env._env_to_endpoint, kaggle_env.KaggleEnv.LOCAL, nowhere)
    with pytest.raises(published.DownloadInterruptedError, match="cannot be reached") as caught:
        install.install(plan(source), "Ada Lovelace")
    assert "\n" not in caught.value.message


def test_nothing_is_fetched_before_somebody_confirmed_the_terms(hub, plan, empty_home):
    for nobody in (None, "", "  "):
        with pytest.raises(release.LicenceNotConfirmedError, match="--accept-licence"):
            install.install(plan("huggingface"), nobody)
    assert hub.sent == []
    assert not empty_home.exists()


@pytest.mark.parametrize(
    ("engine", "version", "words"),
    [
        ("alphagenome", "fold-0", "stands for the version all-folds, not fold-0; .* is fold-0"),
        ("fold-2", "all_folds", "stands for the version fold-2, not all-folds; .* is alphagenome"),
        ("fold-2", "fold-9", 'no version "fold-9"; the versions are all-folds, fold-0, '),
    ],
)
def test_a_version_that_is_not_the_engines_is_refused(engine, version, words, plan):
    with pytest.raises(release.VersionMismatchError, match=words):
        plan("huggingface", engine=engine, version=version)


@pytest.mark.parametrize("written", ["fold-2", "FOLD_2", None])
def test_versions_may_be_written_as_the_release_writes_them(written):
    assert release.version_of("fold-2", written) == "fold-2"


def test_a_missing_client_names_the_command_that_installs_it(plan, monkeypatch):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name, *rest: None if name == "kagglehub" else real(name, *rest),
    )
    with pytest.raises(published.ClientMissingError, match=r'pip install "kagglehub>=1\.0,<2"'):
        plan("kaggle")


def test_an_unknown_source_lists_those_there_are(plan):
    with pytest.raises(published.UnknownSourceError, match="huggingface, kaggle"):
        plan("ftp")


@pytest.mark.parametrize("source", SOURCES)
def test_a_full_disk_is_one_sentence_and_installs_nothing(source, hub, metadata, repository):
    """On a file system of 256 kB, mounted for this one process."""
    home = hub.folder.parent / f"small-disk-{source}"
    home.mkdir()
    code = f"""
import os, sys
from kagglesdk import kaggle_env
kaggle_env._env_to_endpoint[kaggle_env.KaggleEnv.LOCAL] = {hub.address!r}
from tests.release_files import SMALL
from predictor.weights import disk, install
# As if another process filled the disk after the check.
disk.check_room = lambda folder, needed: None
try:
    plan = install.plan("alphagenome", {source!r}, metadata={metadata!r}, config=SMALL)
    install.install(plan, "Ada Lovelace")
except disk.DiskFullError as error:
    print(error.message)
    print(sorted(os.listdir({str(home)!r} + "/weights")))
"""
    if not _can_mount(home):
        pytest.skip("this machine does not let a process mount a file system of its own")
    prepare = f"mount -t tmpfs -o size=256k tmpfs {home}; head -c 200k /dev/zero >{home}/filler"
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", f'{prepare}; exec "$@"', "sh", sys.executable, "-c", code],
        env=os.environ | {"ALLELENS_HOME": str(home), "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is full; free some room" in done.stdout, done.stderr
    assert "'alphagenome'" not in done.stdout


def _can_mount(folder) -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", str(folder)]
    return subprocess.run(tried, capture_output=True, check=False).returncode == 0


def test_the_commands_say_what_was_installed_and_what_comes_next(
    empty_home, hub, metadata, capsys, monkeypatch
):
    monkeypatch.setattr("predictor.model.config.ModelConfig.full", staticmethod(lambda: SMALL))
    person = ("--accept-licence", "Ada Lovelace")
    arguments = ["install-weights", "fold-1", "--from", "huggingface", "--version", "fold-1"]
    assert main([*arguments, "--metadata", *metadata, *person]) == 0
    out = capsys.readouterr().out
    assert release.TERMS in out
    assert out.index(release.TERMS) < out.index("Installed fold-1 (fold-1)")
    assert out.endswith("python -m predictor install-genome hg38\n")
    arguments = ["import-weights", "alphagenome", str(hub.folder)]
    assert main([*arguments, "--metadata", *metadata]) == 0
    assert "Installed alphagenome (all-folds)" in capsys.readouterr().out


def test_without_a_terminal_the_terms_must_be_accepted_on_the_command_line(
    empty_home, hub, metadata, capsys, monkeypatch
):
    monkeypatch.setattr("predictor.model.config.ModelConfig.full", staticmethod(lambda: SMALL))
    arguments = ["install-weights", "alphagenome", "--from", "huggingface", "--metadata"]
    assert main([*arguments, *metadata]) == 2
    assert "nobody confirmed their terms" in capsys.readouterr().err
    assert hub.sent == []
