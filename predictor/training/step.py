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

from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.training.batch_losses import (
    STRUCTURE,
    Losses,
    Tree,
    head_losses,
    pair_losses,
    structure_losses,
    total_loss,
)
from predictor.training.data import BIN_BASES, HEADS, Batch, Scaling
from predictor.training.optimisation import ema_by_stage, transformation
from predictor.training.recipe import Recipe
from predictor.training.transcript_structure import COLUMNS

CompilerOptions = dict[str, str | int | bool]


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


def network(params: Tree) -> Tree:
    """The parameters without the readouts that are for training alone."""
    return {name: branch for name, branch in params.items() if name != STRUCTURE}


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
    compiler_options: CompilerOptions | None = None,
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
