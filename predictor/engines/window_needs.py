"""What each window of an engine needs of a device's memory. Reads small files; knows no JAX."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from predictor import errors
from predictor.engines import fit
from predictor.engines.registry import Engine, engine_card
from predictor.model.config import ModelConfig
from predictor.weights.load import weights_folder

_RELEASED_PARAMETERS = 450_452_613


@dataclass(frozen=True, kw_only=True)
class WindowNeed:
    """Memory for REF and ALT of a window with all tracks, and everything that is loaded for it.

    Attributes:
      window: in bp.
      needed: bytes; an estimate within 20 %.
      fits: within the memory that is free.
    """

    window: int
    needed: int
    fits: bool


def window_needs(engine: Engine, memory: int, *, on_cpu: bool = True) -> list[WindowNeed]:
    """The windows of an engine that runs here; of a released one also before it is installed.

    Args:
      engine: any.
      memory: bytes that are free on the device.
      on_cpu: the device is the CPU.

    Returns:
      Ascending; empty where nothing is known about the network, or it does not run here.
    """
    sizes = _sizes(engine)
    if sizes is None:
        return []
    config, parameters = sizes
    needs = {
        window: fit.needed(config, window, parameters=parameters, memory=memory, on_cpu=on_cpu)
        for window in engine.windows
    }
    return [
        WindowNeed(window=window, needed=needed, fits=fit.fits(needed, memory))
        for window, needed in sorted(needs.items())
    ]


def longest_fitting(needs: Iterable[WindowNeed]) -> WindowNeed | None:
    """The longest window that fits; None if none does."""
    return max((need for need in needs if need.fits), key=lambda need: need.window, default=None)


def _sizes(engine: Engine) -> tuple[ModelConfig, int] | None:
    if not engine.needs_weights:
        return None
    try:
        card = engine_card(engine.name)
        text = (weights_folder(engine.name) / "config.json").read_text()
        return ModelConfig.from_json(text), int(card["parameters"])
    except (errors.AllelensError, OSError, ValueError, KeyError, json.JSONDecodeError):
        return None if engine.invented else (ModelConfig.full(), _RELEASED_PARAMETERS)
