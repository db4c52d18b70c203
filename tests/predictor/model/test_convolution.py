import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model import convolution
from predictor.model.convolution import DownBlock, StandardizedConvolution, UpBlock, max_pool
from predictor.model.initialization import initialize


@pytest.fixture
def x():
    return jax.random.normal(jax.random.key(1), (2, 12, 4))


@pytest.fixture
def standardized():
    return initialize(
        lambda draw: StandardizedConvolution(4, 3, width=5, draw=draw), jax.random.key(0)
    )


def slow_convolve(x, kernel):
    width = kernel.shape[0]
    y = np.zeros((*x.shape[:2], kernel.shape[2]))
    for b, s, j in np.ndindex(x.shape[0], x.shape[1], width):
        source = s + j - width // 2
        if 0 <= source < x.shape[1]:
            y[b, s] += x[b, source] @ kernel[j]
    return y


@pytest.mark.parametrize("width", [1, 5, 15])
def test_a_convolution_sees_zeros_beyond_the_ends_and_does_not_flip_its_kernel(x, width):
    kernel = jax.random.normal(jax.random.key(2), (width, 4, 3))
    expected = slow_convolve(np.asarray(x), np.asarray(kernel))
    np.testing.assert_allclose(convolution.convolve(x, kernel), expected, atol=1e-5)


def test_a_run_of_n_is_like_the_end_of_the_sequence(x):
    kernel = jax.random.normal(jax.random.key(2), (5, 4, 3))
    padded = jnp.pad(x, ((0, 0), (7, 9), (0, 0)))
    inside = convolution.convolve(padded, kernel)[:, 7:-9]
    np.testing.assert_allclose(inside, convolution.convolve(x, kernel), atol=1e-6)


def test_a_standardized_convolution_ignores_scale_and_offset_of_its_kernel(standardized, x):
    expected = standardized(x)
    standardized.kernel[...] = 3.0 * standardized.kernel[...] + 0.7
    np.testing.assert_allclose(standardized(x), expected, atol=1e-5)


def test_a_standardized_kernel_has_zero_mean_and_unit_sum_of_squares(standardized):
    kernel = np.asarray(standardized.standardized_kernel())
    np.testing.assert_allclose(kernel.mean(axis=(0, 1)), 0, atol=1e-6)
    np.testing.assert_allclose((kernel**2).sum(axis=(0, 1)), 1, rtol=1e-5)


def test_the_gain_of_a_nearly_constant_kernel_is_bounded(standardized):
    small = 1e-4 * standardized.kernel[...]
    standardized.kernel[...] = small
    centered = np.asarray(small - small.mean(axis=(0, 1)))
    expected = centered / np.sqrt(1e-4)
    np.testing.assert_allclose(standardized.standardized_kernel(), expected, rtol=1e-4)


def test_max_pooling_takes_the_larger_of_two_neighbours(x):
    np.testing.assert_array_equal(max_pool(x), np.asarray(x).reshape(2, 6, 2, 4).max(axis=2))


def test_a_down_block_with_silent_convolutions_only_appends_zero_channels(tiny, x):
    block = initialize(lambda draw: DownBlock(4, 6, config=tiny, draw=draw), jax.random.key(0))
    silence(block.first, block.second)
    np.testing.assert_array_equal(block(x)[..., :4], x)
    np.testing.assert_array_equal(block(x)[..., 4:], 0)


def test_an_up_block_with_silent_convolutions_scales_and_doubles_its_first_channels(tiny, x):
    block = initialize(lambda draw: UpBlock(4, 3, config=tiny, draw=draw), jax.random.key(0))
    silence(block.conv_in, block.conv_out)
    block.conv_skip.linear.kernel[...] = jnp.zeros((3, 3))
    block.conv_skip.linear.bias[...] = jnp.arange(3.0)
    skip = jnp.zeros((2, 24, 3))
    # The skip comes in after the scaling.
    expected = np.repeat(np.asarray(x)[..., :3], 2, axis=1) * 0.9 + np.arange(3)
    np.testing.assert_allclose(block(x, skip), expected, rtol=1e-5)


def silence(*blocks):
    for block in blocks:
        block.convolution.gain[...] = jnp.zeros_like(block.convolution.gain[...])
