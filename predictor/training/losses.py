"""Losses of the heads.

Axes: B batch, S positions or bins, T tracks, C splice classes, M contact bins,
D donors, A acceptors. Everything is float32. Every mean is over the unmasked
elements; masks select, they do not multiply, since a masked target may be NaN.

Source: spec/training.md 1.4, spec/model.md 12 (AlphaGenome paper, Methods, losses).
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, UInt8

SEGMENT_BP = 2**17
SHAPE_WEIGHT = 5.0
COUNT_WEIGHT = 0.2
LN_OFFSET = 0.03
MOST_GENES = 16
"""Genes per strand of a window that the losses of genes look at."""

CHANGED = 0.05
"""Smallest true difference between the alleles of a pair that counts as an effect."""
EFFECT_OFFSET = 0.05
"""Added to both alleles before their ln ratio, in model space."""

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


def usage_at_sites_loss(
    target: Float[Array, "B S T"], logits: Float[Array, "B S T"], mask: Bool[Array, "#B 1 #T"]
) -> Float[Array, ""]:
    """The same over the base pairs that are used in any track, of which there are few."""
    return splice_usage_loss(target, logits, mask & (target > 0).any(axis=-1, keepdims=True))


def mean_squared_ln_error(
    target: Float[Array, "*shape"],
    prediction: Float[Array, "*shape"],
    mask: Bool[Array, "..."] | None = None,
    *,
    offset: float = LN_OFFSET,
) -> Float[Array, ""]:
    """Mean squared difference of ln(x + offset): what is weak counts as much as what is strong."""
    return masked_mean((jnp.log(prediction + offset) - jnp.log(target + offset)) ** 2, mask)


def junction_ln_loss(
    target: Float[Array, "B D A T"],
    prediction: Float[Array, "B D A T"],
    mask: Bool[Array, "B D A T"],
) -> Float[Array, ""]:
    """Mean squared ln error of the counts of the junctions that occur in any track."""
    occurs = mask & (target > 0).any(axis=-1, keepdims=True)
    return mean_squared_ln_error(target, prediction, occurs)


def gene_means(
    values: Float[Array, "B S T"], genes: UInt8[Array, "B S 2"], most: int = MOST_GENES
) -> Float[Array, "B 2 G T"]:
    """Mean over the exons of each gene.

    Args:
      values: tracks.
      genes: number of the gene, from 1, whose exon covers a base of the + and the - strand;
        0 for none.
      most: G; genes of higher numbers are left out.
    """
    members = (genes[..., None] == jnp.arange(1, most + 1, dtype=genes.dtype)).astype(values.dtype)
    sums = jnp.einsum("bsrg,bst->brgt", members, values)
    return sums / jnp.maximum(members.sum(axis=1), 1.0)[..., None]


def gene_loss(
    target: Float[Array, "B S T"],
    prediction: Float[Array, "B S T"],
    genes: UInt8[Array, "B S 2"],
    by_strand: Bool[Array, "B 2 T"],
) -> Float[Array, ""]:
    """Level of each gene and its shares of the tracks (as Decima; scaled space, 1 bp).

    Poisson loss on the sum over tracks, divided by their number, plus five times a multinomial
    loss across tracks. Mean over genes.

    Args:
      target: scaled targets.
      prediction: scaled predictions.
      genes: as of `gene_means`.
      by_strand: tracks that a gene of the + and the - strand is seen in.
    """
    y, p = gene_means(target, genes), gene_means(prediction, genes)
    tracks = by_strand[:, :, None]  # B 2 1 T
    y, p = jnp.where(tracks, y, 0.0), jnp.where(tracks, p, 0.0)
    present = y.sum(axis=-1) > 0
    total_y, total_p = y.sum(axis=-1, keepdims=True), p.sum(axis=-1, keepdims=True)
    number = jnp.maximum(1, tracks.sum(axis=-1))
    log_share = jnp.log(p / (total_p + _EPSILON) + _EPSILON)
    shape = -jnp.where(tracks, y * log_share, 0.0).sum(axis=-1) / number
    level = total_p - total_y * jnp.log(total_p + _EPSILON)
    best = total_y - total_y * jnp.log(total_y + _EPSILON)
    return masked_mean((level - best)[..., 0] / number + SHAPE_WEIGHT * shape, present)


def gene_ln_loss(
    target: Float[Array, "B S T"],
    prediction: Float[Array, "B S T"],
    genes: UInt8[Array, "B S 2"],
    by_strand: Bool[Array, "B 2 T"],
) -> Float[Array, ""]:
    """Mean squared ln error of the genes' levels; arguments as of `gene_loss`."""
    y, p = gene_means(target, genes), gene_means(prediction, genes)
    return mean_squared_ln_error(y, p, by_strand[:, :, None] & (y > 0).any(axis=-1, keepdims=True))


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


def effect_loss(
    target: Float[Array, "P2 *axes"],
    prediction: Float[Array, "P2 *axes"],
    mask: Bool[Array, "..."],
) -> Float[Array, ""]:
    """Error of the difference ALT minus REF of each pair: even rows are REF, odd ones its ALT.

    The mean over what truly changes plus the mean over what does not, so that the few places with
    an effect count as much as all the others. The error is squared near 0 and linear far out,
    because a site that switches a silent place on has a difference without bound.

    Args:
      target: values on the scale whose differences are compared.
      prediction: on the same scale.
      mask: what counts, broadcast to one value a pair.
    """
    true, found = (side[1::2] - side[::2] for side in (target, prediction))
    error = jnp.sqrt(1.0 + (found - true) ** 2) - 1.0
    changed = jnp.abs(true) > CHANGED
    return masked_mean(error, mask & changed) + masked_mean(error, mask & ~changed)


def ln_effect_loss(
    target: Float[Array, "P2 *axes"],
    prediction: Float[Array, "P2 *axes"],
    mask: Bool[Array, "..."],
) -> Float[Array, ""]:
    """`effect_loss` of ln ratios of values that are at least 0."""
    return effect_loss(jnp.log(target + EFFECT_OFFSET), jnp.log(prediction + EFFECT_OFFSET), mask)


def structure_loss(
    target: Float[Array, "B S C"], logits: Float[Array, "B S C"]
) -> Float[Array, ""]:
    """Cross-entropy of values from 0 to 1; what is 0 counts as much as all that is not."""
    present = target > CHANGED
    return binary_cross_entropy_from_logits(
        target, logits, present
    ) + binary_cross_entropy_from_logits(target, logits, ~present)
