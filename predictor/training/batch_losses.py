"""Losses of a batch: of its windows, of the differences between pairs, of the readouts.

Axes: B batch, S positions, T tracks.

Source: spec/training.md 1.4; pairs and readouts are ours (ADR 22).
"""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from predictor.model import heads
from predictor.training import losses
from predictor.training.data import BIN_BASES, BINNED_HEADS, TRACK_HEADS, Batch, Scaling

Tree = dict[str, Any]
Losses = dict[str, Float[Array, ""]]

_EFFECT_BASES = 32
"""Bin in bp of the differences between the alleles of a pair, where a head has 1 bp."""
STRUCTURE = "structure"
"""Readouts among the parameters that are for training alone."""


def structure_losses(readouts: Tree, embeddings: Mapping[str, Array], batch: Batch) -> Losses:
    """Unweighted losses of linear readouts of the output embeddings.

    At 128 bp they reach the tower without going through the decoder. Runs and coverages are means
    of a bin, a polyA site counts for the bin it stands in.

    Returns:
      "structure/1bp" and "structure/128bp".
    """
    found: Losses = {}
    binned = _binned(batch.structure, BIN_BASES)
    means, sites = binned[..., :4].mean(axis=2), binned[..., 4:].max(axis=2)
    targets = {1: batch.structure, BIN_BASES: jnp.concatenate([means, sites], axis=-1)}
    for resolution, target in targets.items():
        name = f"embeddings_{resolution}bp"
        logits = embeddings[name] @ readouts[name]["weight"] + readouts[name]["bias"]
        found[f"{STRUCTURE}/{resolution}bp"] = losses.structure_loss(target, logits)
    return found


def head_losses(predictions: Mapping[str, Any], batch: Batch, scaling: Scaling) -> Losses:
    """Unweighted losses of all heads; track heads have one term per resolution.

    Args:
      predictions: result of `functional.forward` or `forward_train` at the batch's splice sites.
      batch: targets in data units.
      scaling: means and masks of the tracks.

    Returns:
      "dnase/1bp", "dnase/128bp", ..., "contact_maps", "splice_sites_classification",
      "splice_sites_usage", "splice_sites_junction"; and those of the demo world that are not in
      the paper, or off in it: "genes", "genes_ln", "rna_seq_ln/1bp", "rna_seq_ln/128bp",
      "usage_at_sites", "junctions_ln".
    """
    organism = batch.organism_index
    masks = {head: jnp.asarray(mask)[organism] for head, mask in scaling.masks.items()}
    targets = batch.targets
    window = batch.codes.shape[1]
    found: Losses = {}
    for head in TRACK_HEADS:
        means = jnp.asarray(scaling.means[head])[organism][:, None]
        mask = masks[head][:, None]
        for resolution in (BIN_BASES,) if head in BINNED_HEADS else (1, BIN_BASES):
            target = targets[head]
            if resolution == BIN_BASES and head not in BINNED_HEADS:
                target = target.reshape(len(target), -1, BIN_BASES, target.shape[-1]).sum(axis=2)
            scaled = heads.scale_targets(head, target, means, resolution)
            found[f"{head}/{resolution}bp"] = losses.multinomial(
                scaled,
                predictions[head][f"scaled_predictions_{resolution}bp"],
                mask,
                segment=losses.segment_bins(window, resolution),
            )
    found["contact_maps"] = losses.mean_squared_error(
        targets["contact_maps"],
        predictions["contact_maps"]["predictions"],
        masks["contact_maps"][:, None, None],
    )
    found["splice_sites_classification"] = losses.splice_classification_loss(
        targets["splice_sites_classification"],
        predictions["splice_sites_classification"]["logits"],
    )
    usage = (
        targets["splice_sites_usage"],
        predictions["splice_sites_usage"]["logits"],
        masks["splice_sites_usage"][:, None],
    )
    found["splice_sites_usage"] = losses.splice_usage_loss(*usage)
    found["usage_at_sites"] = losses.usage_at_sites_loss(*usage)
    junction = predictions["splice_sites_junction"]
    pairs = (
        batch.counts,
        junction["predictions"],
        junction["splice_junction_mask"] & masks["splice_sites_junction"][:, None, None],
    )
    found["splice_sites_junction"] = losses.splice_junction_loss(*pairs)
    found["junctions_ln"] = losses.junction_ln_loss(*pairs)
    return found | _rna_losses(predictions["rna_seq"], batch, scaling)


def _rna_losses(predicted: Mapping[str, Any], batch: Batch, scaling: Scaling) -> Losses:
    """Levels of genes, and the coverage on a scale on which weak genes count as much."""
    organism = batch.organism_index
    means = jnp.asarray(scaling.means["rna_seq"])[organism][:, None]
    by_strand = jnp.asarray(scaling.rna_strands)[organism]
    mask = by_strand.any(axis=1)[:, None]
    target, coverage = batch.targets["rna_seq"], {}
    for resolution in (1, BIN_BASES):
        binned = target.reshape(len(target), -1, resolution, target.shape[-1]).sum(axis=2)
        scaled = heads.scale_targets("rna_seq", binned, means, resolution)
        coverage[resolution] = scaled, predicted[f"scaled_predictions_{resolution}bp"]
    genes = (*coverage[1], batch.genes, by_strand)
    return {
        "genes": losses.gene_loss(*genes),
        "genes_ln": losses.gene_ln_loss(*genes),
        # The terms at 128 bp reach the tower without going through the decoder.
        **{
            f"rna_seq_ln/{resolution}bp": losses.mean_squared_ln_error(*both, mask)
            for resolution, both in coverage.items()
        },
    }


def pair_losses(predictions: Mapping[str, Any], batch: Batch, scaling: Scaling) -> Losses:
    """Unweighted losses of the differences between the windows of each pair.

    Args:
      predictions: as of `head_losses`.
      batch: even rows are windows, odd rows the same after substitutions.
      scaling: means and masks of the tracks.

    Returns:
      "dnase_effect/32bp", "dnase_effect/128bp", ..., "genes_effect", "contact_maps_effect",
      "usage_effect".
    """
    organism = batch.organism_index[::2]
    masks = {head: jnp.asarray(mask)[organism] for head, mask in scaling.masks.items()}
    found: Losses = {}
    for head in TRACK_HEADS:
        means = jnp.asarray(scaling.means[head])[batch.organism_index][:, None]
        for resolution in (BIN_BASES,) if head in BINNED_HEADS else (_EFFECT_BASES, BIN_BASES):
            at = BIN_BASES if resolution == BIN_BASES else 1
            own = BIN_BASES if head in BINNED_HEADS else 1
            target = _binned(batch.targets[head], at // own).sum(axis=2)
            pair = (
                heads.scale_targets(head, target, means, at),
                predictions[head][f"scaled_predictions_{at}bp"],
            )
            target, prediction = (_binned(side, resolution // at).mean(axis=2) for side in pair)
            found[f"{head}_effect/{resolution}bp"] = losses.ln_effect_loss(
                target, prediction, masks[head][:, None]
            )
    found["genes_effect"] = _genes_effect(predictions["rna_seq"], batch, scaling)
    found["contact_maps_effect"] = losses.effect_loss(
        batch.targets["contact_maps"],
        predictions["contact_maps"]["predictions"],
        masks["contact_maps"][:, None, None],
    )
    usage = batch.targets["splice_sites_usage"]
    used = ((usage[::2] > 0) | (usage[1::2] > 0)).any(axis=-1, keepdims=True)
    found["usage_effect"] = losses.effect_loss(
        usage,
        jax.nn.sigmoid(predictions["splice_sites_usage"]["logits"]),
        used & masks["splice_sites_usage"][:, None],
    )
    return found


def _binned(values: Float[Array, "B S T"], width: int) -> Float[Array, "B N W T"]:
    return values.reshape(len(values), -1, width, values.shape[-1])


def _genes_effect(predicted: Mapping[str, Any], batch: Batch, scaling: Scaling) -> Float[Array, ""]:
    """Levels of REF's genes over REF's exons, in both alleles."""
    means = jnp.asarray(scaling.means["rna_seq"])[batch.organism_index][:, None]
    genes = jnp.repeat(batch.genes[::2], 2, axis=0)
    by_strand = jnp.asarray(scaling.rna_strands)[batch.organism_index[::2]][:, :, None]
    scaled = heads.scale_targets("rna_seq", batch.targets["rna_seq"], means, 1)
    y, p = (
        losses.gene_means(side, genes) for side in (scaled, predicted["scaled_predictions_1bp"])
    )
    expressed = (y[::2] > 0).any(axis=-1, keepdims=True)
    return losses.ln_effect_loss(y, p, by_strand & expressed)


def total_loss(found: Losses, head_weights: Mapping[str, Any]) -> Float[Array, ""]:
    """Weighted sum; a head's weight holds for each of its terms, and is 1 where not named."""
    return jnp.asarray(
        sum(head_weights.get(name.split("/")[0], 1.0) * value for name, value in found.items())
    )
