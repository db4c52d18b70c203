"""Scores of intervals on the network, reduced on the device; the counterpart of `variant_run`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.interval_scorers import IntervalScorerTypes
from anndata import AnnData
from jaxtyping import UInt8

from predictor.engines import pieces
from predictor.engines.compiled import CompiledNetwork
from predictor.engines.organism_data import (
    ORGANISM_INDEX,
    OrganismData,
    base_codes,
    interval_on_assembly,
    nonzero_means,
)
from predictor.engines.pieces import Piece
from predictor.engines.request import check_window
from predictor.scoring import interval_scores
from predictor.scoring.checks import (
    check_interval_scorers,
    check_interval_site,
    check_scoring_data,
)
from predictor.scoring.scorer import Arrays
from predictor.scoring.scorers import recommended_interval_scorers
from predictor.scoring.site import interval_site
from predictor.tracks.catalogue import Catalogue, TrackTable


class CheckedInterval(NamedTuple):
    """An interval that can be scored.

    Attributes:
      interval: unstranded and named as in the assembly.
      scorers: for it.
      warnings: one sentence if it reaches beyond the chromosome.
    """

    interval: Interval
    scorers: tuple[IntervalScorerTypes, ...]
    warnings: tuple[str, ...]


class IntervalRun:
    """One choice of interval scorers, ready for any number of intervals.

    As for variants, scores are those of the forward strand, whichever is given.
    """

    def __init__(
        self,
        network: CompiledNetwork,
        catalogue: Catalogue,
        data: OrganismData,
        *,
        organism: Organism,
        scorers: Sequence[IntervalScorerTypes] = (),
        windows: Sequence[int] | None = None,
        merge_stranded_gene_tracks: bool = False,
    ):
        """Takes the same as `VariantRun`; without scorers, those recommended for each interval."""
        self._network = network
        self._catalogue = catalogue
        self._data = data
        self._organism = organism
        self._scorers = tuple(scorers)
        self._windows = windows
        self._merge = merge_stranded_gene_tracks
        self._present = catalogue.output_types(organism)
        self._means = nonzero_means(catalogue, organism, network.config.tracks)

    def check(self, interval: Interval) -> CheckedInterval:
        """Checks an interval.

        Raises:
          InvalidScorerError, UnsupportedWindowError, UnknownChromosomeError,
          PositionOutsideChromosomeError, ScoringDataMissingError.
        """
        scorers = self._scorers or recommended_interval_scorers(interval)
        check_interval_scorers(scorers, interval)
        check_scoring_data(scorers, genes=self._data.annotation is not None)
        check_window(interval.width, self._windows, engine=self._catalogue.engine)
        interval = interval_on_assembly(interval, self._data.reference).as_unstranded()
        found = check_interval_site(interval, self._data.reference)
        return CheckedInterval(interval, tuple(scorers), tuple(found))

    def results(self, intervals: Iterable[CheckedInterval]) -> Iterator[list[AnnData]]:
        """Scores intervals, one after the other; they are taken as they are needed.

        Yields:
          For each interval, in order, one AnnData for each scorer.

        Raises:
          ScoringDataMissingError: there are no genes.
          ScoringLimitError: too many genes.
        """
        for interval, scorers, _ in intervals:
            site = interval_site(interval, self._data.annotation)
            prepared = interval_scores.prepare(scorers, site)
            wanted = dict.fromkeys(scorer.requested_output for scorer in scorers)
            kinds = [kind for kind in wanted if kind in self._present]
            tracks = {kind: self._catalogue.table(self._organism, kind) for kind in kinds}
            codes = base_codes(self._data.reference.sequence(interval))
            yield interval_scores.assemble(
                scorers,
                prepared,
                self._numbers(codes, scorers, [own.arrays for own in prepared], tracks),
                site,
                tracks,
                merge_stranded_gene_tracks=self._merge,
            )

    def _numbers(
        self,
        codes: UInt8[np.ndarray, " S"],
        scorers: Sequence[IntervalScorerTypes],
        arrays: Sequence[Arrays],
        tracks: Mapping[OutputType, TrackTable],
    ) -> list[Any]:
        """The numbers of each scorer, in as few steps as fit into memory."""

        def compute(some: Sequence[Piece], at_once: int) -> dict[OutputType, list[Any]]:
            kinds = [piece.kind for piece in some]
            window = self._network.reference(
                codes,
                ORGANISM_INDEX[self._organism],
                kinds,
                self._means,
                pieces.chosen(some),
                at_once=at_once,
            )
            found = {}
            for kind in kinds:
                places = [n for n, s in enumerate(scorers) if s.requested_output is kind]
                found[kind] = _reduced(
                    tuple(scorers[place] for place in places),
                    {kind: window.outputs[kind]},
                    [arrays[place] for place in places],
                )
            numbers: dict[OutputType, list[Any]] = jax.device_get(found)
            return numbers

        wanted = [pieces.whole(kind, len(table.rows)) for kind, table in tracks.items()]
        steps = pieces.steps(
            self._network,
            wanted,
            reference=lambda: (codes, ORGANISM_INDEX[self._organism]),
            window=len(codes),
            alleles=1,
            scored=True,
        )
        scores = pieces.GatheredScores(scorers)
        for some, found in steps(compute):
            scores.add(some, found)
        return scores.numbers()


@partial(jax.jit, static_argnums=0)
def _reduced(scorers: tuple[IntervalScorerTypes, ...], outputs: Any, arrays: Any) -> list[Any]:
    """The numbers of one interval, of predictions [1, bins, T] of one output type."""
    found = {kind: values[0] for kind, values in outputs.items()}
    return interval_scores.compute(scorers, found, arrays)
