"""How parameters move: learning rates, AdamW and the average.

Source: spec/training.md 1.2 and 1.3.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int32

from predictor.training.recipe import Optimiser, Recipe


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
