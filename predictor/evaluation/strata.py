"""An engine judged on fresh held-out variants, stratum by stratum.

Axes: N variants.

Source: spec/demo_genome.md 9.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from jaxtyping import Float

from predictor.evaluation.demo_engine import DemoEngine
from predictor.evaluation.metrics import pearson, sign_accuracy
from predictor.simulator.held_out import (
    COUNT,
    NO_EFFECT,
    STRATA,
    WINDOWS,
    HeldOutVariant,
    Stratum,
    TooFewVariantsError,
    UnknownStratumError,
    check_draw,
    held_out_variants,
    strata_named,
)

SITE_BROKEN = "site broken"
"""The stratum whose scores are the measure for those of variants without effect."""

_PERCENTILE = 95
_SILENT_SHARE = 1 / 3
_EVERY = 100

Say = Callable[[str], None]


def silently(_: str) -> None:
    """Says nothing."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Scored:
    """The variants of one stratum with both scores, in the order of the draw.

    Attributes:
      truth: score of the simulator's tracks.
      predicted: score of the engine's, through the same function.
    """

    truth: Float[np.ndarray, " N"]
    predicted: Float[np.ndarray, " N"]


def evaluate_strata(
    engine: DemoEngine,
    names: Sequence[str],
    *,
    seed: int,
    count: int = COUNT,
    windows: int = WINDOWS,
    say: Say = silently,
) -> list[dict[str, Any]]:
    """Draws fresh variants of each stratum and judges the engine on them.

    Args:
      engine: what is judged.
      names: strata; ["all"] for every one.
      seed: of the variants. Take one that occurs nowhere else.
      count: variants of each stratum.
      windows: windows that they are drawn from; more where these do not hold enough.
      say: called with a line on every step.

    Returns:
      One row a stratum, in the order of `STRATA`; see `judge` and `judge_silent`.

    Raises:
      UnknownStratumError, SeedError, TooFewVariantsError: as `held_out_variants`.
    """
    asked = _chosen(names)
    needed = {stratum.name for stratum in asked}
    if NO_EFFECT in needed:
        needed.add(SITE_BROKEN)
    drawn: dict[str, list[HeldOutVariant]] = {}
    for name in STRATA:
        if name in needed:
            drawn[name] = draw(seed, name, count, windows=windows)
            say(f"{name}: {len(drawn[name])} variants of seed {seed} drawn")
    scored = score_all(engine, drawn, say=say)
    return [
        judge_silent(scored[NO_EFFECT], scored[SITE_BROKEN])
        if stratum.name == NO_EFFECT
        else judge(stratum, scored[stratum.name])
        for stratum in asked
    ]


def check(names: Sequence[str], *, seed: int, count: int) -> None:
    """Refuses what `evaluate_strata` would refuse, before an engine is opened.

    Raises:
      UnknownStratumError, SeedError, TooFewVariantsError: as `held_out_variants`.
    """
    if not _chosen(names):
        raise UnknownStratumError(
            f"No stratum was named; use all, or some of: {', '.join(STRATA)}.", field="strata"
        )
    check_draw(seed=seed, count=count)


def _chosen(names: Sequence[str]) -> list[Stratum]:
    asked = {stratum.name for name in names for stratum in strata_named(name)}
    return [stratum for stratum in STRATA.values() if stratum.name in asked]


def draw(seed: int, name: str, count: int, *, windows: int = WINDOWS) -> list[HeldOutVariant]:
    """Variants of a stratum; where the windows are too poor in them, from twice as many.

    Raises:
      As `held_out_variants`; TooFewVariantsError when four times as many do not hold enough.
    """
    for tried in (windows, 2 * windows):
        with contextlib.suppress(TooFewVariantsError):
            return held_out_variants(seed, name, count=count, windows=tried)
    return held_out_variants(seed, name, count=count, windows=4 * windows)


def score_all(
    engine: DemoEngine, drawn: dict[str, list[HeldOutVariant]], *, say: Say = silently
) -> dict[str, Scored]:
    """Scores the engine's prediction of every variant with the function that gave its truth.

    Each REF window is predicted once for all variants on it.
    """
    variants = [entry for entries in drawn.values() for entry in entries]
    predicted: dict[int, float] = {}
    for entry, value in _scores(engine, variants):
        predicted[id(entry)] = value
        if len(predicted) % _EVERY == 0 or len(predicted) == len(variants):
            say(f"{len(predicted)} of {len(variants)} variants predicted")
    return {
        name: Scored(
            truth=np.array([entry.truth for entry in entries]),
            predicted=np.array([predicted[id(entry)] for entry in entries]),
        )
        for name, entries in drawn.items()
    }


def _scores(
    engine: DemoEngine, variants: Sequence[HeldOutVariant]
) -> Iterator[tuple[HeldOutVariant, float]]:
    """Scores contig by contig, so that only one REF prediction is held at a time."""

    def contig(entry: HeldOutVariant) -> str:
        return str(entry.variant.chromosome)

    for _, group in groupby(sorted(variants, key=contig), key=contig):
        together = list(group)
        heads = sorted({entry.probe.head for entry in together})
        reference = engine.arrays(together[0].window, together[0].organism, heads)
        for entry in together:
            head = [entry.probe.head]
            alternate = engine.arrays(entry.alternate_window, entry.organism, head)
            yield entry, entry.score(reference, alternate)


def judge(stratum: Stratum, scored: Scored) -> dict[str, Any]:
    """The row of a stratum with effects.

    Returns:
      "sign_accuracy": share of variants whose predicted score has the sign of the truth;
      "pearson": r of predicted and true scores; both thresholds; "passed" if both are met.
    """
    signs = sign_accuracy(scored.truth, scored.predicted)
    r = pearson(scored.truth, scored.predicted)
    assert stratum.sign is not None
    assert stratum.pearson is not None
    return {
        "stratum": stratum.name,
        "n": len(scored.truth),
        "sign_accuracy": round(signs, 4),
        "pearson": round(r, 4),
        "threshold_sign": stratum.sign,
        "threshold_pearson": stratum.pearson,
        "passed": bool(signs >= stratum.sign and r >= stratum.pearson),
    }


def judge_silent(silent: Scored, broken: Scored) -> dict[str, Any]:
    """The row of the variants without effect, whose truth has no sign to ask for.

    Returns:
      The keys of `judge`, empty where they do not apply, and beside them "percentile_95" of the
      absolute score, "median_site_broken" of the absolute score of the broken sites, and
      "limit", a third of that. "passed" if the percentile lies below the limit.
    """
    percentile = float(np.percentile(np.abs(silent.predicted), _PERCENTILE))
    median = float(np.median(np.abs(broken.predicted)))
    limit = _SILENT_SHARE * median
    return {
        "stratum": NO_EFFECT,
        "n": len(silent.truth),
        "sign_accuracy": None,
        "pearson": None,
        "threshold_sign": None,
        "threshold_pearson": None,
        "passed": bool(percentile < limit),
        "percentile_95": round(percentile, 4),
        "median_site_broken": round(median, 4),
        "limit": round(limit, 4),
    }
