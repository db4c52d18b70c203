"""Held-out quality of a network: correlations with the simulator and signs of variant effects.

Axes: B batch, S positions or bins, T tracks.

Source: spec/training.md 6.2, spec/demo_genome.md 9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int32, UInt8

from predictor.model import functional, heads
from predictor.model.config import ModelConfig
from predictor.simulator import grammar
from predictor.simulator.random_words import RandomWords
from predictor.training.augmentation import Window
from predictor.training.data import (
    BIN_BASES,
    BINNED_HEADS,
    HEADS,
    HELD_OUT,
    ORGANISMS,
    TRACK_HEADS,
    Scaling,
    held_out_window,
    label,
    random_at,
)
from predictor.training.recipes import Recipe
from predictor.training.step import one_hot

Tree = dict[str, Any]
Predictions = dict[str, Array]

SITE_WIDTH = 501
"""Width in bp of the window around a variant whose signal is summed."""

INSERTED_MOTIFS = {"MYB": "T", "GATA": "ERY", "CEBP": "HEP", "ASCL": "NEU"}
"""Motifs of the insertion test and the human-like cell type that reads each."""

CLEAR_EFFECT = 0.3
"""Smallest true absolute log2 ratio for which the sign is asked."""

_EPSILON = 1e-3


class Weights(NamedTuple):
    """A network ready to predict: sizes, parameters, running moments and track constants."""

    config: ModelConfig
    params: Tree
    norm_state: Tree
    scaling: Scaling


@partial(jax.jit, static_argnums=0)
def _forward(
    config: ModelConfig,
    params: Tree,
    norm_state: Tree,
    codes: UInt8[Array, "B S"],
    organism: Int32[Array, " B"],
    means: dict[str, Array],
) -> Predictions:
    found = functional.forward(config, params, norm_state, one_hot(codes), organism, tuple(HEADS))
    values = {}
    for head in TRACK_HEADS:
        resolution = BIN_BASES if head in BINNED_HEADS else 1
        scaled = found[head][f"scaled_predictions_{resolution}bp"]
        values[head] = heads.unscale(head, scaled, means[head][organism][:, None], resolution)
    for head in ("contact_maps", "splice_sites_classification", "splice_sites_usage"):
        values[head] = found[head]["predictions"]
    junctions = found["splice_sites_junction"]
    values["splice_sites_junction"] = junctions["predictions"]
    values["splice_site_positions"] = junctions["splice_site_positions"]
    return values


def predict(
    weights: Weights, codes: UInt8[np.ndarray, "B S"], organism: int
) -> dict[str, np.ndarray]:
    """Predictions in data units for windows of one organism.

    Returns:
      Head -> values; track heads at their finest resolution. "splice_sites_junction" gives
      counts, "splice_site_positions" the sites they belong to.
    """
    found = _forward(
        weights.config,
        weights.params,
        weights.norm_state,
        jnp.asarray(codes),
        jnp.full(len(codes), organism, jnp.int32),
        weights.scaling.means,
    )
    return {head: np.asarray(value) for head, value in found.items()}


def pearson(x: Float[np.ndarray, " N"], y: Float[np.ndarray, " N"]) -> float:
    """Pearson r in float64 on centred values; 0 where one side is constant."""
    a = np.asarray(x, np.float64) - np.mean(x, dtype=np.float64)
    b = np.asarray(y, np.float64) - np.mean(y, dtype=np.float64)
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0


def average_precision(truth: Bool[np.ndarray, " N"], score: Float[np.ndarray, " N"]) -> float:
    """Area under the precision-recall curve, as the mean precision at the true entries."""
    hits = truth[np.argsort(-score, kind="stable")]
    if not hits.any():
        return 0.0
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def correlations(weights: Weights, windows: Sequence[Window]) -> dict[str, float]:
    """Agreement with the simulator's truth over some windows of one organism.

    Returns:
      "dnase/1bp", "dnase/128bp", ...: Pearson r over all bins, mean over tracks.
      "contact_maps": r off the diagonal. "splice_sites": mean average precision of the four
      classes. "splice_sites_usage": r of the usage at true sites. "junctions": r of log1p
      counts over the true junctions; 0 is predicted where the network selected no such site.
    """
    organism, scaling = windows[0].organism, weights.scaling
    predicted = [
        {head: value[0] for head, value in predict(weights, w.codes[None], organism).items()}
        for w in windows
    ]
    found: dict[str, float] = {}
    for head in TRACK_HEADS:
        tracks = np.flatnonzero(scaling.masks[head][organism])
        if not len(tracks):
            continue
        for name, bins in _resolutions(head):
            y = np.concatenate([bins(w.targets[head]) for w in windows])
            p = np.concatenate([bins(values[head]) for values in predicted])
            found[f"{head}/{name}"] = float(np.mean([pearson(y[:, t], p[:, t]) for t in tracks]))
    found["contact_maps"] = _contact_r(windows, predicted, scaling.masks["contact_maps"][organism])
    found |= _splice_agreement(windows, predicted, scaling)
    return found


def _resolutions(
    head: str,
) -> Iterable[tuple[str, Callable[[np.ndarray], np.ndarray]]]:
    if head in BINNED_HEADS:
        return [("128bp", lambda values: values)]
    return [
        ("1bp", lambda values: values),
        ("128bp", lambda v: v.reshape(-1, BIN_BASES, v.shape[-1]).sum(axis=1, dtype=np.float64)),
    ]


def _contact_r(
    windows: Sequence[Window], predicted: Sequence[Mapping[str, np.ndarray]], mask: np.ndarray
) -> float:
    upper = np.triu_indices(windows[0].targets["contact_maps"].shape[0], k=1)
    if not len(upper[0]):
        return 0.0
    y = np.concatenate([w.targets["contact_maps"][upper] for w in windows])
    p = np.concatenate([values["contact_maps"][upper] for values in predicted])
    return float(np.mean([pearson(y[:, t], p[:, t]) for t in np.flatnonzero(mask)]))


def _splice_agreement(
    windows: Sequence[Window], predicted: Sequence[Mapping[str, np.ndarray]], scaling: Scaling
) -> dict[str, float]:
    organism = windows[0].organism
    y = np.concatenate([w.targets["splice_sites_classification"] for w in windows])
    p = np.concatenate([values["splice_sites_classification"] for values in predicted])
    usage_y = np.concatenate([w.targets["splice_sites_usage"] for w in windows])
    usage_p = np.concatenate([values["splice_sites_usage"] for values in predicted])
    tracks = scaling.masks["splice_sites_usage"][organism]
    used = usage_y[:, tracks] > 0
    counts_y, counts_p = _junction_pairs(windows, predicted)
    return {
        "splice_sites": float(np.mean([average_precision(y[:, c] > 0, p[:, c]) for c in range(4)])),
        "splice_sites_usage": pearson(usage_y[:, tracks][used], usage_p[:, tracks][used]),
        "junctions": pearson(np.log1p(counts_y), np.log1p(counts_p)),
    }


def _junction_pairs(
    windows: Sequence[Window], predicted: Sequence[Mapping[str, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    """True and predicted counts of the true junctions; 0 where a site was not selected."""
    truth, guess = [], []
    for window, values in zip(windows, predicted, strict=True):
        tissues = window.counts.shape[-1] // 2
        where = [
            {int(at): i for i, at in enumerate(row) if at >= 0}
            for row in values["splice_site_positions"]
        ]
        for donor, acceptor, track in np.argwhere(window.counts > 0):
            strand = 2 * int(track >= tissues)
            i = where[strand].get(int(window.positions[strand, donor]))
            j = where[strand + 1].get(int(window.positions[strand + 1, acceptor]))
            truth.append(window.counts[donor, acceptor, track])
            known = i is not None and j is not None
            guess.append(values["splice_sites_junction"][i, j, track] if known else 0.0)
    return np.array(truth), np.array(guess)


def site_effect(
    reference: Float[np.ndarray, "S T"],
    alternate: Float[np.ndarray, "S T"],
    position: int,
    *,
    resolution: int = 1,
) -> Float[np.ndarray, " T"]:
    """log2 ratio of the signal summed over 501 bp around a position, per track."""
    half = SITE_WIDTH // 2
    first = max(0, (position - half) // resolution)
    last = (position + half) // resolution + 1
    ref, alt = (x[first:last].sum(axis=0, dtype=np.float64) for x in (reference, alternate))
    return np.asarray(np.log2((alt + _EPSILON) / (ref + _EPSILON)))


def substitute(
    codes: UInt8[np.ndarray, " S"], position: int, removed: int, inserted: UInt8[np.ndarray, " I"]
) -> UInt8[np.ndarray, " S"]:
    """Replaces `removed` bases at a position; the right end moves, the length stays.

    Bases that a deletion draws in at the right end are N.
    """
    joined = np.concatenate([codes[:position], inserted, codes[position + removed :]])
    padding = np.full(max(0, len(codes) - len(joined)), 4, codes.dtype)
    return np.concatenate([joined, padding])[: len(codes)]


class MotifEffects(NamedTuple):
    """Effects of inserting one motif at random places, in the cell type that reads it.

    Attributes:
      predicted: log2 ratio of DNASE over 501 bp, one per insertion.
      true: the same from the simulator.
      elsewhere: largest absolute predicted log2 ratio in cell types that ignore the motif.
    """

    predicted: Float[np.ndarray, " N"]
    true: Float[np.ndarray, " N"]
    elsewhere: Float[np.ndarray, " N"]


def motif_insertions(
    weights: Weights, motif: str, cell_type: str, *, seed: int, number: int, length: int
) -> MotifEffects:
    """Inserts full matches of a motif near the centre of fresh windows and compares DNASE.

    Args:
      weights: the network.
      motif: name in the grammar.
      cell_type: human-like cell type with a weight for the motif.
      seed: of windows and places; held-out streams only.
      number: insertions.
      length: window in bp.
    """
    cells = [cell.key for cell in grammar.ORGANISMS[ORGANISMS[0]].cell_types]
    idle = [
        i
        for i, cell in enumerate(grammar.ORGANISMS[ORGANISMS[0]].cell_types)
        if motif not in cell.weights
    ]
    rows: list[tuple[float, float, float]] = []
    for index in range(number):
        random = random_at(seed, HELD_OUT, 1, index)
        codes = held_out_window(seed, index, length).codes
        position = length // 2 + random.integer(-length // 8, length // 8)
        alternate = substitute(codes, position, 0, _full_match(random, motif))
        both = predict(weights, np.stack([codes, alternate]), 0)["dnase"]
        guess = site_effect(both[0], both[1], position)
        truth = site_effect(
            label(codes, 0).targets["dnase"], label(alternate, 0).targets["dnase"], position
        )
        active = cells.index(cell_type)
        rows.append((guess[active], truth[active], float(np.abs(guess[idle]).max(initial=0.0))))
    predicted, true, elsewhere = np.array(rows).T
    return MotifEffects(predicted, true, elsewhere)


def _full_match(random: RandomWords, motif: str) -> UInt8[np.ndarray, " I"]:
    letters = [random.choice(grammar.IUPAC[symbol]) for symbol in grammar.MOTIFS[motif]]
    codes = grammar.encode("".join(letters))
    return codes if random.chance(0.5) else grammar.reverse_complement(codes)


def quick(weights: Weights, recipe: Recipe) -> dict[str, Any]:
    """A look during training: a quarter of the held-out windows, few insertions."""
    return _evaluate(weights, recipe, max(2, recipe.evaluation_windows // 4), insertions=6)


def report(weights: Weights, recipe: Recipe) -> dict[str, Any]:
    """The evaluation that goes into the card."""
    return _evaluate(weights, recipe, recipe.evaluation_windows, insertions=24)


def _evaluate(weights: Weights, recipe: Recipe, number: int, *, insertions: int) -> dict[str, Any]:
    length = recipe.evaluation_window
    human = [held_out_window(recipe.seed, i, length) for i in range(number)]
    mouse = [held_out_window(recipe.seed, i, length, mouse=1.0) for i in range(number // 2)]
    effects = {}
    for motif, cell_type in INSERTED_MOTIFS.items():
        found = motif_insertions(
            weights, motif, cell_type, seed=recipe.seed, number=insertions, length=length
        )
        clear = np.abs(found.true) > CLEAR_EFFECT
        effects[motif] = {
            "insertions": int(clear.sum()),
            "right_sign": float(np.mean(found.predicted[clear] * found.true[clear] > 0)),
            "pearson": pearson(found.predicted, found.true),
            "mean_log2_predicted": float(found.predicted.mean()),
            "mean_log2_true": float(found.true.mean()),
            "mean_log2_elsewhere": float(found.elsewhere.mean()),
        }
    summary: dict[str, Any] = _rounded(
        {
            "held_out": {
                "windows": number,
                "window": length,
                "human": correlations(weights, human),
                "mouse": correlations(weights, mouse),
            },
            "motif_insertions": effects,
        }
    )
    return summary


def _rounded(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _rounded(value) for key, value in tree.items()}
    return round(tree, 4) if isinstance(tree, float) else tree
