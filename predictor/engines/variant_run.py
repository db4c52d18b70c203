"""Scores of variants on the network: checked, predicted, reduced on the device, in order.

    run = VariantRun(...)                                # scorers and organism
    checked = run.check(interval, variant)               # says what is wrong, if anything
    for results in run.results([checked, ...]): ...      # in the same order

Only scores leave the device. Every variant is reduced by itself, in shapes that follow from its
own site, so its scores do not depend on the variants that are scored beside it.

Axes: S base pairs, T tracks with padding, K splice sites.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes
from anndata import AnnData
from jaxtyping import Array, Bool, Float, UInt8

from predictor.engines.compiled import CompiledNetwork
from predictor.engines.junctions import JunctionContext, Junctions
from predictor.engines.organism_data import (
    ORGANISM_INDEX,
    OrganismData,
    base_codes,
    interval_on_assembly,
    nonzero_means,
    variant_on_assembly,
)
from predictor.engines.request import check_places, check_window
from predictor.genome.sequences import allele_sequences
from predictor.genome.variant import anchored
from predictor.scoring import variant_scores
from predictor.scoring.arrays import Alignment
from predictor.scoring.checks import check_variant_scorers, check_variant_site
from predictor.scoring.genes import body_mask
from predictor.scoring.scorer import Arrays, Prepared
from predictor.scoring.scorers import recommended_variant_scorers
from predictor.scoring.site import VariantSite, variant_site
from predictor.scoring.splice_junction import JunctionCounts
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.catalogue import Catalogue

_JUNCTIONS = OutputType.SPLICE_JUNCTIONS


class CheckedVariant(NamedTuple):
    """A variant that can be scored.

    Attributes:
      interval: the window, unstranded and named as in the assembly.
      variant: named as in the assembly, with an anchor base where an allele was empty.
      warnings: sentences about what is unusual: REF bases that are not those of the genome, an
        interval that reaches beyond the chromosome.
    """

    interval: Interval
    variant: Variant
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class VariantPlan:
    """A variant with everything that the device needs to score it.

    Attributes:
      site: its interval, unstranded, and what lies around.
      prepared: of each scorer.
      reference: REF sequence of the interval as base codes.
      alternate: ALT sequence.
      splice_sites: bool [S, 5], annotated sites; None for those of the annotation.
    """

    site: VariantSite
    prepared: Sequence[Prepared]
    reference: UInt8[np.ndarray, " S"]
    alternate: UInt8[np.ndarray, " S"]
    splice_sites: Bool[np.ndarray, "S 5"] | None = None


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
          merge_stranded_gene_tracks: give each gene the tracks of its own strand only.

        Raises:
          InvalidScorerError: a scorer is unknown, there twice, or not for the organism; or there
            are more than 20.
        """
        self.scorers = tuple(scorers) or recommended_variant_scorers(
            organism,
            genes=data.annotation is not None,
            polyadenylation_sites=data.polyadenylation_sites is not None,
        )
        check_variant_scorers(self.scorers, organism)
        self.organism = organism
        self._network = network
        self._data = data
        self._windows = windows
        self._engine = catalogue.engine
        self._align_all = align_all
        self._merge = merge_stranded_gene_tracks
        present = catalogue.output_types(organism)
        wanted = variant_scores.required_outputs(self.scorers)
        self._kinds = tuple(kind for kind in wanted if kind in present)
        self._tracks = {kind: catalogue.table(organism, kind) for kind in self._kinds}
        self._means = nonzero_means(catalogue, organism, network.config.tracks)

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
        check_window(interval.width, self._windows, engine=self._engine)
        reference = self._data.reference
        interval = interval_on_assembly(interval, reference).as_unstranded()
        variant = variant_on_assembly(variant, reference)
        found = check_variant_site(interval, variant, reference)
        variant = anchored(variant, reference)
        check_places(interval, [variant])
        return CheckedVariant(interval, variant, tuple(found))

    def plan(self, checked: CheckedVariant) -> VariantPlan:
        """Prepares everything that the device needs for a variant.

        Raises:
          ScoringDataMissingError: a scorer needs genes or sites that are not installed.
          ScoringLimitError: more genes or sites than a scorer takes.
        """
        interval, variant, _ = checked
        site = variant_site(
            interval, variant, self._data.annotation, self._data.polyadenylation_sites
        )
        ref, alt = allele_sequences(interval, [variant], self._data.reference)
        return VariantPlan(
            site=site,
            prepared=variant_scores.prepare(self.scorers, site),
            reference=base_codes(ref),
            alternate=base_codes(alt),
        )

    def results(self, variants: Iterable[CheckedVariant]) -> Iterator[list[AnnData]]:
        """Scores variants, one after the other; they are taken as they are needed.

        Yields:
          For each variant, in order, one AnnData for each scorer.

        Raises:
          As `plan`, when the turn comes to a variant.
        """
        plans = (self.plan(checked) for checked in variants)
        for plan, numbers in self.numbers(plans):
            yield self._assembled(plan, numbers)

    def numbers(self, plans: Iterable[VariantPlan]) -> Iterator[tuple[VariantPlan, list[Any]]]:
        """The numbers of each scorer for each plan, in order; for their `table`."""
        for plan in plans:
            yield plan, self._numbers(plan)

    def _numbers(self, plan: VariantPlan) -> list[Any]:
        window = self._network.reference(
            plan.reference,
            ORGANISM_INDEX[self.organism],
            [kind for kind in self._kinds if kind != _JUNCTIONS],
            self._means,
        )
        found = self._network.alternates(
            window,
            plan.alternate[None],
            self._kinds,
            self._means,
            contexts=[self._context(plan)] if _JUNCTIONS in self._kinds else None,
        )
        numbers = _reduced(
            self.scorers,
            {kind: values[0] for kind, values in window.outputs.items()},
            found.outputs,
            0,
            None if found.junctions is None else found.junctions[0],
            self._tracks[_JUNCTIONS].nonzero_mean if _JUNCTIONS in self._kinds else None,
            [own.arrays for own in plan.prepared],
            self._alignment(plan),
            align_all=self._align_all,
        )
        scores: list[Any] = jax.device_get(numbers)
        return scores

    def _assembled(self, plan: VariantPlan, numbers: list[Any]) -> list[AnnData]:
        return variant_scores.assemble(
            self.scorers,
            plan.prepared,
            numbers,
            plan.site,
            self._tracks,
            merge_stranded_gene_tracks=self._merge,
            # The background was scored as officially, so it says nothing of other scores.
            calibration=None if self._align_all else self._data.calibration,
        )

    def _alignment(self, plan: VariantPlan) -> Alignment | None:
        if not variant_scores.needs_alignment(
            self.scorers, plan.site.variant, align_all=self._align_all
        ):
            return None
        return variant_scores.alignment(plan.site)

    def _context(self, plan: VariantPlan) -> JunctionContext:
        site, annotation = plan.site, self._data.annotation
        sites = np.zeros((site.interval.width, 5), bool)
        if plan.splice_sites is not None:
            sites = plan.splice_sites
        elif annotation is not None:
            sites = annotation.splice_sites(site.interval)
        return JunctionContext(
            AlleleAlignment(site.interval, [site.variant]).forward,
            body_mask(site.genes or (), site.interval, site.variant),
            sites,
        )


@partial(jax.jit, static_argnames=("scorers", "align_all"))
def _reduced(
    scorers: tuple[VariantScorerTypes, ...],
    reference: Mapping[OutputType, Array],
    alternates: Mapping[OutputType, Array],
    row: int,
    junctions: Junctions | None,
    junction_means: Float[Array, " T"] | None,
    arrays: Sequence[Arrays],
    alignment: Alignment | None,
    *,
    align_all: bool,
) -> list[Any]:
    """The numbers of one variant.

    Args:
      scorers: static.
      reference: REF predictions.
      alternates: of several variants, along the first axis.
      row: which of them.
      junctions: of REF and of this variant.
      junction_means: what the counts of each tissue are multiplied by.
      arrays: as prepared.
      alignment: where a scorer compares base by base and the variant changes the length.
      align_all: static; see `variant_scores.compute`.
    """
    ref: dict[OutputType, Any] = dict(reference)
    alt: dict[OutputType, Any] = {kind: values[row] for kind, values in alternates.items()}
    if junctions is not None and junction_means is not None:
        ref[_JUNCTIONS], alt[_JUNCTIONS] = _junction_counts(junctions, junction_means)
    return variant_scores.compute(scorers, ref, alt, arrays, alignment, align_all=align_all)


def _junction_counts(
    junctions: Junctions, means: Float[Array, " T"]
) -> tuple[JunctionCounts, JunctionCounts]:
    """REF and ALT; both strands of a tissue have the same mean, padding has none."""
    both = jax.numpy.tile(jax.numpy.nan_to_num(means, nan=1.0), 2)
    counts, positions = junctions.counts * both, junctions.positions
    return JunctionCounts(counts[0], positions[0]), JunctionCounts(counts[1], positions[1])
