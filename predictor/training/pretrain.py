"""Pre-training from scratch: stages of growing windows on an endless simulated stream."""

import dataclasses
import logging
import resource
import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from predictor.commit import current_commit
from predictor.engines.compilation_cache import use_compilation_cache
from predictor.errors import AllelensError
from predictor.evaluation import seeds
from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.training import evaluate, plots
from predictor.training.data import CALIBRATION, HEADS, Batch, Scaling, Stream, batch_at
from predictor.training.inference import Weights
from predictor.training.recipe import Recipe, Stage
from predictor.training.run_folder import RunFolder
from predictor.training.step import (
    CompilerOptions,
    TrainState,
    make_train_step,
    network,
    one_hot,
)
from predictor.training.track_rows import track_rows
from predictor.weights import checkpoint

Tree = dict[str, Any]

_LOGGER = logging.getLogger(__name__)
_CALIBRATION_BATCH = 2


class StartingWeightsError(AllelensError):
    """The weights to start from are missing, needless, or of another network."""

    code = "starting_weights"


def run(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    start: Path | None = None,
    compiler_options: CompilerOptions | None = None,
) -> Path:
    """Trains a network and writes its weights.

    The run is a function of the recipe and the code: a resumed run ends with the same weights as
    an uninterrupted one (bit for bit on the same machine).

    Args:
      recipe: what to train, on what, for how long.
      out: folder of the run, see `run_folder`.
      resume: go on from the newest checkpoint in `out`.
      start: finished weights of the recipe that `recipe.after` names; for no other recipe.
      compiler_options: of XLA, for the step.

    Returns:
      The folder of the finished weights, `out/weights`.

    Raises:
      TrainingFolderError: `out` does not fit the request.
      StartingWeightsError: `start` does not fit the recipe.
      StreamError: the process that simulates the windows ended.
    """
    use_compilation_cache()
    before = _starting_weights(recipe, start)
    folder = RunFolder(out, recipe, resume=resume, start=before)
    scaling = folder.scaling()
    state, spent = folder.restore()
    clock = _Clock(spent)
    if int(state.step) < recipe.steps:
        folder.trained_by(current_commit("model", "simulator", "training"))
        state = train(recipe, scaling, state, folder, clock, compiler_options)
    weights = averaged_weights(recipe, scaling, state)
    _LOGGER.info("evaluating")
    measured = evaluate.report(weights, recipe)
    folder.log({"step": int(state.step), "evaluation": measured})
    plots.write(folder.path)
    checkpoint.save(
        folder.weights,
        config=recipe.model,
        params=weights.params,
        state=weights.norm_state,
        tracks=track_rows(scaling),
        card=_card(recipe, folder.trained_by(), state, measured, clock.seconds(), before),
    )
    return folder.weights


def _starting_weights(recipe: Recipe, start: Path | None) -> checkpoint.LoadedWeights | None:
    if start is None and recipe.after is None:
        return None
    if start is None:
        raise StartingWeightsError(
            f"The recipe {recipe.name!r} goes on from the weights of {recipe.after!r}; "
            "name their folder with --from.",
            field="from",
        )
    if recipe.after is None:
        raise StartingWeightsError(
            f"The recipe {recipe.name!r} starts from scratch; leave --from out.", field="from"
        )
    before = checkpoint.load(start)
    if before.config != recipe.model:
        raise StartingWeightsError(
            f"The weights in {start} are of a network of other sizes than the recipe "
            f"{recipe.name!r} trains; name the finished weights of {recipe.after!r}.",
            field="from",
        )
    return before


def train(
    recipe: Recipe,
    scaling: Scaling,
    state: TrainState,
    folder: RunFolder,
    clock: "_Clock",
    compiler_options: CompilerOptions | None = None,
) -> TrainState:
    """Runs the steps that are left, with log lines, checkpoints and held-out evaluations."""
    step_once = make_train_step(recipe, scaling, compiler_options=compiler_options)
    first = int(state.step)
    since = time.monotonic()
    with Stream(recipe, first, recipe.steps) as stream:
        for step, batch in stream:
            state, metrics = step_once(
                state,
                batch,
                parts=recipe.stage_at(step).accumulate,
                head_weights=recipe.head_weights_at(step),
                pairs=recipe.stage_at(step).pairs,
            )
            done = step + 1
            if done % recipe.log_every == 0 or done == recipe.steps:
                entry = {name: float(f"{float(v):.5g}") for name, v in metrics.items()}
                pace = round((time.monotonic() - since) / recipe.log_every, 3)
                since = time.monotonic()
                folder.log({"step": done, "seconds_per_step": pace, "losses": entry})
                _LOGGER.info("step %d: %.4f, %.2f s a step", done, entry["total"], pace)
            if done % recipe.checkpoint_every == 0 and done < recipe.steps:
                folder.save(state, clock.seconds())
            if recipe.evaluate_every and done % recipe.evaluate_every == 0 and done < recipe.steps:
                quick = evaluate.quick(averaged_weights(recipe, scaling, state), recipe)
                folder.log({"step": done, "evaluation": quick})
                plots.write(folder.path)
                _LOGGER.info("step %d: %s", done, quick)
                since = time.monotonic()
    # Only now, when the stream's process has ended, are its CPU seconds known.
    folder.save(state, clock.seconds())
    return state


def averaged_weights(recipe: Recipe, scaling: Scaling, state: TrainState) -> Weights:
    """The averaged parameters with running second moments measured for them.

    The moments that training tracks belong to the last few batches and to the parameters before
    averaging; here they are the plain mean over a fixed set of batches.
    """
    averaged = network(state.ema)
    moments = measured_moments(recipe, averaged, state.norm_state)
    return Weights(
        config=recipe.model,
        params=jax.tree.map(np.asarray, averaged),
        norm_state=jax.tree.map(np.asarray, moments),
        scaling=scaling,
    )


def measured_moments(recipe: Recipe, params: Tree, norm_state: Tree) -> Tree:
    """Mean second moment of every batch norm over the recipe's calibration batches."""
    config = recipe.model
    stage = Stage(window=recipe.evaluation_window, batch=_CALIBRATION_BATCH, steps=1)
    calibration = dataclasses.replace(recipe, stages=(stage,))
    total: Tree = jax.tree.map(jnp.zeros_like, norm_state)
    for index in range(recipe.calibration_batches):
        batch = batch_at(calibration, index, CALIBRATION)._replace(targets={})
        total = jax.tree.map(jnp.add, total, _moments(config, params, norm_state, batch))
    mean: Tree = jax.tree.map(lambda leaf: leaf / recipe.calibration_batches, total)
    return mean


@partial(jax.jit, static_argnums=0)
def _moments(config: ModelConfig, params: Tree, norm_state: Tree, batch: Batch) -> Tree:
    """Second moments of one batch."""
    _, updated = functional.forward_train(
        config,
        params,
        jax.tree.map(jnp.zeros_like, norm_state),
        one_hot(batch.codes),
        batch.organism_index,
        tuple(HEADS),
        splice_site_positions=batch.positions,
        key=jax.random.key(0),
    )
    # Starting from zero, one update leaves (1 - decay) times the batch's moment.
    found: Tree = jax.tree.map(lambda leaf: leaf / (1.0 - config.norm_decay), updated)
    return found


def _card(
    recipe: Recipe,
    commit: str,
    state: TrainState,
    measured: dict[str, Any],
    seconds: dict[str, float],
    before: checkpoint.LoadedWeights | None,
) -> dict[str, Any]:
    command = f"python -m predictor train pretrain --recipe {recipe.name}"
    earlier = before.card if before else {}
    if before:
        command += f" --from var/training/{recipe.after}/weights"
    return {
        "name": recipe.name,
        "what": "AlphaGenome-shaped network, trained from scratch on the invented demo world; "
        "it knows nothing about real genomes.",
        # Steps, stages and times are those of the whole way from scratch.
        "command": " && ".join(part for part in (earlier.get("command"), command) if part),
        "seed": recipe.seed,
        "seeds": {
            "training, and held-out windows for choosing settings": recipe.seed,
            "held-out windows of the figures": recipe.report_seed,
            "held-out windows of the tests": seeds.TESTS,
        },
        "commit": ", ".join(part for part in (earlier.get("commit"), commit) if part),
        "parameters": sum(int(leaf.size) for leaf in jax.tree.leaves(network(state.params))),
        "steps": earlier.get("steps", 0) + int(state.step),
        "stages": [
            *earlier.get("stages", ()),
            *(dataclasses.asdict(stage) for stage in recipe.stages),
        ],
        **({"after": before.digest} if before else {}),
        "wall_seconds": earlier.get("wall_seconds", 0) + round(seconds["wall"]),
        "cpu_seconds": earlier.get("cpu_seconds", 0) + round(seconds["cpu"]),
        "measured": measured,
    }


class _Clock:
    """Wall and CPU seconds of a run, over all its resumes; ended children are counted."""

    def __init__(self, spent: dict[str, float]):
        self._spent = spent
        self._wall, self._cpu = time.monotonic(), _cpu_seconds()

    def seconds(self) -> dict[str, float]:
        return {
            "wall": self._spent["wall"] + time.monotonic() - self._wall,
            "cpu": self._spent["cpu"] + _cpu_seconds() - self._cpu,
        }


def _cpu_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime
