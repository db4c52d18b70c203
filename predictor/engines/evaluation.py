"""Measures the installed weights of an engine against the simulator."""

from typing import Any

import numpy as np
from alphagenome.models.dna_output import OutputType

from predictor.tracks.catalogue import Catalogue
from predictor.tracks.output_types import OUTPUTS
from predictor.training import evaluate, recipes
from predictor.training.data import ORGANISMS, TRACK_HEADS, Scaling, track_masks
from predictor.weights.checkpoint import LoadedWeights
from predictor.weights.load import load_weights

_TYPES = {about.head: kind for kind, about in OUTPUTS.items()}
_JUNCTION = OUTPUTS[OutputType.SPLICE_JUNCTIONS].head


def report(engine: str, recipe: str) -> dict[str, Any]:
    """The evaluation that pre-training puts into the card, for weights as they are installed.

    Args:
      engine: whose weights.
      recipe: name of the recipe that says which windows are held out.

    Raises:
      WeightsMissingError: the weights are not installed.
      UnknownRecipeError: lists the recipes.
    """
    chosen = recipes.named(recipe)
    found = load_weights(engine)
    weights = evaluate.Weights(
        config=found.config,
        params=found.params,
        norm_state=found.state,
        scaling=_scaling(engine, found),
    )
    return evaluate.report(weights, chosen)


def _scaling(engine: str, found: LoadedWeights) -> Scaling:
    """The constants of training, read back from the rows of the tracks."""
    tracks = Catalogue(engine, found.tracks)
    means = {
        head: np.stack(
            [
                np.nan_to_num(tracks.table(organism, _TYPES[head]).nonzero_mean, nan=1.0)
                for organism in ORGANISMS
            ]
        )
        for head in (*TRACK_HEADS, _JUNCTION)
    }
    # One row per tissue, and both strands have the same mean.
    means[_JUNCTION] = np.tile(means[_JUNCTION], 2)
    return Scaling(means=means, masks=track_masks())
