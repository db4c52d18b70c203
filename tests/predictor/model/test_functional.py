import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from alphagenome.models.dna_output import OutputType

from predictor.model import functional
from predictor.model.config import InvalidModelConfigError, ModelConfig
from predictor.model.heads import HEADS

LENGTH = 4096
ORGANISMS = np.array([0, 1], np.int32)
POSITIONS = np.array([[[5, 400], [90, 2000], [7, 300], [100, 3000]]] * 2, np.int32)


def leaves(tree):
    return {
        "/".join(key.key for key in path): leaf
        for path, leaf in jax.tree_util.tree_leaves_with_path(tree)
    }


@pytest.fixture(scope="module")
def batch(one_hot):
    return one_hot(2, LENGTH)


@pytest.fixture(scope="module")
def forward(tiny, quick_jit):
    return quick_jit(
        lambda params, state, x, organisms, requested: functional.forward(
            tiny, params, state, x, organisms, requested
        ),
        static_argnums=4,
    )


@pytest.fixture(scope="module")
def predictions(forward, weights, batch):
    return jax.device_get(forward(*weights, batch, ORGANISMS, tuple(HEADS)))


@pytest.fixture(scope="module")
def gradients(tiny, weights, batch, quick_jit):
    """Gradients of one program, by the importance of each head and the key of the dropout."""
    params, state = weights
    config = dataclasses.replace(tiny, dropout_rate=0.2)

    @quick_jit
    def gradient(params, importance, key):
        def loss(params):
            outputs, new_state = functional.forward_train(
                config,
                params,
                state,
                batch,
                ORGANISMS,
                tuple(HEADS),
                splice_site_positions=POSITIONS,
                key=key,
            )
            # Squares, because a sum of class probabilities has no gradient.
            terms = [
                sum(jnp.mean(y**2) for y in outputs[head].values() if y.dtype == jnp.float32)
                for head in HEADS
            ]
            return jnp.dot(importance, jnp.stack(terms)), new_state

        return jax.grad(loss, has_aux=True)(params)

    def run(importance, seed):
        gradients, new_state = jax.device_get(gradient(params, importance, jax.random.key(seed)))
        return leaves(gradients), new_state

    return run


def reads(head, path):
    """Whether a head's training outputs depend on the parameter."""
    stage, *rest = path.split("/")
    if stage == "heads":
        return rest[0] == head
    if head == "contact_maps":
        # The last layer's attention and MLP come after the last pair update.
        last = stage == "tower" and rest[1] == "2" and rest[2] != "pair_update"
        return stage in ("encoder", "organism_embedding", "tower", "embedder_pair") and not last
    if stage in ("decoder", "embedder_1bp"):
        return 1 in HEADS[head].resolutions
    return stage != "embedder_pair"


@pytest.mark.parametrize("head", HEADS)
def test_training_reaches_every_parameter_that_a_head_reads_and_no_other(head, gradients):
    importance = np.array([name == head for name in HEADS], np.float32)
    for path, gradient in gradients(importance, 0)[0].items():
        assert np.isfinite(gradient).all(), path
        assert bool(gradient.any()) == reads(head, path), path


def test_training_moves_the_running_moments_towards_those_of_the_batch(
    tiny, weights, batch, gradients
):
    params, state = weights
    _, new_state = gradients(np.ones(len(HEADS), np.float32), 0)
    model = functional.bind(tiny, params, state)
    stem = model.encoder.dna_embedder.convolution(jnp.asarray(batch))
    moment = np.mean(np.asarray(stem) ** 2, axis=(0, 1))
    old = np.asarray(state["encoder"]["dna_embedder"]["block"]["norm"]["var_ema"])
    new = new_state["encoder"]["dna_embedder"]["block"]["norm"]["var_ema"]
    np.testing.assert_allclose(new, 0.75 * old + 0.25 * moment, rtol=1e-5)
    changed = [np.any(leaves(new_state)[path] != leaf) for path, leaf in leaves(state).items()]
    assert all(changed)


def test_every_head_answers_with_its_keys_and_shapes(tiny, predictions):
    tracks = dataclasses.asdict(tiny.tracks)
    for head, row in HEADS.items():
        if len(row.resolutions) == 2:
            expected = {"scaled_predictions_1bp": (2, LENGTH, tracks[head])}
        elif row.resolutions == (128,):
            expected = {"scaled_predictions_128bp": (2, LENGTH // 128, tracks[head])}
        elif head == "contact_maps":
            expected = {"predictions": (2, LENGTH // 2048, LENGTH // 2048, tracks[head])}
        elif head == "splice_sites_junction":
            sites = tiny.junction_sites
            pairs = (2, sites, sites, 2 * tracks[head])
            expected = {
                "predictions": pairs,
                "splice_junction_mask": pairs,
                "splice_site_positions": (2, 4, sites),
            }
        else:
            shape = (2, LENGTH, tracks[head])
            expected = {"logits": shape, "predictions": shape}
        assert {key: value.shape for key, value in predictions[head].items()} == expected


def test_requesting_fewer_heads_gives_the_same_numbers(forward, weights, batch, predictions):
    requested = ("chip_tf", "contact_maps")
    fewer = forward(*weights, batch, ORGANISMS, requested)
    assert set(fewer) == {*requested, "embeddings"}
    for head in requested:
        for key, value in fewer[head].items():
            np.testing.assert_allclose(value, predictions[head][key], rtol=1e-4, atol=1e-5)


def test_output_types_may_be_requested(tiny, weights, batch):
    shapes = jax.eval_shape(
        lambda: functional.forward(
            tiny, *weights, batch, ORGANISMS, [OutputType.CHIP_TF, OutputType.SPLICE_SITES]
        )
    )
    assert set(shapes) == {"chip_tf", "splice_sites_classification", "embeddings"}


def test_only_the_embeddings_that_a_request_reads_are_made(tiny, weights, batch):
    def embeddings(*requested):
        shapes = jax.eval_shape(
            lambda: functional.forward(tiny, *weights, batch, ORGANISMS, requested)
        )
        return set(shapes["embeddings"])

    everything = {"embeddings_1bp", "embeddings_128bp", "embeddings_pair"}
    assert embeddings("chip_tf", "contact_maps") == everything - {"embeddings_1bp"}
    assert embeddings("dnase") == embeddings() == everything


def test_examples_of_a_batch_do_not_touch_each_other(forward, weights, one_hot, predictions):
    other = np.stack([one_hot(2, LENGTH)[0], one_hot(1, LENGTH, seed=9)[0]])
    changed = forward(*weights, other, ORGANISMS, tuple(HEADS))
    for head in HEADS:
        for key, value in changed[head].items():
            np.testing.assert_allclose(value[0], predictions[head][key][0], rtol=1e-4, atol=1e-5)
    assert np.any(
        changed["dnase"]["scaled_predictions_1bp"][1]
        != predictions["dnase"]["scaled_predictions_1bp"][1]
    )


def test_the_organism_changes_every_head(forward, weights, batch, predictions):
    swapped = forward(*weights, batch, 1 - ORGANISMS, tuple(HEADS))
    for head in HEADS:
        for key in {"predictions", "scaled_predictions_1bp", "scaled_predictions_128bp"}:
            if key in swapped[head]:
                assert np.any(swapped[head][key] != predictions[head][key]), head


def test_junctions_of_stored_embeddings_equal_those_of_the_pass(tiny, weights, predictions):
    junction = predictions["splice_sites_junction"]
    again = functional.junctions(
        tiny,
        weights[0],
        predictions["embeddings"]["embeddings_1bp"],
        jnp.asarray(ORGANISMS),
        junction["splice_site_positions"],
    )
    np.testing.assert_allclose(again["predictions"], junction["predictions"], rtol=1e-4)
    np.testing.assert_array_equal(again["splice_junction_mask"], junction["splice_junction_mask"])


def test_contact_maps_are_symmetric(predictions):
    maps = predictions["contact_maps"]["predictions"]
    np.testing.assert_allclose(maps, maps.swapaxes(1, 2), atol=1e-5)


def test_class_probabilities_sum_to_one_and_usage_is_a_share(predictions):
    classes = predictions["splice_sites_classification"]["predictions"]
    np.testing.assert_allclose(classes.sum(axis=-1), 1, rtol=1e-5)
    usage = np.asarray(predictions["splice_sites_usage"]["predictions"])
    assert ((usage >= 0) & (usage <= 1)).all()
    np.testing.assert_array_equal(usage, usage.astype(np.float16))


def test_bfloat16_is_near_float32_and_predictions_stay_float32(
    tiny, weights, batch, predictions, quick_jit
):
    requested = ("dnase", "contact_maps", "splice_sites_classification")
    low = quick_jit(
        lambda params, state: functional.forward(
            tiny, params, state, batch, ORGANISMS, requested, dtype=jnp.bfloat16
        )
    )(*weights)
    assert low["embeddings"]["embeddings_1bp"].dtype == jnp.bfloat16
    for head in requested:
        for key, value in low[head].items():
            assert value.dtype == jnp.float32
            expected = np.asarray(predictions[head][key])
            error = np.sqrt(np.mean((value - expected) ** 2) / np.mean(expected**2))
            assert 0 < error < 0.1, (head, key)


def test_dropout_follows_the_key(gradients):
    importance = np.ones(len(HEADS), np.float32)
    first, same, other = (gradients(importance, seed)[0] for seed in (0, 0, 1))
    kernel = "tower/layers/0/mlp/widen/kernel"
    np.testing.assert_array_equal(first[kernel], same[kernel])
    assert np.any(first[kernel] != other[kernel])


def test_every_dropout_gets_its_own_key(tiny, weights):
    model = functional.bind(tiny, *weights)
    functional._give_dropout_keys(model, jax.random.key(0))
    layer = model.tower.layers[0]
    keys = [
        tuple(jax.random.key_data(dropout.key).tolist())
        for dropout in (layer.attention.dropout, layer.mlp.dropout, layer.mlp.dropout_inside)
    ]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("length", [2048, 6144, 1_048_576])
def test_the_same_parameters_serve_every_length(length, tiny, weights):
    outputs = jax.eval_shape(
        lambda x: functional.forward(tiny, *weights, x, ORGANISMS[:1], ("dnase", "contact_maps")),
        jax.ShapeDtypeStruct((1, length, 4), jnp.float32),
    )
    assert outputs["dnase"]["scaled_predictions_1bp"].shape[1] == length
    assert outputs["contact_maps"]["predictions"].shape[1:3] == (length // 2048, length // 2048)


@pytest.mark.parametrize("length", [0, 2047, 5000])
def test_other_lengths_are_refused_with_a_sentence(tiny, weights, length):
    x = jnp.zeros((1, length, 4))
    with pytest.raises(functional.InvalidSequenceLengthError, match="multiples of 2,048"):
        functional.forward(tiny, *weights, x, jnp.zeros(1, jnp.int32), ("dnase",))


def test_fresh_parameters_follow_the_key(tiny, weights):
    again, _ = functional.init(tiny, jax.random.key(0))
    other, _ = functional.init(tiny, jax.random.key(1))
    for path, leaf in leaves(weights[0]).items():
        np.testing.assert_array_equal(leaves(again)[path], leaf)
    kernel = "tower/layers/0/attention/query/kernel"
    assert np.any(leaves(other)[kernel] != leaves(again)[kernel])


def test_fresh_kernels_keep_the_variance_of_their_input(weights):
    params, _ = weights
    kernel = params["tower"]["layers"]["0"]["mlp"]["widen"]["kernel"]
    np.testing.assert_allclose(kernel.std() * np.sqrt(kernel.shape[0]), 1, rtol=0.1)
    table = params["heads"]["splice_sites_junction"]["tables"]["pos_donor"]
    np.testing.assert_allclose(table.std(), 0.1, rtol=0.2)


def test_abstract_is_the_shape_of_init(tiny, weights):
    for tree, shapes in zip(weights, functional.abstract(tiny), strict=True):
        assert {path: leaf.shape for path, leaf in leaves(tree).items()} == {
            path: leaf.shape for path, leaf in leaves(shapes).items()
        }


def test_the_full_network_has_the_published_size_and_the_demo_fits_in_8_mb():
    def size(config):
        return sum(leaf.size for leaf in leaves(functional.abstract(config)[0]).values())

    assert size(ModelConfig.full()) == 450_452_613
    assert size(ModelConfig.demo()) * 4 < 8_000_000


@pytest.mark.parametrize("config", [ModelConfig.full(), ModelConfig.demo()])
def test_sizes_survive_json(config):
    assert ModelConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"tracks": {"dnase": 1}}'])
def test_unreadable_sizes_are_refused_with_a_sentence(text):
    with pytest.raises(InvalidModelConfigError, match="cannot be read"):
        ModelConfig.from_json(text)
