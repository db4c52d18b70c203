"""A checkpoint in the release's layout comes into our store, or one sentence says why not."""

import copy
import dataclasses
import json
import shutil

import jax
import ml_dtypes
import numpy as np
import orbax.checkpoint as ocp
import pytest
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.cli import main
from predictor.engines import registry
from predictor.errors import UnknownEngineError
from predictor.model.config import ModelConfig
from predictor.tracks.catalogue import catalogue
from predictor.tracks.release_metadata import InvalidMetadataError, MetadataNotFoundError
from predictor.weights import checkpoint, disk, install, official_checkpoint
from predictor.weights.checkpoint import WeightsMismatchError, WeightsNotFoundError
from predictor.weights.haiku_names import array_names
from predictor.weights.load import load_weights
from tests.release_files import (
    HUMAN,
    MOUSE,
    PADDING,
    SMALL,
    TEXTS,
    track,
    write_checkpoint,
    write_metadata,
)

CONV = "alphagenome/sequence_encoder/dna_embedder/conv1_d"
HEAD = "alphagenome/head/atac/resolution_128/multi_organism_linear"
NORM = "alphagenome/transformer_tower/mha_block_1/rms_batch_norm"


@pytest.fixture
def changed(tmp_path, trees):
    """Writes a checkpoint of which something was changed first."""

    def write_changed(change):
        params, state = copy.deepcopy(trees)
        return write_checkpoint(tmp_path / "changed", change(params, state) or (params, state))

    return write_changed


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def test_every_array_arrives_bit_for_bit_under_our_name(
    empty_home, small_checkpoint, metadata, trees
):
    found = install.import_weights("alphagenome", small_checkpoint, metadata=metadata, config=SMALL)
    loaded = load_weights("alphagenome")
    assert loaded.config == SMALL
    assert loaded.digest == found.digest
    for name in array_names(SMALL):
        module, _, leaf = name.official.rpartition("/")
        official = trees[name.is_state][module][leaf]
        ours = at(loaded.state if name.is_state else loaded.params, name.ours)
        assert name.official_shape(ours.shape) == official.shape
        assert ours.tobytes() == official.tobytes(), name.official


def test_the_card_says_what_was_imported_from_where_and_who_confirmed_the_terms(
    empty_home, small_checkpoint, metadata
):
    found = install.import_weights(
        "fold-2", small_checkpoint, metadata=metadata, person=" Ada Lovelace ", config=SMALL
    )
    card = load_weights("fold-2").card
    assert (card["name"], card["version"], card["digest"]) == ("fold-2", "fold-2", found.digest)
    assert card["source"] == "folder all-folds"
    assert card["parameters"] == found.parameters
    assert card["licence"]["confirmed_by"] == "Ada Lovelace"
    assert card["licence"]["terms"].startswith("https://")
    (line,) = (empty_home / "weights" / "licences.jsonl").read_text().splitlines()
    assert json.loads(line)["confirmed_by"] == "Ada Lovelace"
    assert json.loads(line)["confirmed_at"] == card["licence"]["confirmed_at"]


def test_the_tracks_are_those_of_the_metadata(empty_home, small_checkpoint, metadata):
    install.import_weights("alphagenome", small_checkpoint, metadata=metadata, config=SMALL)
    tracks = catalogue("alphagenome")
    dnase = tracks.table(Organism.HOMO_SAPIENS, OutputType.DNASE)
    assert dnase.shifts.tolist() == [1, 1]
    assert tracks.biosamples(Organism.HOMO_SAPIENS)["UBERON:0002048"] == "lung"
    assert OutputType.PROCAP not in tracks.output_types(Organism.MUS_MUSCULUS)


@pytest.mark.slow
def test_with_a_genome_the_imported_weights_are_an_engine_that_predicts(
    empty_home, small_checkpoint, metadata, capsys
):
    genome = empty_home / "genomes" / "hg38"
    genome.mkdir(parents=True)
    (genome / "genome.fa").write_text(">chr1\n" + "ACGTTGCA" * 2_048 + "\n")
    install.import_weights("alphagenome", small_checkpoint, metadata=metadata, config=SMALL)
    assert main(["list"]) == 0
    line = next(row for row in capsys.readouterr().out.splitlines() if "alphagenome" in row)
    assert line.split()[:2] == ["alphagenome", "yes"]

    found = registry.open_engine("alphagenome").predict_interval(
        Interval("chr1", 0, 16_384),
        requested_outputs=[OutputType.CHIP_TF],
        ontology_terms=["CL:0000084"],
    )
    assert found.chip_tf.values.shape == (128, 1)
    assert found.chip_tf.metadata["transcription_factor"].tolist() == ["CTCF"]
    assert np.isfinite(found.chip_tf.values).all()


def test_metadata_beside_the_checkpoint_is_found(empty_home, tmp_path, small_checkpoint):
    shutil.copytree(small_checkpoint, tmp_path / "release" / "all-folds")
    write_metadata(tmp_path / "release")
    install.import_weights("alphagenome", tmp_path / "release" / "all-folds", config=SMALL)
    assert load_weights("alphagenome").config == SMALL


@pytest.mark.parametrize("layout", ["manager", "without ocdbt", "two arrays of a list"])
def test_other_layouts_of_orbax_are_read(layout, empty_home, tmp_path, trees, metadata):
    folder = (tmp_path / "other").absolute()
    if layout == "manager":
        with ocp.CheckpointManager(folder) as manager:
            manager.save(7, args=ocp.args.StandardSave(trees))
            manager.wait_until_finished()
    elif layout == "without ocdbt":
        handler = ocp.PyTreeCheckpointHandler(use_ocdbt=False)
        with ocp.Checkpointer(handler) as checkpointer:
            checkpointer.save(folder, args=ocp.args.PyTreeSave(trees))
    else:
        write_checkpoint(folder, list(trees))
    found = install.import_weights("alphagenome", folder, metadata=metadata, config=SMALL)
    params, state = official_checkpoint.read(folder, SMALL)
    assert checkpoint.digest(params, state) == found.digest


def test_arrays_of_a_device_come_as_numpy(empty_home, tmp_path, trees, metadata):
    folder = write_checkpoint(tmp_path / "device", jax.tree.map(jax.numpy.asarray, trees))
    params, _ = official_checkpoint.read(folder, SMALL)
    assert isinstance(params["organism_embedding"]["table"], np.ndarray)


def test_bfloat16_is_widened_without_loss(changed):
    values = np.arange(8, dtype=np.float32) / 8

    def change(params, _):
        params[CONV]["b"] = values[:4].astype(ml_dtypes.bfloat16)

    params, _ = official_checkpoint.read(changed(change), SMALL)
    bias = params["encoder"]["dna_embedder"]["convolution"]["bias"]
    assert bias.dtype == np.float32
    np.testing.assert_array_equal(bias, values[:4])


def test_all_that_is_wrong_with_the_arrays_stands_in_one_message(changed):
    def change(params, state):
        del params[CONV]["b"]
        params["alphagenome/new_block"] = {"w": np.ones(2, np.float32)}
        params[CONV]["w"] = params[CONV]["w"][:, :, :3]
        params["alphagenome/embed"]["embeddings"] = np.ones((2, 16), np.int32)
        state[NORM]["var_ema"][0, 0, 1] = np.nan
        params[HEAD]["b"][0, 0] = np.inf

    with pytest.raises(WeightsMismatchError) as caught:
        official_checkpoint.read(changed(change), SMALL)
    message = caught.value.message
    assert f"missing (1): {CONV}/b;" in message
    assert "unused (1): alphagenome/new_block/w;" in message
    assert f"misshapen (1): {CONV}/w has shape (15, 4, 3), expected (15, 4, 4);" in message
    assert "not float32 (1): alphagenome/embed/embeddings is int32;" in message
    assert f"not finite (1): {HEAD}/b;" in message
    assert f"not finite (1): {NORM}/var_ema." in message
    assert "metadata" not in message


def test_a_refused_checkpoint_leaves_the_installed_weights_as_they_were(
    empty_home, small_checkpoint, metadata, changed
):
    before = install.import_weights("fold-1", small_checkpoint, metadata=metadata, config=SMALL)

    def change(params, _):
        del params[CONV]

    with pytest.raises(WeightsMismatchError, match=r"missing \(2\)"):
        install.import_weights("fold-1", changed(change), metadata=metadata, config=SMALL)
    assert load_weights("fold-1").digest == before.digest
    assert [path.name for path in (empty_home / "weights").iterdir()] == ["fold-1"]


def test_heads_of_other_sizes_ask_for_their_own_metadata(empty_home, small_checkpoint, tmp_path):
    row = track("ATAC more", "UNSTRANDED", "nonzero_mean: 1")
    texts = {
        organism: text.replace(
            "OUTPUT_TYPE_ATAC\n  tracks {", f"OUTPUT_TYPE_ATAC\n  tracks {{ {row}"
        )
        for organism, text in TEXTS.items()
    }
    files = [str(path) for path in write_metadata(tmp_path / "more", texts).values()]
    with pytest.raises(WeightsMismatchError) as caught:
        install.import_weights("alphagenome", small_checkpoint, metadata=files, config=SMALL)
    assert f"{HEAD}/b has shape (2, 3), expected (2, 4)" in caught.value.message
    assert "do not fit the heads atac: give the files" in caught.value.message


def test_the_rows_of_the_metadata_decide_the_sizes_of_the_heads(
    empty_home, small_checkpoint, metadata
):
    other = dataclasses.replace(SMALL, tracks=ModelConfig.demo().tracks)
    install.import_weights("alphagenome", small_checkpoint, metadata=metadata, config=other)
    assert load_weights("alphagenome").config.tracks == SMALL.tracks


def test_organisms_with_different_numbers_of_rows_are_refused(
    empty_home, small_checkpoint, tmp_path
):
    human, mouse = TEXTS
    texts = {human: HUMAN.replace(PADDING, f"{PADDING} {PADDING}", 1), mouse: MOUSE}
    files = [str(path) for path in write_metadata(tmp_path / "uneven", texts).values()]
    with pytest.raises(InvalidMetadataError, match="heads have: atac 4 for human and 3 for mouse"):
        install.import_weights("alphagenome", small_checkpoint, metadata=files, config=SMALL)


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(WeightsNotFoundError, match="holds no Orbax checkpoint"):
        official_checkpoint.read(tmp_path / "photos", SMALL)
    with pytest.raises(WeightsNotFoundError, match="is not a folder"):
        official_checkpoint.read(tmp_path / "absent", SMALL)


def test_a_folder_with_two_checkpoints_names_them(tmp_path, small_checkpoint):
    for name in ("fold-0", "fold-1"):
        shutil.copytree(small_checkpoint, tmp_path / "all" / name)
    with pytest.raises(WeightsNotFoundError, match=r"several checkpoints \(fold-0, fold-1\)"):
        official_checkpoint.read(tmp_path / "all", SMALL)


@pytest.mark.parametrize("part", ["_METADATA", "manifest.ocdbt", "d", "largest"])
@pytest.mark.parametrize("how", ["gone", "half"])
def test_a_half_copied_checkpoint_is_told_from_a_whole_one(tmp_path, small_checkpoint, part, how):
    folder = tmp_path / "copy"
    shutil.copytree(small_checkpoint, folder)
    files = [path for path in folder.rglob("*") if path.is_file()]
    chosen = {
        "d": [path for path in files if path.parent == folder / "d"],
        "largest": [max(files, key=lambda path: path.stat().st_size)],
    }.get(part, [folder / part])
    for path in chosen:
        content = path.read_bytes()
        path.unlink()
        if how == "half":
            path.write_bytes(content[: len(content) // 2])
    with pytest.raises(WeightsNotFoundError, match="copied in part"):
        official_checkpoint.read(folder, SMALL)


def test_parameters_without_state_are_refused(changed):
    with pytest.raises(WeightsMismatchError, match="parameters without the state"):
        official_checkpoint.read(changed(lambda params, _: (params, {})), SMALL)


def test_parameters_alone_are_refused(tmp_path, trees):
    folder = write_checkpoint(tmp_path / "alone", trees[0])
    with pytest.raises(WeightsMismatchError, match="expected the pair"):
        official_checkpoint.read(folder, SMALL)


def test_an_engine_without_released_weights_is_refused(empty_home, small_checkpoint):
    with pytest.raises(UnknownEngineError, match="alphagenome, fold-0, fold-1, fold-2, fold-3"):
        install.import_weights("demo", small_checkpoint)


def test_missing_metadata_says_where_it_comes_from(empty_home, small_checkpoint):
    with pytest.raises(MetadataNotFoundError, match="alphagenome_research") as caught:
        install.import_weights("alphagenome", small_checkpoint, config=SMALL)
    assert "OutputMetadataResponse_ORGANISM_MUS_MUSCULUS.textproto" in caught.value.message
    assert "--metadata" in caught.value.message


def test_too_little_room_is_said_with_both_sizes(tmp_path):
    with pytest.raises(disk.DiskFullError, match=r"needs 1,000,000,000\.0 GB of free room, but"):
        disk.check_room(tmp_path / "not" / "yet", 10**18)
    disk.check_room(tmp_path / "not" / "yet", 1)


def test_an_error_other_than_a_full_disk_is_left_alone(tmp_path):
    with pytest.raises(KeyError), disk.told_when_full(tmp_path):
        raise KeyError("x")
