"""Losses of the heads.

Axes: B batch, S positions or bins, T tracks, C splice classes, M contact bins,
D donors, A acceptors. Everything is float32. Every mean is over the unmasked
elements; masks select, they do not multiply, since a masked target may be NaN.

Source: spec/training.md 1.4, spec/model.md 12 (AlphaGenome paper, Methods, losses).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

SEGMENT_BP = 2**17
SHAPE_WEIGHT = 5.0
COUNT_WEIGHT = 0.2

_EPSILON = 1e-7
_CLIP = 10.0


def masked_mean(
    values: Float[Array, "*shape"], mask: Bool[Array, "..."] | None
) -> Float[Array, ""]:
    """Mean over the entries whose mask (broadcast to the values) is true; 0 if there are none."""
    if mask is None:
        return values.mean()
    full = jnp.broadcast_to(mask, values.shape)
    return jnp.where(full, values, 0.0).sum() / jnp.maximum(1.0, full.sum(dtype=jnp.float32))


def soft_clip(values: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """Identity up to 10, 2 sqrt(10 x) - 10 above (continuous, with continuous slope)."""
    return jnp.where(
        values > _CLIP, 2.0 * jnp.sqrt(_CLIP * jnp.maximum(values, _CLIP)) - _CLIP, values
    )


def poisson(
    target: Float[Array, "*shape"],
    prediction: Float[Array, "*shape"],
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, ""]:
    """Poisson negative log-likelihood, shifted so that a perfect prediction has loss 0."""
    y = jnp.abs(target)
    best = y - y * jnp.log(y + _EPSILON)
    return masked_mean(prediction - y * jnp.log(prediction + _EPSILON) - best, mask)


def multinomial(
    target: Float[Array, "B S T"],
    prediction: Float[Array, "B S T"],
    mask: Bool[Array, "#B 1 #T"],
    *,
    segment: int,
    shape_weight: float = SHAPE_WEIGHT,
) -> Float[Array, ""]:
    """Poisson loss on the total of each segment plus a multinomial loss on its shape.

    Args:
      target: scaled targets (model space).
      prediction: scaled predictions, positive.
      mask: tracks that count.
      segment: bins per segment; must divide S.
      shape_weight: weight of the multinomial part.
    """
    batch, bins, tracks = target.shape
    segments = (batch, bins // segment, segment, tracks)
    mask4 = mask[:, None]  # B 1 1 T
    y = jnp.where(mask4, jnp.maximum(target.reshape(segments), 0.0), 0.0)
    p = jnp.where(mask4, prediction.reshape(segments), 0.0)
    total_y = y.sum(axis=2, keepdims=True)
    total_p = p.sum(axis=2, keepdims=True)
    total = poisson(total_y, total_p, mask4) / segment
    shape = masked_mean(-y * jnp.log(p / (total_p + _EPSILON) + _EPSILON), mask4)
    return total + shape_weight * shape


def mean_squared_error(
    target: Float[Array, "*shape"],
    prediction: Float[Array, "*shape"],
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, ""]:
    """Mean squared error; NaN targets are masked."""
    valid = jnp.isfinite(target)
    active = valid if mask is None else valid & mask
    # The inner selection keeps NaN out of the gradient.
    return masked_mean((prediction - jnp.where(valid, target, 0.0)) ** 2, active)


def cross_entropy_from_logits(
    target: Float[Array, "B S C"],
    logits: Float[Array, "B S C"],
    mask: Bool[Array, "B S"] | None = None,
) -> Float[Array, ""]:
    """Cross-entropy of class probabilities (last axis sums to 1) against logits."""
    return masked_mean(-(target * jax.nn.log_softmax(logits)).sum(axis=-1), mask)


def binary_cross_entropy_from_logits(
    target: Float[Array, "*shape"],
    logits: Float[Array, "*shape"],
    mask: Bool[Array, "..."] | None = None,
) -> Float[Array, ""]:
    """Binary cross-entropy in the form that does not overflow for large logits."""
    loss = jnp.maximum(logits, 0.0) - logits * target + jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return masked_mean(loss, mask)


def cross_entropy_of_counts(
    target: Float[Array, "B D A T"],
    prediction: Float[Array, "B D A T"],
    mask: Bool[Array, "B D A T"],
    *,
    axis: int,
) -> Float[Array, ""]:
    """Cross-entropy between the ratios of counts along one axis.

    Both are smoothed by 1e-7 and normalised over the unmasked entries of the
    axis. The mean is over slices with at least one unmasked entry.
    """

    def ratios(counts: Float[Array, "B D A T"]) -> Float[Array, "B D A T"]:
        smooth = jnp.where(mask, counts + _EPSILON, 0.0)
        return smooth / jnp.maximum(smooth.sum(axis=axis, keepdims=True), _EPSILON)

    log_ratio = jnp.log(jnp.where(mask, ratios(prediction), 1.0))
    entropy = -jnp.where(mask, ratios(target) * log_ratio, 0.0).sum(axis=axis)
    return masked_mean(entropy, mask.any(axis=axis))


def segment_bins(window: int, resolution: int) -> int:
    """Bins per segment of the track loss: segments hold min(2^17, window) bp.

    The released code fixes 2^17 and so refuses shorter windows; a demo window is one segment.
    """
    return min(SEGMENT_BP, window) // resolution


def splice_classification_loss(
    target: Float[Array, "B S C"], logits: Float[Array, "B S C"]
) -> Float[Array, ""]:
    """Cross-entropy of the splice classes; positions without any class are masked."""
    smooth = (1.0 - _EPSILON) * target + _EPSILON / target.shape[-1]
    return cross_entropy_from_logits(smooth, logits, (target > 0).any(axis=-1))


def splice_usage_loss(
    target: Float[Array, "B S T"], logits: Float[Array, "B S T"], mask: Bool[Array, "#B 1 #T"]
) -> Float[Array, ""]:
    """Binary cross-entropy of the usage, targets clipped away from 0 and 1."""
    clipped = jnp.clip(target, _EPSILON, 1.0 - _EPSILON)
    return binary_cross_entropy_from_logits(clipped, logits, mask)


def splice_junction_loss(
    target: Float[Array, "B D A T"],
    prediction: Float[Array, "B D A T"],
    mask: Bool[Array, "B D A T"],
    *,
    count_weight: float = COUNT_WEIGHT,
) -> Float[Array, ""]:
    """Ratio losses along donors and acceptors plus weighted losses of the marginal counts.

    The soft clip acts on the target sums only, as released.
    """
    y = jnp.where(mask, target, 0.0)
    p = jnp.where(mask, prediction, 0.0)
    ratio = cross_entropy_of_counts(y, p, mask, axis=1) + cross_entropy_of_counts(
        y, p, mask, axis=2
    )
    count = sum(
        poisson(soft_clip(y.sum(axis=axis)), p.sum(axis=axis), mask.any(axis=axis))
        for axis in (1, 2)
    )
    return ratio + count_weight * count
