import os
import shutil
import subprocess
import sys

import pytest
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import OutputType

from predictor import errors
from predictor.engines import registry
from predictor.weights.load import load_weights, weights_folder


def test_all_engines_are_listed_and_only_those_that_can_be_opened_are_installed(in_small_home):
    found = {engine.name: engine for engine in registry.list_engines()}
    assert list(found) == ["demo", "alphagenome", "fold-0", "fold-1", "fold-2", "fold-3", "hosted"]
    assert [name for name, engine in found.items() if engine.installed] == ["demo"]
    for name, engine in found.items():
        if name != "demo":
            assert engine.problem.endswith(".")
            assert engine.install_command
            assert not engine.output_types


def test_the_demo_is_marked_as_invented_and_describes_itself(in_small_home):
    demo = registry.describe_engine("demo")
    assert demo.engine.invented
    assert not demo.problem
    assert demo.engine.windows == (4_096, 16_384, 32_768)
    assert demo.engine.default_window in demo.engine.windows
    assert demo.engine.assemblies[Organism.MUS_MUSCULUS] == "demoM1"
    assert demo.weights_digest == load_weights("demo").digest
    assert OutputType.PROCAP in demo.output_types[Organism.HOMO_SAPIENS]
    assert OutputType.PROCAP not in demo.output_types[Organism.MUS_MUSCULUS]
    assert registry.engine_card("demo")["title"] == "untrained, for tests"


def test_listing_does_not_load_jax(in_small_home, repository):
    code = """
import sys
from predictor.engines.registry import list_engines
from predictor.tracks.catalogue import catalogue
from predictor.engines import request
from predictor.genome import gene_annotation, reference, sequences, variant
from predictor.tracks import alignment
assert [e.installed for e in list_engines()][0]
assert catalogue("demo").organisms
loaded = {"jax", "flax", "orbax"} & set(sys.modules)
assert not loaded, loaded
"""
    environment = os.environ | {"ALLELENS_HOME": str(in_small_home), "PYTHONPATH": str(repository)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_unknown_engine_is_refused_with_the_names_that_exist(in_small_home):
    with pytest.raises(
        errors.UnknownEngineError, match='no engine "enformer"; the engines are demo'
    ):
        registry.open_engine("enformer")


@pytest.mark.parametrize("name", ["alphagenome", "fold-2"])
def test_missing_weights_are_refused_with_the_command_that_installs_them(in_small_home, name):
    version = "all-folds" if name == "alphagenome" else name
    with pytest.raises(errors.WeightsMissingError, match=f"--version {version}"):
        registry.open_engine(name)


def test_the_hosted_service_wants_a_key_and_then_its_terms_accepted(in_small_home, monkeypatch):
    monkeypatch.delenv("ALPHAGENOME_API_KEY", raising=False)
    with pytest.raises(errors.EngineNotInstalledError, match="No key of the hosted service"):
        registry.open_engine("hosted")
    monkeypatch.setenv("ALPHAGENOME_API_KEY", "any")
    with pytest.raises(errors.EngineNotInstalledError, match=r"terms are not accepted.*connect"):
        registry.open_engine("hosted")


def test_weights_that_do_not_fit_are_refused_before_they_are_loaded(in_small_home, monkeypatch):
    monkeypatch.setenv("ALLELENS_MEMORY_LIMIT", "0.01")
    with pytest.raises(errors.NotEnoughMemoryError, match="The weights of the engine demo take "):
        registry.open_engine("demo")


def test_a_missing_genome_is_refused_with_the_command_that_makes_it(
    in_small_home, tmp_path, monkeypatch
):
    shutil.copytree(in_small_home / "weights", tmp_path / "weights")
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path))
    demo = registry.describe_engine("demo")
    assert not demo.installed
    assert demo.weights_digest
    with pytest.raises(errors.EngineNotInstalledError, match="simulate genome") as caught:
        registry.open_engine("demo")
    assert caught.value.code == "engine_not_installed"


@pytest.mark.parametrize("part", ["arrays", "tracks.json", "card.json", "config.json"])
def test_incomplete_weights_are_named_by_the_missing_part(
    in_small_home, tmp_path, monkeypatch, part
):
    shutil.copytree(in_small_home, tmp_path / "home")
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    found = weights_folder("demo") / part
    shutil.rmtree(found) if found.is_dir() else found.unlink()
    with pytest.raises(errors.WeightsMissingError, match=part) as caught:
        registry.open_engine("demo")
    assert caught.value.code == "weights_missing"


def test_weights_with_a_broken_table_do_not_break_the_list(in_small_home, tmp_path, monkeypatch):
    shutil.copytree(in_small_home, tmp_path / "home")
    monkeypatch.setenv("ALLELENS_HOME", str(tmp_path / "home"))
    (weights_folder("demo") / "tracks.json").write_text("{")
    demo = registry.list_engines()[0]
    assert not demo.installed
    assert "cannot be read" in demo.problem


def test_opening_gives_a_model_of_the_sdk_with_both_organisms(in_small_home):
    model = registry.open_engine("demo")
    assert isinstance(model, DnaModel)
    assert model.windows == (4_096, 16_384, 32_768)
    for organism in Organism:
        assert model.output_metadata(organism).dnase is not None
