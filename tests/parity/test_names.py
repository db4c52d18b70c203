"""Every array of the released checkpoint has exactly one place in our network."""

import pytest

from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.weights.haiku_names import array_names


def at(tree, path):
    for key in path:
        tree = tree[key]
    return tree


def leaf_paths(tree, path=()):
    if not isinstance(tree, dict):
        return {path}
    return {leaf for key, branch in tree.items() for leaf in leaf_paths(branch, (*path, key))}


@pytest.mark.parametrize(("collection", "is_state"), [("params", False), ("state", True)])
def test_the_full_network_has_the_official_names_and_shapes(collection, is_state, official_shapes):
    tree = functional.abstract(ModelConfig.full())[is_state]
    ours = {
        name.official: list(name.official_shape(at(tree, name.ours).shape))
        for name in array_names(ModelConfig.full())
        if name.is_state is is_state
    }
    assert ours == official_shapes[collection]


@pytest.mark.parametrize("config", [ModelConfig.full(), ModelConfig.demo()], ids=["full", "demo"])
def test_every_array_of_ours_has_one_official_name(config):
    names = array_names(config)
    params, state = functional.abstract(config)
    for tree, is_state in ((params, False), (state, True)):
        paths = [name.ours for name in names if name.is_state is is_state]
        assert len(paths) == len(set(paths))
        assert set(paths) == leaf_paths(tree)
    assert len({name.official for name in names}) == len(names)
