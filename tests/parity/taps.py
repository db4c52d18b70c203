"""Blocks of intermediate results, under the names that the golden cases have for them."""

import re
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from predictor.model.alphagenome import AlphaGenome
from predictor.model.attention import TransformerTower
from predictor.weights.haiku_names import array_names

PAIR_OUTPUT = "transformer_tower/pair_output"
_ROOT = "alphagenome/"
# Here the number tells modules apart; elsewhere it only counts the blocks of a kind.
_OWN_STAGE = "output_embedder_1"


def tapped_modules(model: AlphaGenome, wanted: set[str]) -> dict[str, Any]:
    """The modules of the wanted names.

    Those that hold arrays, and the blocks around them, are found through the table of official
    names; only the taps that are no module of the official network are listed here.
    """
    found = _named_modules(model) | {
        "sequence_encoder": model.encoder,
        "transformer_tower/input": model.organism_embedding,
        "transformer_tower/output": model.tower,
    }
    unknown = wanted - found.keys() - {PAIR_OUTPUT}
    assert not unknown, f"The cases tap modules that the network does not have: {sorted(unknown)}"
    return {name: found[name] for name in wanted - {PAIR_OUTPUT}}


def _named_modules(model: AlphaGenome) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for array in array_names(model.config):
        official = array.official.removeprefix(_ROOT).split("/")[:-1]
        ours = list(array.ours[:-1])
        # Both names have one part more for every step inwards, down to the blocks.
        while official and ours:
            found["/".join(official)] = _at(model, ours)
            official, ours = official[:-1], ours[:-1]
    return found


def _at(model: Any, path: list[str]) -> Any:
    for part in path:
        if part.isdigit():
            model = model[int(part)]
        else:
            model = getattr(model, part) if hasattr(model, part) else model[part]
    return model


def record_calls(modules: dict[str, Any], patch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Keeps the result of every call of these modules, from now on, in the answered dict."""
    names = {id(module): name for name, module in modules.items()}
    recorded: dict[str, Any] = {}

    def recording(call: Any) -> Any:
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            result = call(self, *args, **kwargs)
            if id(self) in names:
                recorded[names[id(self)]] = result[0] if isinstance(result, tuple) else result
            if isinstance(self, TransformerTower):
                recorded[PAIR_OUTPUT] = result[1]
            return result

        return wrapper

    for kind in {type(module) for module in modules.values()} | {TransformerTower}:
        patch.setattr(kind, "__call__", recording(kind.__call__))
    return recorded


def block(name: str, x: Any, cells: int) -> Any:
    """The part of an intermediate result that the cases hold.

    Args:
      name: of the tap.
      x: [B, L, C], pairs [B, M, M, C], or an attention bias [B, H, N, N]; a bias may also be
        given once for each cell of pairs.
      cells: M, cells of pairs to a side.
    """
    if x.ndim == 3:
        rows = np.unique(np.linspace(0, x.shape[1] - 1, 8).astype(int))
        return x[:, rows, :: x.shape[2] // 32][..., :32]
    if "attention_bias" in name:
        step = x.shape[-1] // cells
        return x[:, :, ::step, ::step][:, :, :8, :8]
    return x[:, :8, :8, ::4]


def statistics(x: Any) -> Any:
    """Mean, rms, minimum, maximum and number of NaN of the whole intermediate result."""
    x = x.astype(jnp.float32)
    rms = jnp.sqrt(jnp.mean(jnp.square(x)))
    return jnp.stack([x.mean(), rms, x.min(), x.max(), jnp.isnan(x).sum().astype(jnp.float32)])


def stage(name: str) -> str:
    """The kind of block that a tap, an embedding or an output belongs to."""
    if name == _OWN_STAGE:
        return name
    return "/".join(re.sub(r"_\d+$", "", part) for part in name.split("/"))
