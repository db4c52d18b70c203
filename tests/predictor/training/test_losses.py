"""The losses against slow numpy versions, hand-made cases and the reference's numbers."""

import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from predictor.training import losses

PARITY = Path(__file__).resolve().parents[4] / "shared" / "parity"
EPS = 1e-7


@pytest.fixture(scope="module")
def reference():
    if not (PARITY / "model_functional.npz").exists():
        pytest.skip(f"{PARITY.name}/model_functional.npz is not beside the repository")
    sys.path.insert(0, str(PARITY))
    try:
        from reference_weights import uniform01
    finally:
        sys.path.remove(str(PARITY))
    stored = np.load(PARITY / "model_functional.npz")

    def uniform(label: str, shape: tuple[int, ...]) -> np.ndarray:
        return uniform01(f"functional/{label}", int(np.prod(shape))).reshape(shape)

    return stored, uniform


def slow_multinomial(y, p, mask, segment, weight):
    total, shape, num_total, num_shape = 0.0, 0.0, 0, 0
    for b, t in np.ndindex(y.shape[0], y.shape[2]):
        if not mask[b, 0, t]:
            continue
        for start in range(0, y.shape[1], segment):
            ys, ps = y[b, start : start + segment, t], p[b, start : start + segment, t]
            a, c = ys.sum(), ps.sum()
            total += (c - a * np.log(c + EPS)) - (a - a * np.log(a + EPS))
            num_total += 1
            for u, v in zip(ys, ps, strict=True):
                shape -= u * np.log(v / (c + EPS) + EPS)
                num_shape += 1
    return total / num_total / segment + weight * shape / num_shape


def slow_ratio(y, p, mask, axis):
    y, p, mask = (np.moveaxis(x, axis, -1) for x in (y, p, mask))
    found = []
    for index in np.ndindex(y.shape[:-1]):
        keep = mask[index]
        if keep.any():
            a, b = y[index][keep] + EPS, p[index][keep] + EPS
            found.append(-(a / a.sum() * np.log(b / b.sum())).sum())
    return np.mean(found)


def test_multinomial_equals_its_formula_written_as_loops():
    rng = np.random.default_rng(0)
    y = rng.gamma(0.5, 2.0, (2, 24, 3)).astype(np.float32)
    p = rng.gamma(0.5, 2.0, (2, 24, 3)).astype(np.float32) + 1e-3
    mask = np.array([[[True, True, False]], [[True, False, True]]])
    got = losses.multinomial(y, p, jnp.asarray(mask), segment=8, shape_weight=5.0)
    np.testing.assert_allclose(got, slow_multinomial(y, p, mask, 8, 5.0), rtol=1e-5)


def test_the_track_loss_is_smallest_at_the_target():
    y = jnp.asarray(np.random.default_rng(1).gamma(1.0, 1.0, (1, 16, 2)), jnp.float32)
    mask = jnp.ones((1, 1, 2), bool)
    gradient = jax.grad(lambda p: losses.multinomial(y, p, mask, segment=16))(y)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-4)  # the smoothing shifts it a little


def test_a_masked_track_with_nan_targets_changes_neither_loss_nor_gradient():
    rng = np.random.default_rng(2)
    y = rng.gamma(1.0, 1.0, (1, 8, 2)).astype(np.float32)
    p = jnp.asarray(rng.gamma(1.0, 1.0, (1, 8, 2)), jnp.float32)
    mask = jnp.asarray([[[True, False]]])
    hidden = y.copy()
    hidden[..., 1] = np.nan
    value, gradient = jax.value_and_grad(
        lambda q: losses.multinomial(jnp.asarray(hidden), q, mask, segment=8)
    )(p)
    alone = losses.multinomial(y[..., :1], p[..., :1], mask[..., :1], segment=8)
    np.testing.assert_allclose(value, alone, rtol=1e-6)
    assert np.isfinite(gradient).all()
    assert (np.asarray(gradient)[..., 1] == 0).all()


def test_nan_contacts_are_left_out_of_the_mean():
    target = jnp.asarray([[1.0, jnp.nan], [3.0, 0.0]])
    got, gradient = jax.value_and_grad(lambda p: losses.mean_squared_error(target, p))(
        jnp.zeros((2, 2))
    )
    assert got == pytest.approx(10.0 / 3.0)
    assert np.isfinite(gradient).all()


def test_ratio_loss_equals_its_formula_written_as_loops():
    rng = np.random.default_rng(3)
    y = rng.gamma(0.3, 3.0, (1, 6, 5, 4)).astype(np.float32)
    p = rng.gamma(0.3, 3.0, (1, 6, 5, 4)).astype(np.float32)
    mask = rng.random((1, 6, 5, 4)) > 0.5
    for axis in (1, 2):
        got = losses.cross_entropy_of_counts(y, p, jnp.asarray(mask), axis=axis)
        np.testing.assert_allclose(got, slow_ratio(y, p, mask, axis), rtol=1e-4)


def test_junction_loss_of_a_window_without_sites_is_zero_with_finite_gradient():
    mask = jnp.zeros((1, 4, 4, 2), bool)
    value, gradient = jax.value_and_grad(
        lambda p: losses.splice_junction_loss(jnp.zeros((1, 4, 4, 2)), p, mask)
    )(jnp.ones((1, 4, 4, 2)))
    assert value == 0.0
    assert (np.asarray(gradient) == 0.0).all()


def test_positions_without_a_splice_label_do_not_count():
    target = jnp.asarray([[[1.0, 0, 0, 0, 0], [0.0, 0, 0, 0, 0]]])
    logits = jnp.asarray([[[2.0, 0, 0, 0, 0], [9.0, -9, 0, 0, 0]]])
    got = losses.splice_classification_loss(target, logits)
    np.testing.assert_allclose(got, -jax.nn.log_softmax(logits[0, 0])[0], rtol=1e-5)


def test_segments_are_never_longer_than_the_window():
    assert losses.segment_bins(4096, 128) == 32
    assert losses.segment_bins(2**20, 128) == 1024
    assert losses.segment_bins(2**20, 1) == 2**17


def test_elementary_losses_equal_the_reference(reference):
    stored, uniform = reference
    shape = (2, 24, 3)
    y, p = 4 * uniform("loss/true", shape), 4 * uniform("loss/pred", shape)
    mask = jnp.asarray(uniform("loss/mask", shape) > 0.3)
    channels = jnp.asarray([[[1, 1, 0]], [[1, 0, 1]]], bool)
    logits = (2 * uniform("loss/logits", shape) - 1) * np.float32(np.sqrt(3))
    classes = np.eye(3, dtype=np.float32)[np.arange(48) % 3].reshape(shape)
    got = {
        "poisson": losses.poisson(y, p, mask),
        "multinomial/loss": losses.multinomial(y, p, channels, segment=8),
        "mse": losses.mean_squared_error(y, p, mask),
        "cross_entropy_from_logits": losses.cross_entropy_from_logits(
            classes, logits, mask.any(axis=-1)
        ),
        "binary_cross_entropy": losses.binary_cross_entropy_from_logits(
            uniform("loss/usage", shape), logits, channels
        ),
    }
    for name, value in got.items():
        np.testing.assert_allclose(value, stored[f"loss/{name}"], rtol=1e-5, err_msg=name)


def test_ratio_losses_equal_the_reference(reference):
    stored, uniform = reference
    shape = (1, 6, 5, 4)
    y, p = 5 * uniform("loss/counts_true", shape), 5 * uniform("loss/counts_pred", shape)
    mask = jnp.asarray(uniform("loss/counts_mask", shape) > 0.5)
    for axis in (-3, -2):
        got = losses.cross_entropy_of_counts(y, p, mask, axis=axis)
        np.testing.assert_allclose(got, stored[f"loss/cross_entropy_counts/axis{axis}"], rtol=1e-5)


def test_junction_head_loss_equals_the_reference(reference):
    stored, uniform = reference
    shape = (1, 7, 7, 4)
    mask = np.zeros(shape, bool)
    mask[:, :5, :4, :2] = True
    mask[:, :3, :6, 2:] = True
    p = np.where(mask, 8 * uniform("head_loss/junction_pred", shape), 0)
    y = 40 * uniform("head_loss/junction_true", shape) ** 3
    got = losses.splice_junction_loss(y, p, jnp.asarray(mask))
    np.testing.assert_allclose(got, stored["head_loss/splice_sites_junction/loss"], rtol=1e-5)


def genes_case():
    """Two genes on +, one on -, in two windows; the last of three tracks has no strand."""
    rng = np.random.default_rng(5)
    y, p = rng.random((2, 2, 12, 3)).astype(np.float32) * 4
    genes = np.zeros((2, 12, 2), np.uint8)
    genes[0, 1:4, 0], genes[0, 7:9, 0], genes[0, 2:11, 1] = 1, 2, 1
    genes[1, 0:5, 0], genes[1, 6:8, 0] = 1, 1
    by_strand = np.array([[[True, False, True], [False, True, True]]] * 2)
    return y, p, genes, by_strand


def slow_genes(y, p, genes, by_strand):
    """(target, prediction) means over exons per gene, of the tracks that it is seen in."""
    for b, strand in np.ndindex(2, 2):
        for number in range(1, genes.max() + 1):
            bases = genes[b, :, strand] == number
            if bases.any():
                tracks = by_strand[b, strand]
                yield y[b][bases][:, tracks].mean(axis=0), p[b][bases][:, tracks].mean(axis=0)


def test_the_loss_of_genes_is_a_poisson_of_their_level_and_a_multinomial_of_their_tracks():
    case = genes_case()
    expected = []
    for y, p in slow_genes(*case):
        a, c = y.sum(), p.sum()
        level = (c - a * np.log(c + EPS)) - (a - a * np.log(a + EPS))
        expected.append(level / len(y) + 5 * -(y * np.log(p / (c + EPS) + EPS)).mean())
    assert len(expected) == 4
    np.testing.assert_allclose(losses.gene_loss(*case), np.mean(expected), rtol=1e-5)


def test_the_ln_loss_of_genes_weighs_all_genes_and_tracks_alike():
    case = genes_case()
    expected = [
        (np.log(p + losses.LN_OFFSET) - np.log(y + losses.LN_OFFSET)) ** 2
        for y, p in slow_genes(*case)
    ]
    np.testing.assert_allclose(losses.gene_ln_loss(*case), np.mean(expected), rtol=1e-5)


def test_windows_without_genes_have_no_loss_of_genes():
    y, p, genes, by_strand = genes_case()
    for loss in (losses.gene_loss, losses.gene_ln_loss):
        assert float(loss(y, p, np.zeros_like(genes), by_strand)) == 0.0


def test_usage_at_sites_looks_only_at_bases_used_in_some_track():
    rng = np.random.default_rng(6)
    target = np.zeros((1, 9, 2), np.float32)
    target[0, 2], target[0, 5] = (0.4, 0.0), (1.0, 0.7)
    logits = rng.normal(size=(1, 9, 2)).astype(np.float32)
    mask = np.ones((1, 1, 2), bool)
    np.testing.assert_allclose(
        losses.usage_at_sites_loss(target, logits, mask),
        losses.splice_usage_loss(target[:, [2, 5]], logits[:, [2, 5]], mask),
        rtol=1e-6,
    )
    assert float(losses.usage_at_sites_loss(np.zeros_like(target), logits, mask)) == 0.0


def test_the_ln_loss_of_junctions_looks_only_at_those_that_occur():
    rng = np.random.default_rng(7)
    target = np.zeros((1, 3, 3, 2), np.float32)
    target[0, 0, 1], target[0, 2, 2] = (3.0, 0.0), (0.5, 2.0)
    prediction = rng.random(target.shape).astype(np.float32)
    mask = np.ones(target.shape, bool)
    mask[0, 2] = False
    y, p = (np.log(x[0, 0, 1] + losses.LN_OFFSET) for x in (target, prediction))
    np.testing.assert_allclose(
        losses.junction_ln_loss(target, prediction, mask), ((y - p) ** 2).mean(), rtol=1e-5
    )
