"""Weights on disk."""

import dataclasses
import json

import jax
import numpy as np
import pytest

from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.weights import checkpoint

TINY = dataclasses.replace(
    ModelConfig.demo(),
    channels=4,
    channels_step=2,
    tower_layers=1,
    query_heads=2,
    key_channels=4,
    value_channels=4,
    pair_channels=4,
    pair_heads=2,
    pair_head_channels=4,
    junction_channels=4,
    junction_sites=4,
)
TRACKS = {"HOMO_SAPIENS": {"DNASE": [{"name": "D-T", "strand": ".", "nonzero_mean": 0.5}]}}


@pytest.fixture
def arrays():
    rng = np.random.default_rng(0)
    shapes = functional.abstract(TINY)
    return jax.tree.map(
        lambda leaf: np.asarray(rng.standard_normal(leaf.shape), leaf.dtype), shapes
    )


@pytest.fixture
def folder(tmp_path, arrays):
    params, state = arrays
    checkpoint.save(
        tmp_path / "tiny", config=TINY, params=params, state=state, tracks=TRACKS, card={"seed": 1}
    )
    return tmp_path / "tiny"


def leaves(tree):
    return {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree.leaves_with_path(tree)}


def test_what_is_saved_comes_back_bit_for_bit(folder, arrays):
    loaded = checkpoint.load(folder)
    for stored, original in ((loaded.params, arrays[0]), (loaded.state, arrays[1])):
        found, expected = leaves(stored), leaves(original)
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            assert isinstance(found[name], np.ndarray)
            assert found[name].dtype == array.dtype
            assert found[name].shape == array.shape
            assert found[name].tobytes() == array.tobytes(), name
    assert loaded.config == TINY
    assert loaded.tracks == TRACKS
    parameters = sum(array.size for _, array in checkpoint.flatten(loaded.params))
    assert loaded.card == {"seed": 1, "parameters": parameters, "digest": loaded.digest}


def test_saving_replaces_an_older_folder_and_leaves_nothing_else_behind(folder, arrays):
    params, state = arrays
    checkpoint.save(folder, config=TINY, params=params, state=state, tracks=TRACKS, card={})
    assert "seed" not in checkpoint.load(folder).card
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_no_file_names_the_folder_that_it_was_written_to(folder):
    for path in folder.rglob("*"):
        assert path.is_dir() or str(folder.parent).encode() not in path.read_bytes(), path


def test_the_digest_ignores_the_order_of_names_but_no_byte_and_no_name():
    one, two = np.arange(3, dtype=np.float32), np.ones((2, 2), np.float32)
    digest = checkpoint.digest({"a": one, "b": {"c": two}}, {})
    assert checkpoint.digest({"b": {"c": two}, "a": one}, {}) == digest
    changed = one.copy()
    changed[0] = np.nextafter(changed[0], 1)
    assert checkpoint.digest({"a": changed, "b": {"c": two}}, {}) != digest
    assert checkpoint.digest({"a": one, "b": {"d": two}}, {}) != digest
    assert checkpoint.digest({"a": one, "b": {"c": two.reshape(4)}}, {}) != digest
    assert checkpoint.digest({}, {"a": one, "b": {"c": two}}) != digest


def test_every_missing_unused_and_misshapen_array_is_named_in_one_message(tmp_path, arrays):
    params, state = arrays
    params = dict(params)
    params["unknown"] = np.zeros(1, np.float32)
    encoder = params["encoder"] = dict(params["encoder"])
    embedder = encoder["dna_embedder"] = dict(encoder["dna_embedder"])
    name = sorted(embedder)[0]
    del embedder[name]
    table = params["organism_embedding"]["table"]
    params["organism_embedding"] = {"table": table[:1]}
    checkpoint.save(
        tmp_path / "bad", config=TINY, params=params, state=state, tracks=TRACKS, card={}
    )
    with pytest.raises(checkpoint.WeightsMismatchError) as caught:
        checkpoint.load(tmp_path / "bad")
    assert "unused params/unknown" in caught.value.message
    assert f"missing params/encoder/dna_embedder/{name}" in caught.value.message
    assert "params/organism_embedding/table has shape (1, 16), expected (2, 16)" in str(
        caught.value
    )


def test_a_folder_without_a_part_says_which_one(folder):
    (folder / "tracks.json").unlink()
    with pytest.raises(checkpoint.WeightsNotFoundError, match=r"lacks tracks\.json"):
        checkpoint.load(folder)


def test_arrays_that_are_not_those_of_the_card_are_refused(folder):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "digest": "0" * 64}))
    with pytest.raises(checkpoint.WeightsMismatchError, match="changed or copied in part"):
        checkpoint.load(folder)
