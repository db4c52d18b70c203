"""The folder of a training run: log, checkpoints, track constants.

```
recipe.txt                    the recipe, to refuse a resume with another one
scaling.npz                   non-zero means and masks of the tracks
commits.txt                   commits of the code that trained, one a line
log.jsonl                     one JSON object a line
log.html                      the same as curves (`plots`)
checkpoints/step-000200/      Orbax, the exact state after that many steps
weights/                      the result (predictor.weights.checkpoint)
```
"""

import json
import shutil
from pathlib import Path
from typing import Any

import jax
import numpy as np

from predictor.errors import AllelensError
from predictor.training.data import Scaling, measure_scaling
from predictor.training.recipe import Recipe
from predictor.training.step import TrainState, initial_state
from predictor.weights import checkpoint

_CHECKPOINTS_KEPT = 2


class TrainingFolderError(AllelensError):
    """The output folder does not fit the request to start or to resume."""

    code = "training_folder"


class RunFolder:
    """Reads and writes the folder of one run.

    Args:
      path: the folder.
      recipe: what is trained.
      resume: go on from the newest checkpoint; else the folder must be new or empty.
      start: weights that the run goes on from.

    Raises:
      TrainingFolderError: it holds another run, or there is nothing to resume.
    """

    def __init__(
        self,
        path: Path,
        recipe: Recipe,
        *,
        resume: bool,
        start: checkpoint.LoadedWeights | None = None,
    ):
        self.path, self._recipe, self._start = path, recipe, start
        self.weights = path / "weights"
        self._checkpoints = path / "checkpoints"
        described = f"{recipe!r}\n" + (f"from {start.digest}\n" if start else "")
        stored = path / "recipe.txt"
        if resume:
            if not stored.exists():
                raise TrainingFolderError(
                    f"{path} holds no training run to resume; start one without --resume.",
                    field="resume",
                )
            if stored.read_text() != described:
                raise TrainingFolderError(
                    f"{path} was trained with another recipe than {recipe.name!r} is now, or from "
                    "other weights; resume with the code and weights that started it, or start "
                    "again in a new folder.",
                    field="recipe",
                )
        elif stored.exists():
            raise TrainingFolderError(
                f"{path} already holds a training run; resume it with --resume, "
                "or name another folder.",
                field="out",
            )
        path.mkdir(parents=True, exist_ok=True)
        stored.write_text(described)

    def log(self, entry: dict[str, Any]) -> None:
        """Appends one line to the log."""
        with (self.path / "log.jsonl").open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def trained_by(self, commit: str | None = None) -> str:
        """Notes a commit whose code is about to train, and tells all so far, without repeats."""
        stored = self.path / "commits.txt"
        commits = stored.read_text().split() if stored.exists() else []
        if commit is not None and commit not in commits:
            commits.append(commit)
            stored.write_text("\n".join(commits) + "\n")
        return ", ".join(commits)

    def scaling(self) -> Scaling:
        """The track constants: measured once, then read back."""
        stored = self.path / "scaling.npz"
        if not stored.exists():
            scaling = measure_scaling(self._recipe)
            arrays = {f"means/{head}": values for head, values in scaling.means.items()}
            arrays |= {f"masks/{head}": values for head, values in scaling.masks.items()}
            np.savez(stored, **arrays)  # type: ignore[arg-type]
        found: dict[str, dict[str, np.ndarray]] = {"means": {}, "masks": {}}
        with np.load(stored) as file:
            for name in file.files:
                kind, head = name.split("/", 1)
                found[kind][head] = file[name]
        return Scaling(**found)

    def save(self, state: TrainState, seconds: dict[str, float]) -> None:
        """Writes a checkpoint; the two newest are kept."""
        final = self._checkpoints / f"step-{int(state.step):06d}"
        partial = final.with_name(f".{final.name}")
        for folder in (partial, final):
            if folder.exists():
                shutil.rmtree(folder)
        # The optimiser's state is a tree of named tuples; its leaves are stored by number.
        optimiser = {f"{i:05d}": leaf for i, leaf in enumerate(jax.tree.leaves(state.opt_state))}
        checkpoint.save_arrays(
            partial / "arrays",
            jax.tree.map(np.asarray, {**state._asdict(), "opt_state": optimiser}),
        )
        (partial / "seconds.json").write_text(json.dumps(seconds))
        partial.replace(final)
        for old in self._found()[:-_CHECKPOINTS_KEPT]:
            shutil.rmtree(old)

    def restore(self) -> tuple[TrainState, dict[str, float]]:
        """The state and the seconds spent at the newest checkpoint, or those of a start."""
        start = self._start
        template = initial_state(self._recipe, (start.params, start.state) if start else None)
        found = self._found()
        if not found:
            return template, {"wall": 0.0, "cpu": 0.0}
        arrays = jax.tree.map(jax.numpy.asarray, checkpoint.load_arrays(found[-1] / "arrays"))
        leaves = [arrays["opt_state"][name] for name in sorted(arrays["opt_state"])]
        structure = jax.tree.structure(template.opt_state)
        state = TrainState(**{**arrays, "opt_state": jax.tree.unflatten(structure, leaves)})
        seconds: dict[str, float] = json.loads((found[-1] / "seconds.json").read_text())
        return state, seconds

    def _found(self) -> list[Path]:
        return sorted(self._checkpoints.glob("step-*"))
