"""Scores of variants on the network: checked, predicted, reduced on the device, in order.

    run = VariantRun(...)                                # scorers and organism
    checked = run.check(interval, variant)               # says what is wrong, if anything
    for results in run.results([checked, ...]): ...      # in the same order

REF of a window is predicted once, of ALT only what the scorers read, and only scores leave the
device. Every variant is computed by itself, in shapes that follow from its own site, so its scores
do not depend on the variants that are scored beside it.

Axes: S base pairs, T tracks with padding.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import jax
import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes
from anndata import AnnData
from jaxtyping import Array, Bool, Float, UInt8

from predictor.engines import pieces
from predictor.engines.alleles import Outputs
from predictor.engines.compiled import Alternates, CompiledNetwork
from predictor.engines.edits import keeps_skips
from predictor.engines.junctions import Junctions
from predictor.engines.organism_data import (
    ORGANISM_INDEX,
    OrganismData,
    base_codes,
    nonzero_means,
)
from predictor.engines.pieces import Piece
from predictor.engines.smaller_steps import SmallerSteps
from predictor.engines.stretches import tokens_of
from predictor.engines.variant_plan import CheckedVariant, VariantPlan, VariantPlanner
from predictor.scoring import variant_scores
from predictor.scoring.arrays import Alignment
from predictor.scoring.checks import check_scoring_data, check_variant_scorers
from predictor.scoring.scorer import Arrays, Prepared, ScoreTable
from predictor.scoring.scorers import recommended_variant_scorers
from predictor.scoring.site import VariantSite
from predictor.scoring.splice_junction import JunctionCounts
from predictor.tracks.catalogue import Catalogue

_JUNCTIONS = OutputType.SPLICE_JUNCTIONS


class VariantRun:
    """One choice of variant scorers, ready for any number of variants.

    Scores do not depend on the strand of the interval: they are those of the forward strand,
    whichever is given (spec/scoring.md 3, recommendation). Only predictions read the reverse
    complement on '-'.

    Attributes:
      scorers: in the order of the results.
      organism: whose genome and tracks.
    """

    def __init__(
        self,
        network: CompiledNetwork,
        catalogue: Catalogue,
        data: OrganismData,
        *,
        organism: Organism,
        scorers: Sequence[VariantScorerTypes] = (),
        windows: Sequence[int] | None = None,
        align_all: bool = False,
        stitch: bool = False,
        merge_stranded_gene_tracks: bool = False,
    ):
        """Checks the scorers.

        Args:
          network: predicts.
          catalogue: the tracks of the network.
          data: genome, genes and polyadenylation sites of the organism.
          organism: whose.
          scorers: of the SDK; none for the recommended ones whose data are installed.
          windows: accepted lengths in bp; None for any multiple of 2,048 up to 1,048,576.
          align_all: align 1-bp tracks for the center masks too; see `variant_scores.compute`.
          stitch: stitch the longer allele of an insertion or deletion; see `scoring.stitching`.
          merge_stranded_gene_tracks: give each gene the tracks of its own strand only.

        Raises:
          InvalidScorerError: a scorer is unknown, there twice, or not for the organism; or there
            are more than 20.
          ScoringDataMissingError: one needs genes or sites that are not installed.
        """
        self.scorers = tuple(scorers) or recommended_variant_scorers(
            organism,
            genes=data.annotation is not None,
            polyadenylation_sites=data.polyadenylation_sites is not None,
        )
        check_variant_scorers(self.scorers, organism)
        check_scoring_data(
            self.scorers,
            genes=data.annotation is not None,
            polyadenylation_sites=data.polyadenylation_sites is not None,
        )
        self.organism = organism
        self._network = network
        self._align_all = align_all
        self._merge = merge_stranded_gene_tracks
        # The background was scored as officially, so it says nothing of other scores.
        self._calibration = None if align_all or stitch else data.calibration
        present = catalogue.output_types(organism)
        wanted = variant_scores.required_outputs(self.scorers)
        self._kinds = tuple(kind for kind in wanted if kind in present)
        self._tracks = {kind: catalogue.table(organism, kind) for kind in self._kinds}
        self._means = nonzero_means(catalogue, organism, network.config.tracks)
        self._steps: dict[tuple[int, bool], SmallerSteps[Piece]] = {}
        self._reference: UInt8[np.ndarray, " S"] = np.zeros(0, np.uint8)
        self._planner = VariantPlanner(
            self.scorers,
            data,
            engine=catalogue.engine,
            windows=windows,
            align_all=align_all,
            stitch=stitch,
        )

    def check(self, interval: Interval, variant: Variant) -> CheckedVariant:
        """Checks a variant without preparing anything; takes less than a millisecond.

        Args:
          interval: the window; one of the engine's lengths.
          variant: starts inside. Where an allele is empty, both get their anchor base, so that
            an insertion or deletion scores the same either way.

        Raises:
          UnsupportedWindowError, UnknownChromosomeError, PositionOutsideChromosomeError,
          VariantOutsideIntervalError, InsertionTooLongError.
        """
        return self._planner.check(interval, variant)

    def check_substitutions(
        self, interval: Interval, stretch: Interval, background: Variant | None = None
    ) -> list[CheckedVariant]:
        """Every substitution of a stretch of the window, on the genome or on a background.

        Args:
          interval: the window.
          stretch: inside the window.
          background: a variant that REF and ALT of every substitution have.

        Returns:
          Positions from left to right, at each of them A, C, G, T without the base that is
          there; N and deleted positions are left out.

        Raises:
          As `check`.
        """
        return self._planner.check_substitutions(interval, stretch, background)

    def results(self, variants: Iterable[CheckedVariant]) -> Iterator[list[AnnData]]:
        """Scores variants, one after the other; they are taken as they are needed.

        Yields:
          For each variant, in order, one AnnData for each scorer.

        Raises:
          ScoringDataMissingError, ScoringLimitError: when the turn comes to a variant that has
            more genes or sites than a scorer takes.
        """
        for checked in variants:
            plan = self._planner.plan(checked)
            results = variant_scores.assemble(
                self.scorers,
                plan.prepared,
                self._numbers([plan])[0],
                plan.site,
                self._tracks,
                merge_stranded_gene_tracks=self._merge,
                calibration=self._calibration,
            )
            if plan.background is not None:
                results = [_on_genome(one, checked, plan) for one in results]
            yield results

    def numbers(self, plans: Iterable[VariantPlan]) -> Iterator[tuple[VariantPlan, list[Any]]]:
        """The numbers of each scorer for each plan, in order; for their `table`.

        Takes less time than results: for many thousand variants.
        """
        for plan in plans:
            yield plan, self._numbers([plan])[0]

    def plan_given(
        self,
        site: VariantSite,
        prepared: Sequence[Prepared],
        *,
        reference: UInt8[np.ndarray, " S"],
        alternate: UInt8[np.ndarray, " S"],
        splice_sites: Bool[np.ndarray, "S 5"] | None = None,
    ) -> VariantPlan:
        """A plan for sequences that the caller has made, such as those of a haplotype.

        Args:
          site: in coordinates of `reference`.
          prepared: of each scorer at the site.
          reference: base codes.
          alternate: base codes; has the variant of the site.
          splice_sites: annotated sites in coordinates of `reference`; those of the annotation
            where not given.
        """
        return self._planner.plan_given(
            site, prepared, reference=reference, alternate=alternate, splice_sites=splice_sites
        )

    def haplotype_tables(
        self, interval: Interval, at: Sequence[Variant], variants: Sequence[Variant]
    ) -> list[list[ScoreTable]]:
        """Scores several variants on one ALT sequence, which is predicted once.

        Args:
          interval: the window, as `check` gave it.
          at: variants around which the scorers look, as `check` gave them.
          variants: on ALT, as `check` gave them, from left to right.

        Returns:
          For each of `at` one table for each scorer.
        """
        return self._tables([self._planner.plan_haplotype(interval, v, variants) for v in at])

    def _tables(self, plans: Sequence[VariantPlan]) -> list[list[ScoreTable]]:
        return [
            variant_scores.tables(self.scorers, plan.prepared, numbers, self._tracks)
            for plan, numbers in zip(plans, self._numbers(plans), strict=True)
        ]

    def _numbers(self, plans: Sequence[VariantPlan]) -> list[list[Any]]:
        """The numbers of plans that share REF and ALT, in as few steps as fit into memory."""

        def compute(some: Sequence[Piece], at_once: int) -> list[dict[OutputType, list[Any]]]:
            outputs, found = self._predicted(plans, some, at_once)
            reference: dict[OutputType, Any] = dict(outputs)
            alternate, reference[_JUNCTIONS] = self._alleles(found)
            numbers = [self._reduced(plan, some, reference, alternate) for plan in plans]
            scores: list[dict[OutputType, list[Any]]] = jax.device_get(numbers)
            return scores

        scores = [pieces.GatheredScores(self.scorers) for _ in plans]
        self._reference = plans[0].reference
        for some, found in self._steps_of(plans[0])(compute):
            for of_plan, one in zip(scores, found, strict=True):
                of_plan.add(some, one)
        return [of_plan.numbers() for of_plan in scores]

    def _steps_of(self, plan: VariantPlan) -> SmallerSteps[Piece]:
        """What did not fit for one variant is not tried again for the next that is like it."""
        width = len(plan.reference)
        like = width, plan.stitch is None and keeps_skips(plan.reference, plan.alternate)
        if like not in self._steps:
            self._steps[like] = pieces.steps(
                self._network,
                [pieces.whole(kind, len(self._tracks[kind].rows)) for kind in self._kinds],
                reference=lambda: (self._reference, ORGANISM_INDEX[self.organism]),
                window=width,
                alleles=2,
                keeps_skips=like[1],
                scored=True,
            )
        return self._steps[like]

    def _predicted(
        self, plans: Sequence[VariantPlan], some: Sequence[Piece], at_once: int
    ) -> tuple[Outputs, Alternates]:
        """REF and ALT of plans that share them."""
        first = plans[0]
        organism = ORGANISM_INDEX[self.organism]
        kinds = [piece.kind for piece in some]
        context = first.context if _JUNCTIONS in kinds else None
        chosen = pieces.chosen(some)
        if first.stitch is not None:
            sides = base_codes(first.stitch.left), base_codes(first.stitch.right)
            other = first.alternate if first.stitch.allele == "reference" else first.reference
            return self._network.stitched(
                first.stitch, other, sides, organism, kinds, self._means, context, chosen, at_once
            )
        reads = _tokens_read(plans, junctions=context is not None)
        plain = [kind for kind in kinds if kind != _JUNCTIONS]
        window = self._network.reference(
            first.reference, organism, plain, self._means, chosen, reads, at_once
        )
        found = self._network.alternates(
            window,
            first.alternate[None],
            kinds,
            self._means,
            chosen,
            reads,
            None if context is None else [context],
            at_once,
        )
        return window.outputs, found

    def _alleles(self, found: Alternates) -> tuple[dict[OutputType, Any], Any]:
        """ALT, and the junctions of REF that belong to it."""
        if found.junctions is None:
            return dict(found.outputs), None
        means = self._tracks[_JUNCTIONS].nonzero_mean
        reference, alternate = _junction_counts(found.junctions[0], means)
        return {**found.outputs, _JUNCTIONS: alternate}, reference

    def _reduced(
        self, plan: VariantPlan, some: Sequence[Piece], reference: Any, alternate: Any
    ) -> dict[OutputType, list[Any]]:
        """Output type by output type, so that few shapes come together in one program."""
        numbers: dict[OutputType, list[Any]] = {}
        for kind in [piece.kind for piece in some]:
            places = [n for n, s in enumerate(self.scorers) if s.requested_output is kind]
            numbers[kind] = _reduced(
                tuple(self.scorers[place] for place in places),
                reference[kind],
                alternate[kind],
                [plan.arrays[place] for place in places],
                plan.alignment,
                align_all=self._align_all,
            )
        return numbers


@partial(jax.jit, static_argnames=("scorers", "align_all"))
def _reduced(
    scorers: tuple[VariantScorerTypes, ...],
    reference: Any,
    alternate: Any,
    arrays: Sequence[Arrays],
    alignment: Alignment | None,
    *,
    align_all: bool,
) -> list[Any]:
    """The numbers of the scorers of one output type.

    Args:
      scorers: static.
      reference: REF predictions [1, ...].
      alternate: of ALT.
      arrays: as prepared.
      alignment: where a scorer compares base by base and the variant changes the length.
      align_all: static; see `variant_scores.compute`.
    """
    kind = scorers[0].requested_output
    ref, alt = jax.tree.map(lambda values: values[0], (reference, alternate))
    return variant_scores.compute(
        scorers, {kind: ref}, {kind: alt}, arrays, alignment, align_all=align_all
    )


@jax.jit
def _junction_counts(
    junctions: Junctions, means: Float[Array, " T"]
) -> tuple[JunctionCounts, JunctionCounts]:
    """REF and ALT, each [1, ...]; both strands of a tissue have the same mean, padding none."""
    both = jax.numpy.tile(jax.numpy.nan_to_num(means, nan=1.0), 2)
    reference, alternate = (
        JunctionCounts((counts * both)[None], positions[None])
        for counts, positions in zip(junctions.counts, junctions.positions, strict=True)
    )
    return reference, alternate


def _tokens_read(
    plans: Sequence[VariantPlan], *, junctions: bool
) -> dict[OutputType, Bool[np.ndarray, " N"]]:
    """What any of the plans reads, and with `junctions` where their sites may lie."""
    kinds = set.intersection(*(set(plan.reads) for plan in plans))
    bases = {kind: np.any([plan.reads[kind] for plan in plans], axis=0) for kind in kinds}
    if junctions:
        bases[_JUNCTIONS] = plans[0].context.either_bases()
    return {kind: tokens_of(marks) for kind, marks in bases.items()}


def _on_genome(result: AnnData, checked: CheckedVariant, plan: VariantPlan) -> AnnData:
    """Names a result of a background by positions of the genome."""
    assert plan.background is not None, "asked for by the caller"
    result.uns["variant"] = checked.variant
    for column in ("Start", "End", "junction_Start", "junction_End"):
        if column in result.obs:
            places = result.obs[column].tolist()
            result.obs[column] = np.array(list(map(plan.background.of_genome, places)), int)
    return result
