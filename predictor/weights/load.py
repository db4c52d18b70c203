"""Finds and loads the installed weights of an engine."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from predictor import errors
from predictor.home import home

if TYPE_CHECKING:
    from predictor.weights.checkpoint import LoadedWeights

SHIPPED = Path(__file__).resolve().parent
_PARTS = ("arrays", "config.json", "tracks.json", "card.json")
_DESCRIPTION = ("tracks.json", "card.json")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def weights_folder(engine: str) -> Path:
    """The folder with the weights of an engine: installed in the data folder, or shipped.

    Raises:
      WeightsMissingError: there is no complete one; names what is missing and where.
    """
    return _folder(engine, _PARTS)


def described_folder(engine: str) -> Path:
    """The folder with tracks and card of an engine, which may compute elsewhere, without arrays.

    Raises:
      WeightsMissingError: as `weights_folder`.
    """
    return _folder(engine, _DESCRIPTION)


def _folder(engine: str, parts: Sequence[str]) -> Path:
    if _NAME.fullmatch(engine) is None:
        raise errors.WeightsMissingError(f'"{engine}" cannot be the name of an engine.')
    installed, shipped = home() / "weights" / engine, SHIPPED / engine
    folder = shipped if shipped.is_dir() and not installed.is_dir() else installed
    if not folder.is_dir():
        raise errors.WeightsMissingError(
            f"The weights of the engine {engine} are not installed (looked in {folder})."
        )
    if missing := [part for part in parts if not (folder / part).exists()]:
        raise errors.WeightsMissingError(
            f"The weights of the engine {engine} in {folder} are incomplete: "
            f"{', '.join(missing)} is missing; install them again."
        )
    return folder


def load_weights(engine: str) -> "LoadedWeights":
    """Loads the weights of an engine into memory.

    Raises:
      WeightsMissingError: as `weights_folder`.
      WeightsMismatchError: the arrays do not fit the stored sizes (weights/checkpoint.py).
    """
    folder = weights_folder(engine)
    # Imported late: it brings JAX with it, and the web process reads only the folder.
    from predictor.weights import checkpoint

    return checkpoint.load(folder)
