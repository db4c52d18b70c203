import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model.normalization import Dropout, LayerNorm, RMSBatchNorm


@pytest.fixture
def x():
    return 3 + jax.random.normal(jax.random.key(0), (4, 50, 3))


@pytest.fixture
def norm():
    norm = RMSBatchNorm(3, decay=0.75)
    norm.scale[...] = jnp.array([1.0, 2.0, 3.0])
    norm.offset[...] = jnp.array([0.0, 0.5, -1.0])
    norm.var_ema[...] = jnp.array([4.0, 9.0, 16.0])
    return norm


def test_in_use_the_running_moment_divides_and_no_mean_is_subtracted(norm, x):
    expected = np.asarray(x) / [2, 3, 4] * [1, 2, 3] + [0, 0.5, -1]
    np.testing.assert_allclose(norm(x), expected, atol=1e-5)
    np.testing.assert_array_equal(norm.var_ema[...], [4, 9, 16])


def test_in_training_the_batch_divides_and_the_running_moment_follows(norm, x):
    norm.train()
    moment = np.mean(np.asarray(x) ** 2, axis=(0, 1))
    expected = np.asarray(x) / np.sqrt(moment) * [1, 2, 3] + [0, 0.5, -1]
    np.testing.assert_allclose(norm(x), expected, atol=1e-4)
    followed = 0.75 * np.array([4, 9, 16]) + 0.25 * moment
    np.testing.assert_allclose(norm.var_ema[...], followed, rtol=1e-6)


def test_only_the_centered_layer_norm_ignores_a_shift(x):
    shifted = x + 5
    centered, rms = LayerNorm(3, centered=True), LayerNorm(3, centered=False)
    np.testing.assert_allclose(centered(shifted), centered(x), atol=1e-3)
    assert np.abs(rms(shifted) - rms(x)).max() > 0.1


def test_a_layer_norm_leaves_unit_mean_square_per_position(x):
    for centered in (True, False):
        y = np.asarray(LayerNorm(3, centered=centered)(x))
        np.testing.assert_allclose((y**2).mean(axis=-1), 1, rtol=1e-2)


def test_dropout_keeps_the_mean_in_training_and_everything_in_use(x):
    dropout = Dropout(0.25)
    np.testing.assert_array_equal(dropout(x), x)
    dropout.train()
    dropout.key = jax.random.key(1)
    ones = dropout(jnp.ones((100, 100)))
    assert set(np.unique(ones)) == {0.0, np.float32(1 / 0.75)}
    np.testing.assert_allclose(ones.mean(), 1, atol=0.03)


def test_dropout_in_training_without_a_key_says_so(x):
    dropout = Dropout(0.25)
    dropout.train()
    with pytest.raises(ValueError, match="no key"):
        dropout(x)
