"""Single pieces of the network against the reference implementation.

Inputs are functions of a label, so both sides know them. Losses are tested with the training code.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import attention, convolution, pair
from predictor.model.activation import gelu_sigmoid, gelu_tanh
from predictor.model.config import ModelConfig
from predictor.model.heads import scale_targets, unscale
from predictor.model.initialization import initialize
from predictor.model.normalization import LayerNorm, RMSBatchNorm
from predictor.model.rotary import rotary_at, rotary_table, rotate

EXACT = dataclasses.replace(ModelConfig.full(), rotary="exact")
RELEASED = ModelConfig.full()

PRECISIONS = pytest.mark.parametrize(
    ("precision", "accepted"), [("f32", 1e-5), ("bf16", 0.01)], ids=["f32", "bf16"]
)
DTYPES = {"f32": jnp.float32, "bf16": jnp.bfloat16}


@pytest.fixture(scope="module")
def golden(golden_folder):
    with np.load(golden_folder / "model_functional.npz") as arrays:
        return dict(arrays)


@pytest.fixture(scope="module")
def noise(reference_weights):
    def make(label, shape):
        u = reference_weights.uniform01(f"functional/{label}", int(np.prod(shape)))
        return (2 * u.reshape(shape) - 1) * np.float32(np.sqrt(3))

    return make


@pytest.fixture(scope="module")
def fill(reference_weights):
    """Gives a module the synthetic values of the named official module."""

    def set_leaves(module, official, leaves):
        for leaf, ours in leaves.items():
            owner = module
            *path, attribute = ours.split(".")
            for part in path:
                owner = getattr(owner, part)
            variable = getattr(owner, attribute)
            shape = variable.shape
            # Leading axes of length 1 change no value.
            values = reference_weights.reference_array(f"functional/{official}/{leaf}", shape)
            variable[...] = jnp.asarray(values)
        return module

    return set_leaves


def build(make):
    return initialize(make, jax.random.key(0))


def in_precision(x, precision):
    return jnp.asarray(x, DTYPES[precision])


NORM = {"scale": "scale", "offset": "offset"}
CONV = {"w": "kernel", "scale": "gain", "bias": "bias"}


@pytest.mark.parametrize(("rounding", "accepted"), [("exact", 1e-4), ("released", 1e-6)])
def test_rotary_embedding_of_the_tower(rounding, accepted, golden, noise, errors):
    positions = golden["rope_tower/positions"]
    x = np.tile(noise("rope/x", (128,)), (len(positions), 1))
    tables = rotary_table(8192, 128, 8192, rounding=rounding)
    if rounding == "exact":
        rotated = rotate(jnp.asarray(x), *(jnp.asarray(table[positions]) for table in tables))
        expected = golden["rope_tower/f32"]
    else:
        # Every product and the sum rounded too, as in bfloat16 arithmetic.
        bf16 = [jnp.asarray(table[positions], jnp.bfloat16) for table in tables]
        rotated = rotate(jnp.asarray(x, jnp.bfloat16), *bf16)
        expected = golden["rope_tower/bf16"]
    rms, largest = errors(np.asarray(rotated, np.float32), expected)
    assert rms <= accepted
    assert largest <= 100 * accepted


def test_released_rotary_embedding_is_another_function(golden, noise, errors):
    positions = golden["rope_tower/positions"]
    tables = rotary_table(8192, 128, 8192, rounding="exact")
    x = np.tile(noise("rope/x", (128,)), (len(positions), 1))
    rotated = rotate(jnp.asarray(x), *(jnp.asarray(table[positions]) for table in tables))
    assert errors(rotated, golden["rope_tower/bf16"])[0] > 0.1


def test_rotary_embedding_of_the_junction_head(golden, noise):
    positions = golden["rope_junction/positions"][0]
    x = jnp.asarray(np.tile(noise("rope_junction/x", (768,)), (len(positions), 1)))
    rotated = rotate(x, *rotary_at(jnp.asarray(positions), 768, 2**20))
    difference = np.abs(rotated - golden["rope_junction/f32"]).max(axis=1)
    assert difference.max() < 0.05
    assert difference[np.abs(positions) < 5000].max() < 1e-3


def test_central_mask_leaves_out_the_end_point(golden):
    mask = pair.central_mask(np.arange(600, dtype=np.float32), widths=32, max_position=512)
    np.testing.assert_array_equal(mask, golden["central_mask/distance_0_to_599"])


def test_relative_shift(golden):
    x = jnp.arange(36, dtype=jnp.float32).reshape(2, 3, 6)
    np.testing.assert_array_equal(pair.relative_shift(x), golden["shift/2x3x6"])


@PRECISIONS
@pytest.mark.parametrize(
    ("name", "function"), [("gelu_sigmoid", gelu_sigmoid), ("gelu_tanh", gelu_tanh)]
)
def test_gelus(name, function, precision, accepted, golden, errors):
    y = function(in_precision(np.linspace(-6, 6, 97), precision))
    assert errors(np.asarray(y, np.float32), golden[f"{name}/{precision}"])[0] <= accepted


@PRECISIONS
@pytest.mark.parametrize("small", [False, True], ids=["", "small"])
@pytest.mark.parametrize("centered", [False, True], ids=["rms", "centered"])
def test_layer_norms(centered, small, precision, accepted, golden, noise, fill, errors):
    name = f"layer_norm{'' if centered else '_rms'}{'_small' if small else ''}"
    norm = fill(build(lambda draw: LayerNorm(16, centered=centered)), "layer_norm", NORM)
    x = noise(f"{name}/x", (2, 5, 16)) * np.float32(1e-3 if small else 1)
    y = norm(in_precision(x, precision))
    assert errors(np.asarray(y, np.float32), golden[f"{name}/{precision}"])[0] <= accepted


@PRECISIONS
def test_rms_batch_norm(precision, accepted, golden, noise, fill, errors):
    norm = build(lambda draw: RMSBatchNorm(16, decay=0.9))
    norm = fill(norm, "rms_batch_norm", {**NORM, "var_ema": "var_ema"})
    y = norm(in_precision(noise("rms_batch_norm/x", (2, 5, 16)), precision))
    assert errors(np.asarray(y, np.float32), golden[f"rms_batch_norm/{precision}"])[0] <= accepted


@PRECISIONS
def test_standardized_convolution(precision, accepted, golden, noise, fill, errors):
    conv = build(lambda draw: convolution.StandardizedConvolution(64, 72, width=5, draw=draw))
    conv = fill(conv, "standardized_conv1_d", CONV)
    y = conv(in_precision(noise("standardized_conv/x", (1, 12, 64)), precision))
    measured = errors(np.asarray(y, np.float32), golden[f"standardized_conv/{precision}"])[0]
    assert measured <= accepted


@PRECISIONS
def test_dna_embedder(precision, accepted, golden, noise, fill, errors):
    embedder = build(lambda draw: convolution.DnaEmbedder(EXACT, draw=draw))
    fill(embedder, "dna_embedder/conv1_d", {"w": "convolution.kernel", "b": "convolution.bias"})
    block = "dna_embedder/conv_block"
    fill(embedder.block.norm, f"{block}/rms_batch_norm", {**NORM, "var_ema": "var_ema"})
    fill(embedder.block.convolution, f"{block}/standardized_conv1_d", CONV)
    y = embedder(in_precision(noise("dna_embedder/x", (1, 32, 4)), precision))[..., ::12]
    assert errors(np.asarray(y, np.float32), golden[f"dna_embedder/{precision}"])[0] <= accepted


def test_max_pool(golden, noise):
    y = convolution.max_pool(jnp.asarray(noise("max_pool/x", (1, 8, 4))))
    np.testing.assert_array_equal(y, golden["max_pool/f32"])


@PRECISIONS
def test_sequence_to_pair(precision, accepted, golden, noise, fill, errors):
    block = build(lambda draw: pair.SequenceToPair(EXACT, draw=draw))
    name = "sequence_to_pair_block"
    fill(block, name, {"q_r_bias": "query_bias", "k_r_bias": "key_bias"})
    fill(block.norm, f"{name}/norm_seq2pair", NORM)
    unbiased = {"q": "query", "k": "key", "y_q": "from_query", "y_k": "from_key"}
    for official, ours in unbiased.items():
        fill(block, f"{name}/linear_{official}", {"w": f"{ours}.kernel"})
    for official, ours in {"pos_features": "position", "pair": "pair"}.items():
        fill(block, f"{name}/linear_{official}", {"w": f"{ours}.kernel", "b": f"{ours}.bias"})
    y = jax.jit(block)(in_precision(noise("tower/x", (1, 1024, 1536)), precision))
    measured = errors(np.asarray(y[:, ::7, ::7, ::8], np.float32), golden[f"{name}/{precision}"])
    assert measured[0] <= accepted


@PRECISIONS
def test_row_attention(precision, accepted, golden, noise, fill, errors):
    block = build(lambda draw: pair.RowAttention(EXACT, draw=draw))
    name = "row_attention_block"
    fill(block.norm, f"{name}/layer_norm", NORM)
    fill(block, f"{name}/linear_q", {"w": "query.kernel"})
    fill(block, f"{name}/linear_k", {"w": "key.kernel"})
    fill(block, f"{name}/linear_v", {"w": "value.kernel", "b": "value.bias"})
    y = jax.jit(block)(in_precision(noise("tower/pair", (1, 64, 64, 128)), precision))
    measured = errors(np.asarray(y[:, ::7, ::7, ::8], np.float32), golden[f"{name}/{precision}"])
    assert measured[0] <= accepted


@pytest.mark.parametrize(("precision", "accepted"), [("f32", 1e-5), ("bf16", 0.03)])
def test_attention_with_its_bias(precision, accepted, golden, noise, fill, errors):
    config = EXACT if precision == "f32" else RELEASED
    bias = build(lambda draw: attention.AttentionBias(config, draw=draw))
    running = {**NORM, "var_ema": "var_ema"}
    fill(bias.norm, "attention_bias_block/rms_batch_norm", running)
    fill(bias, "attention_bias_block/linear", {"w": "linear.kernel"})
    block = build(lambda draw: attention.MultiQueryAttention(config, draw=draw))
    fill(block.norm_in, "mha_block/rms_batch_norm", running)
    fill(block.norm_out, "mha_block/rms_batch_norm_1", running)
    for official, ours in {"q": "query", "k": "key", "v": "value"}.items():
        fill(block, f"mha_block/{official}_layer", {"w": f"{ours}.kernel"})
        fill(getattr(block, f"norm_{ours}"), f"mha_block/norm_{official}", NORM)
    fill(block, "mha_block/linear_embedding", {"w": "output.kernel", "b": "output.bias"})

    y = jax.jit(lambda x, p: block(x, bias(p)))(
        in_precision(noise("tower/x", (1, 1024, 1536)), precision),
        in_precision(noise("tower/pair", (1, 64, 64, 128)), precision),
    )
    measured = errors(np.asarray(y[:, ::31, ::24], np.float32), golden[f"mha_block/{precision}"])
    assert measured[0] <= accepted


@pytest.mark.parametrize("resolution", [1, 128])
@pytest.mark.parametrize(("squash", "head"), [(0, "dnase"), (1, "rna_seq")])
def test_model_space_and_data_units(squash, head, resolution, golden, errors):
    values = np.array([*range(61), 9.999, 10.0, 10.001, 0.25], np.float32)
    values = np.stack([values, values], axis=-1)[None]
    means = np.array([0.5, 3.0], np.float32)
    for name, function, factor in (
        ("predictions_scaling", unscale, 1),
        ("targets_scaling", scale_targets, resolution),
    ):
        expected = golden[f"{name}/squash_{squash}/{resolution}bp"]
        actual = function(head, jnp.asarray(values * factor), means, resolution)
        assert errors(actual, expected)[0] <= 1e-5
