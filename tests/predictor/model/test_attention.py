import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import attention, pair
from predictor.model.initialization import initialize
from predictor.model.rotary import rotary_at, rotary_table, rotate

TOKENS, SIDE = 32, 2


@pytest.fixture
def x(tiny):
    return jax.random.normal(jax.random.key(1), (2, TOKENS, tiny.trunk_channels))


@pytest.fixture
def pairs(tiny):
    return jax.random.normal(jax.random.key(2), (2, SIDE, SIDE, tiny.pair_channels))


def softmax(logits):
    e = np.exp(logits - logits.max())
    return e / e.sum()


def slow_rotate(x, position, max_position):
    y = np.zeros_like(x)
    frequencies = len(x) // 2
    for f in range(frequencies):
        span = max_position - frequencies + 1
        angle = position / (f + span ** (f / (frequencies - 1)))
        c, s = np.cos(angle), np.sin(angle)
        y[2 * f] = x[2 * f] * c - x[2 * f + 1] * s
        y[2 * f + 1] = x[2 * f + 1] * c + x[2 * f] * s
    return y


def test_attention_equals_its_slow_version(tiny, x):
    block = initialize(
        lambda draw: attention.MultiQueryAttention(tiny, draw=draw), jax.random.key(0)
    )
    block.output.kernel[...] = jnp.eye(*block.output.kernel.shape)
    cells = jax.random.normal(jax.random.key(3), (2, tiny.query_heads, SIDE, SIDE))
    bias = np.repeat(np.repeat(cells, 16, axis=2), 16, axis=3)
    actual = block(x, cells)

    h = block.norm_in(x)
    q = block.query(h).reshape(2, TOKENS, tiny.query_heads, -1)
    q, k, v = (
        np.asarray(norm(y))
        for norm, y in (
            (block.norm_query, q),
            (block.norm_key, block.key(h)),
            (block.norm_value, block.value(h)),
        )
    )
    y = np.zeros((2, TOKENS, tiny.query_heads, tiny.value_channels))
    turned_keys = np.array(
        [[slow_rotate(k[b, t], t, tiny.rotary_positions) for t in range(TOKENS)] for b in range(2)]
    )
    for b, s, head in np.ndindex(y.shape[:3]):
        logits = turned_keys[b] @ slow_rotate(q[b, s, head], s, tiny.rotary_positions)
        logits = logits / np.sqrt(tiny.key_channels) + np.asarray(bias)[b, head, s]
        y[b, s, head] = softmax(5 * np.tanh(logits / 5)) @ v[b]
    # The output layer is the identity here, cut to the channels of the trunk.
    flat = jnp.asarray(y.reshape(2, TOKENS, -1), jnp.float32)
    np.testing.assert_allclose(actual, block.norm_out(block.output(flat)), atol=2e-5)


def test_the_bias_of_a_cell_follows_from_its_pair_alone(tiny, pairs):
    block = initialize(lambda draw: attention.AttentionBias(tiny, draw=draw), jax.random.key(0))
    bias = np.asarray(block(pairs))
    assert bias.shape == (2, tiny.query_heads, SIDE, SIDE)
    other = np.asarray(block(pairs.at[0, 0, 1].add(1)))
    changed = (other != bias).all(axis=1)
    assert changed[0, 0, 1]
    assert changed.sum() == 1
    swapped = np.asarray(block(pairs.swapaxes(1, 2)))
    np.testing.assert_allclose(swapped, bias.swapaxes(2, 3), atol=1e-6)


def test_relative_shift_picks_the_entry_of_the_relative_position():
    side = 5
    x = np.random.default_rng(0).normal(size=(2, 3, side, 2 * side)).astype(np.float32)
    shifted = np.asarray(pair.relative_shift(jnp.asarray(x)))
    for row, column in np.ndindex(side, side):
        np.testing.assert_array_equal(shifted[..., row, column], x[..., row, column - row + side])


def test_position_features_are_signed_windows_of_growing_width():
    features = pair.relative_position_features(3, features=64, max_position=512)
    positions = [-3, -2, -1, 0, 1, 2]
    assert features.shape == (6, 64)
    for row, position in enumerate(positions):
        for i in range(32):
            inside = float(i + 481 ** (i / 32) > abs(position))
            assert features[row, i] == inside
            assert features[row, 32 + i] == np.sign(position) * inside


def test_sequence_to_pair_equals_its_slow_version(tiny, x):
    block = initialize(lambda draw: pair.SequenceToPair(tiny, draw=draw), jax.random.key(0))
    block.query_bias[...] = jax.random.normal(jax.random.key(4), block.query_bias.shape)
    block.key_bias[...] = jax.random.normal(jax.random.key(5), block.key_bias.shape)
    actual = np.asarray(block(x))

    z = block.norm(jnp.asarray(np.asarray(x).reshape(2, SIDE, 16, -1).mean(axis=2)))
    heads = tiny.pair_heads
    q, k = (np.asarray(f(z)).reshape(2, SIDE, heads, -1) for f in (block.query, block.key))
    u, v = np.asarray(block.query_bias[...]), np.asarray(block.key_bias[...])
    features = pair.relative_position_features(SIDE, features=64, max_position=512)
    e = np.asarray(block.position(jnp.asarray(features))).reshape(2 * SIDE, heads, -1)
    active = jax.nn.gelu(z, approximate=True)
    from_query, from_key = (np.asarray(f(active)) for f in (block.from_query, block.from_key))
    for b, i, j in np.ndindex(2, SIDE, SIDE):
        products = [
            q[b, i, h] @ k[b, j, h]
            + 0.5 * (q[b, i, h] + u[h]) @ e[j - i + SIDE, h]
            + 0.5 * (k[b, j, h] + v[h]) @ e[i - j + SIDE, h]
            for h in range(heads)
        ]
        expected = np.asarray(block.pair(jnp.asarray(products))) + from_query[b, i] + from_key[b, j]
        np.testing.assert_allclose(actual[b, i, j], expected, atol=2e-5)


def test_row_attention_mixes_along_the_second_axis_only(tiny, pairs):
    block = initialize(lambda draw: pair.RowAttention(tiny, draw=draw), jax.random.key(0))
    actual = np.asarray(block(pairs))
    n = block.norm(pairs)
    q, k, v = (np.asarray(f(n)) for f in (block.query, block.key, block.value))
    for b, a, i in np.ndindex(2, SIDE, SIDE):
        weights = softmax(k[b, a] @ q[b, a, i] / np.sqrt(tiny.pair_channels))
        np.testing.assert_allclose(actual[b, a, i], weights @ v[b, a], atol=1e-5)


def test_rotated_products_depend_on_the_distance_only():
    q, k = jax.random.normal(jax.random.key(0), (2, 12))
    cosines, sines = map(jnp.asarray, rotary_table(40, 12, 8192, rounding="exact"))

    def product(s, t):
        return rotate(q, cosines[s], sines[s]) @ rotate(k, cosines[t], sines[t])

    np.testing.assert_allclose(product(7, 12), product(30, 35), rtol=1e-4)
    assert abs(product(7, 12) - product(12, 7)) > 1e-3


def test_rotary_angles_at_run_time_equal_the_table():
    table = rotary_table(50, 12, 2**20, rounding="exact")
    for host, device in zip(table, rotary_at(jnp.arange(50), 12, 2**20), strict=True):
        np.testing.assert_allclose(device, host, atol=1e-6)


def test_released_tables_give_neighbouring_far_tokens_the_same_rotation():
    cosines, _ = rotary_table(8192, 128, 8192, rounding="released")
    assert (cosines[8001] == cosines[8000]).all()
    exact, _ = rotary_table(8192, 128, 8192, rounding="exact")
    assert (exact[8001] != exact[8000]).any()
