"""Measures of agreement between a prediction and the truth, on the host in float64.

Axes: N entries, G groups, M members of a group.

Source: spec/training.md 6.2; spec/demo_genome.md 9.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats


def pearson(x: Float[np.ndarray, " N"], y: Float[np.ndarray, " N"]) -> float:
    """Pearson r in float64 on centred values; 0 where one side is constant.

    The values are centred before they are multiplied, so a large constant on both sides costs no
    digits: `n * mean**2` never has to be subtracted from a sum of squares.
    """
    a = np.asarray(x, np.float64) - np.mean(x, dtype=np.float64)
    b = np.asarray(y, np.float64) - np.mean(y, dtype=np.float64)
    norm = np.sqrt((a @ a) * (b @ b))
    return float(a @ b / norm) if norm > 0 else 0.0


def spearman(x: Float[np.ndarray, " N"], y: Float[np.ndarray, " N"]) -> float:
    """Spearman rho, which is Pearson r of the ranks; equal values share their mean rank.

    0 where one side is constant.
    """
    return pearson(stats.rankdata(x), stats.rankdata(y))


def average_precision(truth: Bool[np.ndarray, " N"], score: Float[np.ndarray, " N"]) -> float:
    """Area under the precision-recall curve as a sum of steps (auPRC).

    The sum over all distinct scores of the recall gained there times the precision down to there.
    Entries of equal score come in together, so that their order in the array does not matter.
    0 where nothing is true.
    """
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(truth[order])
    if not len(hits) or hits[-1] == 0:
        return 0.0
    ends = np.append(np.flatnonzero(np.diff(score[order])), len(order) - 1)
    gained = np.diff(hits[ends], prepend=0)
    return float(np.sum(gained * hits[ends] / (ends + 1)) / hits[-1])


def sign_accuracy(truth: Float[np.ndarray, " N"], predicted: Float[np.ndarray, " N"]) -> float:
    """Share of entries whose prediction has the sign of the truth; no prediction counts as wrong.

    The truth must not hold 0.
    """
    return float(np.mean(np.sign(truth) == np.sign(predicted)))


def within_groups(truth: Float[np.ndarray, "G M"], predicted: Float[np.ndarray, "G M"]) -> float:
    """Pearson r over all entries after each group's mean is taken away on either side.

    With genes as groups and cell types as members it asks which cell types a gene prefers, and
    nothing is gained by knowing which genes are strong.

    Source: spec/training.md 6.2 (RNA-seq genes).
    """
    sides = (side - side.mean(axis=1, keepdims=True) for side in (truth, predicted))
    return pearson(*(side.ravel() for side in sides))


def one_sided_rank_test(larger: Float[np.ndarray, " N"], smaller: Float[np.ndarray, " M"]) -> float:
    """P of the Mann-Whitney U test that the first sample tends to larger values."""
    return float(stats.mannwhitneyu(larger, smaller, alternative="greater").pvalue)
