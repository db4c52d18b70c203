"""The ways of inference give the numbers of the plain forward pass."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import functional
from predictor.model.convolution import StandardizedConvolution
from predictor.model.heads import HEADS
from predictor.model.initialization import initialize
from predictor.model.preparation import prepare
from predictor.model.windows import DECODER_HALO, ENCODER_HALO

LENGTH = 4096
ORGANISMS = np.array([0, 1], np.int32)
POSITIONS = np.array([[[5, 400], [90, 2000], [7, 300], [100, 3000]]] * 2, np.int32)


def copied(tree):
    return {k: copied(leaf) if isinstance(leaf, dict) else leaf for k, leaf in tree.items()}


@pytest.fixture(scope="module")
def trained(weights):
    """Gains and biases as training leaves them, not 1 and 0."""
    rng = np.random.default_rng(0)

    def stirred(leaf):
        return np.asarray(leaf) + rng.normal(0, 0.1, leaf.shape).astype(np.float32)

    params, state = weights
    return jax.tree.map(stirred, params), state


@pytest.fixture(scope="module")
def batch(one_hot):
    return one_hot(2, LENGTH)


def run(config, weights, batch, quick_jit, heads=tuple(HEADS), **options):
    forward = quick_jit(
        lambda params, state: functional.forward(
            config, params, state, batch, ORGANISMS, heads, **options
        )
    )
    return jax.device_get(forward(*weights))


@pytest.fixture(scope="module")
def plain(tiny, trained, batch, quick_jit):
    return run(
        tiny,
        trained,
        batch,
        quick_jit,
        splice_site_positions=POSITIONS,
        with_128bp=True,
        window=None,
    )


def assert_same(found, expected, chosen=None):
    """Within the rounding of float32, which single values of so narrow a network amplify."""
    for head in HEADS:
        for key, values in expected[head].items():
            rows = (chosen or {}).get(head)
            if rows is not None and key != "splice_site_positions":
                values = values[..., rows]
            if values.dtype != np.float32:
                np.testing.assert_array_equal(found[head][key], values)
            else:
                assert_near(found[head][key], values, head)


def assert_near(found, expected, name=""):
    scale = np.sqrt(np.mean(np.square(expected)))
    difference = np.abs(found - expected) / scale
    # Usage is rounded to float16.
    assert np.sqrt(np.mean(np.square(difference))) < (5e-4 if "usage" in name else 5e-5), name
    assert difference.max() < 5e-3, name


def test_prepared_weights_give_the_numbers_of_the_trained_ones(
    tiny, trained, batch, quick_jit, plain
):
    config, *prepared = prepare(tiny, *map(copied, trained), dtype=jnp.float32)
    found = run(
        config, prepared, batch, quick_jit, splice_site_positions=POSITIONS, with_128bp=True
    )
    assert_same(found, plain)


def test_in_bfloat16_too(tiny, trained, batch, quick_jit):
    """Preparing rounds where a pass would: what differs is the order of a few roundings."""
    options = {"dtype": jnp.bfloat16, "heads": ("dnase", "chip_tf", "contact_maps")}
    expected = run(tiny, trained, batch, quick_jit, **options)
    config, *prepared = prepare(tiny, *map(copied, trained), dtype=jnp.bfloat16)
    assert {leaf.dtype for leaf in jax.tree.leaves(prepared)} == {jnp.dtype(jnp.bfloat16)}
    found = run(config, prepared, batch, quick_jit, **options)
    for head in options["heads"]:
        for key, values in expected[head].items():
            error = np.sqrt(np.mean((found[head][key] - values) ** 2) / np.mean(values**2))
            assert error < 0.02, (head, key)


def test_preparing_empties_what_it_is_given(tiny, weights):
    params, state = map(copied, weights)
    prepare(tiny, params, state, dtype=jnp.float32)
    assert not jax.tree.leaves((params, state))


def test_a_prepared_kernel_is_the_one_that_training_applies(tiny):
    convolution = initialize(
        lambda draw: StandardizedConvolution(4, 6, width=5, draw=draw), jax.random.key(0)
    )
    tree = {
        "gain": np.linspace(0.5, 2, 6, dtype=np.float32),
        "kernel": np.asarray(convolution.kernel[...]),
        "bias": np.zeros(6, np.float32),
    }
    convolution.gain[...] = jnp.asarray(tree["gain"])
    _, prepared, _ = prepare(tiny, {"convolution": tree}, {}, dtype=jnp.float32)
    np.testing.assert_allclose(
        prepared["convolution"]["kernel"], convolution.standardized_kernel(), rtol=1e-6
    )
    assert set(prepared["convolution"]) == {"kernel", "bias"}


def test_chosen_tracks_are_a_slice_of_all(tiny, trained, batch, quick_jit, plain):
    tracks = dataclasses.asdict(tiny.tracks)
    chosen = {head: np.arange(tracks[head])[::-2] for head in HEADS}
    found = run(
        tiny,
        trained,
        batch,
        quick_jit,
        chosen=chosen,
        splice_site_positions=POSITIONS,
        with_128bp=True,
    )
    del chosen["splice_sites_classification"]  # Always whole.
    tissues, all_tissues = chosen["splice_sites_junction"], tracks["splice_sites_junction"]
    chosen["splice_sites_junction"] = np.concatenate([tissues, all_tissues + tissues])
    assert_same(found, plain, chosen)


def test_choosing_classes_does_not_change_which_sites_are_selected(tiny, trained, batch, quick_jit):
    heads = ("splice_sites_classification", "splice_sites_junction")
    everything = run(tiny, trained, batch, quick_jit, heads)
    found = run(tiny, trained, batch, quick_jit, heads, chosen={heads[0]: np.array([1])})
    np.testing.assert_array_equal(
        found[heads[1]]["splice_site_positions"], everything[heads[1]]["splice_site_positions"]
    )


def test_junctions_at_given_sites_may_be_all_that_is_asked_for(
    tiny, trained, batch, quick_jit, plain
):
    found = run(
        tiny,
        trained,
        batch,
        quick_jit,
        ("splice_sites_junction",),
        splice_site_positions=POSITIONS,
    )
    assert_near(
        found["splice_sites_junction"]["predictions"],
        plain["splice_sites_junction"]["predictions"],
    )


def test_window_by_window_gives_the_numbers_of_the_whole(tiny, trained, batch, quick_jit, plain):
    """Three windows of 1,408 bp: two ends, and a last one that overlaps the one before."""
    width = 1408
    assert width + 2 * max(DECODER_HALO, ENCODER_HALO) < LENGTH < 3 * width
    found = run(
        tiny,
        trained,
        batch,
        quick_jit,
        splice_site_positions=POSITIONS,
        with_128bp=True,
        window=width,
    )
    assert_same(found, plain)
    for name, values in plain["embeddings"].items():
        assert_near(found["embeddings"][name], values)
