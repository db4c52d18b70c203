"""One optimisation step: predictions, losses of all heads, AdamW, averaged parameters.

Axes: B batch, S positions, T tracks.

Source: spec/training.md 1.2 to 1.4.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int32, UInt8

from predictor.model import functional, heads
from predictor.model.config import ModelConfig
from predictor.training import losses
from predictor.training.data import BIN_BASES, BINNED_HEADS, HEADS, TRACK_HEADS, Batch, Scaling
from predictor.training.recipes import Optimiser, Recipe
from predictor.training.transcript_structure import COLUMNS

Tree = dict[str, Any]
Losses = dict[str, Float[Array, ""]]


class TrainStep(Protocol):
    """One optimisation step."""

    def __call__(
        self,
        state: "TrainState",
        batch: Batch,
        *,
        parts: int = 1,
        head_weights: Mapping[str, float] | None = None,
        pairs: bool = False,
    ) -> tuple["TrainState", dict[str, Array]]:
        """The state after the step, and its metrics."""


_EFFECT_BASES = 32
"""Bin in bp of the differences between the alleles of a pair, where a head has 1 bp."""

SITE_FREQUENCY = 2e-4
"""Rough share of base pairs that are a splice site of one class."""


class TrainState(NamedTuple):
    """Everything that a step changes.

    Attributes:
      params: nested dict of parameters.
      norm_state: running second moments.
      opt_state: state of the optimiser.
      ema: averaged parameters.
      step: steps done, int32.
    """

    params: Tree
    norm_state: Tree
    opt_state: Any
    ema: Tree
    step: Int32[Array, ""]


def one_hot(codes: UInt8[Array, "B S"]) -> Float[Array, "B S 4"]:
    """Codes 0-3 to one-hot rows; N (4) becomes the zero row."""
    return jax.nn.one_hot(codes, 4, dtype=jnp.float32)


def learning_rate(optimiser: Optimiser, steps: int) -> optax.Schedule:
    """Linear warm-up from 0, the peak, then cosine to `floor` of the peak at the horizon.

    Before the decay the rate does not depend on the horizon, so a run can be made longer.
    """
    warmup = min(optimiser.warmup, max(1, steps // 4))
    horizon = optimiser.horizon or steps
    level = max(warmup, round(horizon * (1.0 - optimiser.decay)))
    return optax.join_schedules(
        [
            optax.linear_schedule(0.0, optimiser.peak, warmup),
            optax.constant_schedule(optimiser.peak),
            optax.cosine_decay_schedule(optimiser.peak, max(1, horizon - level), optimiser.floor),
        ],
        boundaries=[warmup, level],
    )


def rate_by_stage(recipe: Recipe) -> optax.Schedule:
    """The optimiser's learning rate, times a stage's factor or in its place the stage's own."""
    basic = learning_rate(recipe.optimiser, recipe.steps)

    def rate(count: Any) -> Any:
        found = basic(count)
        for start, stage in zip(recipe.starts, recipe.stages, strict=True):
            if stage.own_rate is not None:
                first, last = stage.own_rate
                own = optax.linear_schedule(first, last, max(1, stage.steps - 1))(count - start)
            else:
                own = basic(count) * stage.rate
            found = jnp.where(count >= start, own, found)
        return found

    return rate


def ema_by_stage(recipe: Recipe, step: Int32[Array, ""]) -> Float[Array, ""]:
    """Decay of the averaged parameters in the stage that a step belongs to."""
    found: Array = jnp.float32(recipe.optimiser.ema)
    for start, stage in zip(recipe.starts, recipe.stages, strict=True):
        own = recipe.optimiser.ema if stage.ema is None else stage.ema
        found = jnp.where(step >= start, jnp.float32(own), found)
    return found


def transformation(recipe: Recipe) -> optax.GradientTransformation:
    """Clipping by global norm, then AdamW; only arrays of two or more axes decay."""
    optimiser = recipe.optimiser
    return optax.chain(
        optax.clip_by_global_norm(optimiser.clip),
        optax.adamw(
            rate_by_stage(recipe),
            b1=optimiser.b1,
            b2=optimiser.b2,
            weight_decay=optimiser.weight_decay,
            mask=lambda params: jax.tree.map(lambda leaf: leaf.ndim >= 2, params),
        ),
    )


STRUCTURE = "structure"
"""Readouts among the parameters that are for training alone."""


def network(params: Tree) -> Tree:
    """The parameters without the readouts that are for training alone."""
    return {name: branch for name, branch in params.items() if name != STRUCTURE}


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


def _silent_readouts(config: ModelConfig) -> Tree:
    widths = {1: config.embedding_1bp_channels, BIN_BASES: config.embedding_128bp_channels}
    return {
        f"embeddings_{resolution}bp": {
            "weight": jnp.zeros((width, len(COLUMNS))),
            "bias": jnp.zeros(len(COLUMNS)),
        }
        for resolution, width in widths.items()
    }


def initial_state(recipe: Recipe, start: tuple[Tree, Tree] | None = None) -> TrainState:
    """State before the first step.

    Args:
      recipe: its seed decides a random start.
      start: parameters and running second moments to go on from instead.
    """
    if start is not None:
        params, norm_state = jax.tree.map(jnp.asarray, start)
        return _unstepped(recipe, params, norm_state)
    params, norm_state = jax.tree.map(
        # A weakly typed scalar would turn strong in the first step and compile everything twice.
        lambda leaf: jnp.array(leaf, dtype=leaf.dtype),
        functional.init(recipe.model, jax.random.key(recipe.seed)),
    )
    return _unstepped(recipe, with_rare_splice_sites(params), norm_state)


def _unstepped(recipe: Recipe, params: Tree, norm_state: Tree) -> TrainState:
    if recipe.structure:
        params = {**params, STRUCTURE: _silent_readouts(recipe.model)}
    return TrainState(
        params=params,
        norm_state=norm_state,
        opt_state=transformation(recipe).init(params),
        ema=jax.tree.map(jnp.copy, params),
        step=jnp.zeros((), jnp.int32),
    )


def with_rare_splice_sites(params: Tree) -> Tree:
    """Starts the splice heads at "hardly any base is a site", by their biases.

    A uniform start costs hundreds of steps whose gradient says only that sites are rare.
    """
    prior = jnp.log(SITE_FREQUENCY)
    classes = params["heads"]["splice_sites_classification"]["linear"]
    usage = params["heads"]["splice_sites_usage"]["linear"]
    started = {
        "splice_sites_classification": {
            "linear": {**classes, "bias": classes["bias"].at[:, :-1].add(prior)}
        },
        "splice_sites_usage": {"linear": {**usage, "bias": usage["bias"] + prior}},
    }
    return {**params, "heads": {**params["heads"], **started}}


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


def loss_and_new_norms(
    config: ModelConfig,
    params: Tree,
    norm_state: Tree,
    batch: Batch,
    scaling: Scaling,
    head_weights: Mapping[str, Any],
    key: Array,
    *,
    pairs: bool = False,
) -> tuple[Float[Array, ""], tuple[Losses, Tree]]:
    """Total loss with batch statistics; also the single terms and the running moments."""
    predictions, new_norms = functional.forward_train(
        config,
        network(params),
        norm_state,
        one_hot(batch.codes),
        batch.organism_index,
        tuple(HEADS),
        splice_site_positions=batch.positions,
        key=key,
    )
    found = head_losses(predictions, batch, scaling)
    if pairs:
        found |= pair_losses(predictions, batch, scaling)
    if STRUCTURE in params:
        found |= structure_losses(params[STRUCTURE], predictions["embeddings"], batch)
    return total_loss(found, head_weights), (found, new_norms)


def make_train_step(
    recipe: Recipe,
    scaling: Scaling,
    *,
    compiler_options: dict[str, str | int | bool] | None = None,
) -> TrainStep:
    """The compiled step; it compiles once per window length and donates the old state.

    Args:
      recipe: what is trained.
      scaling: means and masks of the tracks.
      compiler_options: of XLA, for this function alone.

    Returns:
      (state, batch) -> (new state, metrics): the loss terms, "total", and "gradient_norm" before
      clipping. With more `parts` the batch is worked through part by part, and losses and
      gradients are the means over the parts. `head_weights` may differ from the recipe's. With
      `pairs`, `pair_losses` are added.
    """
    optimise = transformation(recipe)

    def gradients(
        state: TrainState,
        batch: Batch,
        head_weights: dict[str, Float[Array, ""]],
        key: Array,
        *,
        pairs: bool,
    ) -> tuple[tuple[Float[Array, ""], tuple[Losses, Tree]], Tree]:
        def objective(params: Tree) -> tuple[Float[Array, ""], tuple[Losses, Tree]]:
            return loss_and_new_norms(
                recipe.model,
                params,
                state.norm_state,
                batch,
                scaling,
                head_weights,
                key,
                pairs=pairs,
            )

        found: tuple[tuple[Float[Array, ""], tuple[Losses, Tree]], Tree] = jax.value_and_grad(
            objective, has_aux=True
        )(state.params)
        return found

    def added_up(
        state: TrainState,
        batch: Batch,
        head_weights: dict[str, Float[Array, ""]],
        key: Array,
        *,
        parts: int,
        pairs: bool,
    ) -> tuple[Any, Tree]:
        """Mean losses and gradients over the parts, and the running moments after the last."""

        def one(norms: Tree, given: tuple[Batch, Array]) -> tuple[Tree, Any]:
            part, own_key = given
            (total, (found, norms)), gradient = gradients(
                state._replace(norm_state=norms), part, head_weights, own_key, pairs=pairs
            )
            return norms, ((total, found), gradient)

        split = jax.tree.map(lambda leaf: leaf.reshape(parts, -1, *leaf.shape[1:]), batch)
        norms, each = jax.lax.scan(one, state.norm_state, (split, jax.random.split(key, parts)))
        return jax.tree.map(lambda leaf: leaf.mean(axis=0), each), norms

    def step(
        state: TrainState,
        batch: Batch,
        head_weights: dict[str, Float[Array, ""]],
        *,
        parts: int,
        pairs: bool,
    ) -> tuple[TrainState, dict[str, Array]]:
        key = jax.random.fold_in(jax.random.key(recipe.seed), state.step)
        if parts == 1:
            (total, (found, norms)), gradient = gradients(
                state, batch, head_weights, key, pairs=pairs
            )
        else:
            means, norms = added_up(state, batch, head_weights, key, parts=parts, pairs=pairs)
            (total, found), gradient = means
        updates, opt_state = optimise.update(gradient, state.opt_state, state.params)
        params = optax.apply_updates(state.params, updates)
        # The average starts short, so that it forgets the initial parameters.
        done = state.step.astype(jnp.float32)
        decay = jnp.minimum(ema_by_stage(recipe, state.step), (1.0 + done) / (10.0 + done))
        ema = jax.tree.map(lambda old, new: decay * old + (1.0 - decay) * new, state.ema, params)
        metrics = {**found, "total": total, "gradient_norm": optax.global_norm(gradient)}
        return TrainState(params, norms, opt_state, ema, state.step + 1), metrics

    compiled = jax.jit(
        step,
        donate_argnums=0,
        static_argnames=("parts", "pairs"),
        compiler_options=compiler_options,
    )

    def train_step(
        state: TrainState,
        batch: Batch,
        *,
        parts: int = 1,
        head_weights: Mapping[str, float] | None = None,
        pairs: bool = False,
    ) -> tuple[TrainState, dict[str, Array]]:
        weights = recipe.head_weights if head_weights is None else head_weights
        # As arguments, so that other weights need no other program.
        arguments = {name: np.float32(value) for name, value in weights.items()}
        found: tuple[TrainState, dict[str, Array]] = compiled(
            state, batch, arguments, parts=parts, pairs=pairs
        )
        return found

    return train_step
