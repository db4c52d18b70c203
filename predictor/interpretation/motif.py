"""Where the motifs of a library match a sequence, and which of them explain what matters there.

A match has a score, the log-odds in bits of the bases under the motif against the background,
and a p-value: the chance that as many bases drawn from the background score as high. The p-value
is exact for scores rounded to 1/256 bit. Both strands are looked at.

Axes: S bases of the sequence, W positions of a motif.

Source: Staden 1989 (p-values); Grant, Bailey, Noble 2011 (FIMO).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from jaxtyping import Float, Int, UInt8

from predictor import errors
from predictor.interpretation.motif_file import BASES, Motif, MotifLibrary

P_VALUE = 5e-4
"""Weakest match that is listed. Short motifs must have room: a full match of eight bases with one
free position has 6e-5, of MYB (HAACNGTC) 1.8e-4."""

_STEPS_A_BIT = 256
_PSEUDOCOUNT = 0.8  # sites of background added to each motif, so that no log-odds is infinite
_NO_BASE = 4
_CODES = np.full(256, _NO_BASE, np.uint8)
_CODES[np.frombuffer(BASES.encode(), np.uint8)] = range(4)
_SMALLEST_SHARE = 0.1


@dataclass(frozen=True)
class MotifMatch:
    """One place where a motif matches.

    Attributes:
      motif: which.
      start: first base, 0-based in the sequence that was looked at.
      end: one past the last base.
      strand: '-' where the reverse complement of the sequence matches.
      score: log-odds in bits.
      p_value: of the score at a single place and strand.
      relative_score: 0 for the worst and 1 for the best sequence of the motif.
    """

    motif: Motif
    start: int
    end: int
    strand: str
    score: float
    p_value: float
    relative_score: float


@dataclass(frozen=True)
class Explanation:
    """How well a match covers the bases that matter.

    Attributes:
      match: of a motif.
      similarity: cosine between the importance of the stretch and the information content of
        the motif laid at its match, 0 elsewhere; from 0 to 1.
      share: part of the stretch's importance that lies under the match.
    """

    match: MotifMatch
    similarity: float
    share: float


@dataclass(frozen=True)
class _Scale:
    """Log-odds of a motif in whole steps, and the p-value of every sum of them.

    Attributes:
      steps: int [W, 4].
      lowest: smallest sum.
      tail: [sums], the chance of `lowest + index` or more.
    """

    steps: Int[np.ndarray, "W 4"]
    lowest: int
    tail: Float[np.ndarray, " N"]


def motif_matches(
    sequence: str, library: MotifLibrary, *, p_value: float = P_VALUE
) -> list[MotifMatch]:
    """All matches on both strands.

    Args:
      sequence: upper-case letters; a match holds no letter other than A, C, G, T.
      library: the motifs.
      p_value: largest p-value that is listed.

    Returns:
      Ordered by start, then p-value.

    Raises:
      InvalidScoringRequestError: the threshold does not lie between 0 and 1.
    """
    if not 0 < p_value <= 1:
        raise errors.InvalidScoringRequestError(
            f"The p-value {p_value} of motif matches must lie above 0 and at most at 1, "
            f"for example {P_VALUE}."
        )
    codes = _CODES[np.frombuffer(sequence.encode("latin-1", "replace"), np.uint8)]
    found = [
        match
        for motif in library.motifs
        for match in _matches(codes, motif, _scale(motif, library.background), p_value)
    ]
    return sorted(found, key=lambda match: (match.start, match.p_value, match.motif.id))


def explanations(
    importance: Float[np.ndarray, " S"],
    matches: Iterable[MotifMatch],
    *,
    smallest_share: float = _SMALLEST_SHARE,
) -> list[Explanation]:
    """The matches that cover the important bases, best first, none on bases of a better one.

    The match that is most similar to the importance is taken, its bases are left out of account,
    and so on until no match is left that covers enough.

    Args:
      importance: of each base of the sequence, such as logo values or contributions; its sign
        does not matter.
      matches: in the same sequence.
      smallest_share: of the importance, for a match to be listed.

    Returns:
      Empty where nothing matters or no match covers enough.
    """
    weights = np.abs(np.nan_to_num(np.asarray(importance, float)))
    total = weights.sum()
    left, candidates = weights.copy(), list(matches)
    found: list[Explanation] = []
    while total > 0 and candidates:
        rated = [_explanation(match, left, float(total)) for match in candidates]
        best = max(rated, key=lambda one: (one.similarity, -one.match.p_value))
        if best.share < smallest_share:
            candidates.remove(best.match)
            continue
        found.append(best)
        left[best.match.start : best.match.end] = 0
        candidates = [match for match in candidates if not _overlap(match, best.match)]
    return found


def information(motif: Motif) -> Float[np.ndarray, " W"]:
    """Information content of each position in bits, 0 to 2."""
    p = motif.probabilities
    used = np.where(p > 0, p, 1)  # 0 log 0 is 0
    content: np.ndarray = 2 + (used * np.log2(used)).sum(axis=1)
    return content


def _explanation(match: MotifMatch, weights: Float[np.ndarray, " S"], total: float) -> Explanation:
    profile = information(match.motif)
    if match.strand == "-":
        profile = profile[::-1]
    under = weights[match.start : match.end]
    norm = float(np.linalg.norm(weights) * np.linalg.norm(profile))
    similarity = float(under @ profile) / norm if norm > 0 else 0.0
    return Explanation(match, similarity=similarity, share=float(under.sum()) / total)


def _overlap(left: MotifMatch, right: MotifMatch) -> bool:
    return left.start < right.end and right.start < left.end


def _matches(
    codes: UInt8[np.ndarray, " S"], motif: Motif, scale: _Scale, p_value: float
) -> Sequence[MotifMatch]:
    width = len(scale.steps)
    if len(codes) < width:
        return []
    highest = scale.lowest + len(scale.tail) - 1
    found = []
    for strand, steps in (("+", scale.steps), ("-", scale.steps[::-1, ::-1])):
        sums = _sums(codes, steps, scale.lowest)
        p_values = np.where(sums < scale.lowest, 2.0, scale.tail[sums - scale.lowest])
        for start in np.flatnonzero(p_values <= p_value).tolist():
            found.append(
                MotifMatch(
                    motif=motif,
                    start=start,
                    end=start + width,
                    strand=strand,
                    score=float(sums[start]) / _STEPS_A_BIT,
                    p_value=float(p_values[start]),
                    relative_score=float(sums[start] - scale.lowest)
                    / max(highest - scale.lowest, 1),
                )
            )
    return found


def _sums(
    codes: UInt8[np.ndarray, " S"], steps: Int[np.ndarray, "W 4"], lowest: int
) -> Int[np.ndarray, " P"]:
    """The score in steps at every place; `lowest - 1` where a letter is no base."""
    places = len(codes) - len(steps) + 1
    sums = np.zeros(places, np.int64)
    known = np.ones(places, bool)
    for offset, column in enumerate(steps):
        under = codes[offset : offset + places]
        known &= under != _NO_BASE
        sums += np.append(column, 0)[under]
    return np.where(known, sums, lowest - 1)


@lru_cache(maxsize=4096)
def _scale(motif: Motif, background: tuple[float, float, float, float]) -> _Scale:
    expected = np.array(background)
    smoothed = (motif.probabilities * motif.sites + _PSEUDOCOUNT * expected) / (
        motif.sites + _PSEUDOCOUNT
    )
    steps = np.rint(np.log2(smoothed / expected) * _STEPS_A_BIT).astype(np.int64)
    # Position by position, the distribution of the sum; index 0 is the smallest sum so far.
    chances = np.ones(1)
    for column in steps:
        shifts = column - column.min()
        longer = np.zeros(len(chances) + int(shifts.max()))
        for shift, probability in zip(shifts.tolist(), expected.tolist(), strict=True):
            longer[shift : shift + len(chances)] += probability * chances
        chances = longer
    tail = np.minimum(np.cumsum(chances[::-1])[::-1], 1.0)
    return _Scale(steps, int(steps.min(axis=1).sum()), tail)
