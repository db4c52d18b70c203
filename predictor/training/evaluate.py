"""Held-out quality of a network: correlations with the simulator and signs of variant effects.

Axes: N entries.

Source: spec/training.md 6.2, spec/demo_genome.md 9.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from predictor.training.augmentation import Window
from predictor.training.data import (
    BIN_BASES,
    BINNED_HEADS,
    TRACK_HEADS,
    Scaling,
    held_out_window,
)
from predictor.training.inference import Weights, predict
from predictor.training.recipe import Recipe
from predictor.training.variant_effects import (
    CLEAR_EFFECT,
    INSERTED_MOTIFS,
    motif_insertions,
    showcase_effects,
)

__all__ = ["Weights", "average_precision", "correlations", "pearson", "quick", "report"]


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


def quick(weights: Weights, recipe: Recipe) -> dict[str, Any]:
    """A look during training: a quarter of the held-out windows, few insertions."""
    number = max(2, recipe.evaluation_windows // 4)
    return _evaluate(weights, recipe, recipe.seed, number, insertions=6)


def report(weights: Weights, recipe: Recipe) -> dict[str, Any]:
    """The evaluation that goes into the card, on windows that no choice was made on."""
    return _evaluate(weights, recipe, recipe.report_seed, recipe.evaluation_windows, insertions=24)


def _evaluate(
    weights: Weights, recipe: Recipe, seed: int, number: int, *, insertions: int
) -> dict[str, Any]:
    length = recipe.evaluation_window
    human = [held_out_window(seed, i, length) for i in range(number)]
    mouse = [held_out_window(seed, i, length, mouse=1.0) for i in range(number // 2)]
    effects = {}
    for motif, cell_type in INSERTED_MOTIFS.items():
        found = motif_insertions(
            weights, motif, cell_type, seed=seed, number=insertions, length=length
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
            "d-tal1": {
                effect.name: {
                    "dnase": effect.dnase,
                    "h3k27ac": effect.h3k27ac,
                    "true_dnase": effect.true_dnase,
                    "true_h3k27ac": effect.true_h3k27ac,
                }
                for effect in showcase_effects(weights, "d-tal1", length=length)
            },
        }
    )
    return summary


def _rounded(tree: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _rounded(value) for key, value in tree.items()}
    return round(tree, 4) if isinstance(tree, float) else tree
