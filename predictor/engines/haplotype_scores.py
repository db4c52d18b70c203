"""Several variants on one ALT sequence, scored together and one by one."""

from collections.abc import Callable, Iterator, Sequence

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor.engines.request import check_haplotype
from predictor.engines.variant_run import VariantRun
from predictor.genome.sequences import ordered_variants
from predictor.scoring.haplotype import HaplotypeScore, HaplotypeScores, haplotype_score, joined
from predictor.scoring.scorer import ScoreTable
from predictor.scoring.scorers import VARIANT_SCORERS

_Tables = list[list[ScoreTable]]
"""Of one ALT sequence: for each place one table for each scorer."""


def score_haplotype(
    run: VariantRun, interval: Interval, variants: Sequence[Variant], *, done: Callable[[], None]
) -> tuple[HaplotypeScores, tuple[str, ...]]:
    """Scores a haplotype; see `ScoringModel.score_haplotype`.

    Returns:
      The scores, and warnings.
    """
    check_haplotype(variants)
    checked = [run.check(interval, variant) for variant in variants]
    ordered = ordered_variants([found.variant for found in checked])
    window = checked[0].interval
    combined, *alone = (
        _tables(run, window, ordered, on_alt, done)
        for on_alt in (ordered, *([variant] for variant in ordered))
    )
    scores = [
        score
        for number, scorer in enumerate(run.scorers)
        for score in _of_scorer(number, scorer, ordered, combined, alone)
    ]
    warnings = dict.fromkeys(sentence for found in checked for sentence in found.warnings)
    return HaplotypeScores(window, tuple(ordered), tuple(scores)), tuple(warnings)


def _tables(
    run: VariantRun,
    window: Interval,
    at: Sequence[Variant],
    variants: Sequence[Variant],
    done: Callable[[], None],
) -> _Tables:
    found = run.haplotype_tables(window, at, variants)
    done()
    return found


def _of_scorer(
    number: int,
    scorer: VariantScorerTypes,
    variants: Sequence[Variant],
    combined: _Tables,
    alone: Sequence[_Tables],
) -> Iterator[HaplotypeScore]:
    if not VARIANT_SCORERS[type(scorer)].around_variant:
        yield haplotype_score(
            scorer,
            None,
            joined([tables[number] for tables in combined]),
            [joined([tables[number] for tables in one]) for one in alone],
        )
        return
    for place, variant in enumerate(variants):
        yield haplotype_score(
            scorer, variant, combined[place][number], [one[place][number] for one in alone]
        )
