"""Training recipes by the names that the command line knows them by."""

import dataclasses
from collections.abc import Callable, Mapping

from predictor.errors import AllelensError
from predictor.model.config import ModelConfig
from predictor.training.demo_recipes import demo, demo_balanced, demo_effects
from predictor.training.recipe import Mixture, Optimiser, Recipe, Stage


class UnknownRecipeError(AllelensError):
    """No recipe of this name."""

    code = "unknown_recipe"


def ci() -> Recipe:
    """A smaller network for a minute: enough to see that one motif opens chromatin."""
    small = dataclasses.replace(
        ModelConfig.demo(),
        channels=16,
        channels_step=4,
        tower_layers=1,
        pair_channels=16,
        junction_channels=16,
    )
    soup = Mixture(genome=0.2, mutated=0.0, soup=0.8, background=0.0, mouse=0.0)
    return Recipe(
        name="ci",
        model=small,
        stages=(Stage(window=2_048, batch=8, steps=300, mixture=soup),),
        optimiser=Optimiser(peak=5e-3, warmup=20, ema=0.95),
        scaling_windows=20,
        calibration_batches=4,
        checkpoint_every=100,
        evaluate_every=0,
        evaluation_windows=2,
        evaluation_window=4_096,
    )


RECIPES: Mapping[str, Callable[[], Recipe]] = {
    "demo": demo,
    "demo-effects": demo_effects,
    "demo-balanced": demo_balanced,
    "ci": ci,
}


def named(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
      UnknownRecipeError: there is none.
    """
    if name not in RECIPES:
        raise UnknownRecipeError(
            f"There is no recipe {name!r}; choose one of {', '.join(RECIPES)}.", field="recipe"
        )
    return RECIPES[name]()
