"""What the device needs to score a variant, made on the host.

Axes: S base pairs.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType
from alphagenome.models.variant_scorers import VariantScorerTypes
from jaxtyping import Bool, UInt8

from predictor.engines.junctions import JunctionContext
from predictor.engines.organism_data import (
    OrganismData,
    base_codes,
    interval_on_assembly,
    variant_on_assembly,
)
from predictor.engines.request import check_places, check_window
from predictor.genome.haplotype_coordinates import HaplotypeCoordinates
from predictor.genome.sequences import allele_sequences
from predictor.genome.variant import anchored
from predictor.scoring import variant_scores
from predictor.scoring.arrays import Alignment
from predictor.scoring.checks import (
    check_interval_site,
    check_scoring_data,
    check_variant_site,
)
from predictor.scoring.genes import body_mask
from predictor.scoring.scorer import Arrays, Prepared
from predictor.scoring.scorers import VARIANT_SCORERS
from predictor.scoring.site import VariantSite, haplotype_site, variant_site
from predictor.scoring.stitching import Stitch, stitch
from predictor.tracks.alignment import AlleleAlignment


class CheckedVariant(NamedTuple):
    """A variant that can be scored.

    Attributes:
      interval: the window, unstranded and named as in the assembly.
      variant: named as in the assembly, with an anchor base where an allele was empty.
      warnings: sentences about what is unusual: REF bases that are not those of the genome, an
        interval that reaches beyond the chromosome.
      background: a variant that both alleles have, if this one is a substitution on an ALT
        sequence; its bases are those of that sequence.
    """

    interval: Interval
    variant: Variant
    warnings: tuple[str, ...] = ()
    background: Variant | None = None


@dataclass(frozen=True, kw_only=True)
class VariantPlan:
    """A variant, or several on one ALT sequence, with everything that is needed to score it.

    Attributes:
      site: where the scorers look. All positions are those of the REF sequence, which is that of
        the genome or has a background.
      prepared: of each scorer.
      arrays: those of `prepared`, possibly on the device already.
      variants: what ALT has and REF has not.
      reference: REF sequence of the interval as base codes.
      alternate: ALT sequence.
      reads: per output type the bases that are read; absent ones: all.
      alignment: from REF to ALT; None where nobody needs it.
      context: for the choice of splice sites.
      background: what moves the REF sequence against the genome; None where nothing does.
      stitch: how to stitch the longer allele; None where nothing is stitched.
    """

    site: VariantSite
    prepared: Sequence[Prepared]
    arrays: Sequence[Arrays]
    variants: tuple[Variant, ...]
    reference: UInt8[np.ndarray, " S"]
    alternate: UInt8[np.ndarray, " S"]
    reads: Mapping[OutputType, Bool[np.ndarray, " S"]]
    alignment: Alignment | None
    context: JunctionContext
    background: HaplotypeCoordinates | None = None
    stitch: Stitch | None = None


class VariantPlanner:
    """Plans variants for one choice of scorers; what a window's variants share is made once."""

    def __init__(
        self,
        scorers: tuple[VariantScorerTypes, ...],
        data: OrganismData,
        *,
        engine: str,
        windows: Sequence[int] | None,
        align_all: bool,
        stitch: bool,
    ):
        """Takes what `VariantRun` takes."""
        self._scorers = scorers
        self._data = data
        self._engine = engine
        self._windows = windows
        self._align_all = align_all
        self._stitch = stitch
        self._window = _Window(Interval("", 0, 0), np.zeros((0, 5), bool), {})

    def check(self, interval: Interval, variant: Variant) -> CheckedVariant:
        """See `VariantRun.check`."""
        check_window(interval.width, self._windows, engine=self._engine)
        reference = self._data.reference
        interval = interval_on_assembly(interval, reference).as_unstranded()
        variant = variant_on_assembly(variant, reference)
        found = check_variant_site(interval, variant, reference)
        variant = anchored(variant, reference)
        check_places(interval, [variant])
        return CheckedVariant(interval, variant, tuple(found))

    def check_substitutions(
        self, interval: Interval, stretch: Interval, background: Variant | None
    ) -> list[CheckedVariant]:
        """See `VariantRun.check_substitutions`."""
        check_window(interval.width, self._windows, engine=self._engine)
        reference = self._data.reference
        interval = interval_on_assembly(interval, reference).as_unstranded()
        warnings = tuple(check_interval_site(interval, reference))
        if background is not None:
            interval, background, warnings, _ = self.check(interval, background)
        on_both = [] if background is None else [background]
        coordinates = HaplotypeCoordinates(on_both)
        _, sequence = allele_sequences(interval, on_both, reference)
        found = []
        for position in range(stretch.start, stretch.end):
            place = coordinates.of_haplotype(position) - interval.start
            if coordinates.is_deleted(position) or not 0 <= place < interval.width:
                continue
            base = sequence[place]
            for other in "ACGT".replace(base, "") if base != "N" else "":
                variant = Variant(interval.chromosome, position + 1, base, other)
                found.append(CheckedVariant(interval, variant, warnings, background))
        return found

    def plan(self, checked: CheckedVariant) -> VariantPlan:
        """Prepares one variant.

        Raises:
          ScoringDataMissingError: a scorer needs genes or sites that are not installed.
          ScoringLimitError: more genes or sites than a scorer takes.
        """
        if checked.background is not None:
            return self._on_background(checked, checked.background)
        site = self._site(checked.interval, checked.variant)
        plan = self._planned(site, (checked.variant,), self._shared(checked.interval).splice_sites)
        if not self._stitch:
            return plan
        found = stitch(checked.interval, checked.variant, self._data.reference)
        return dataclasses.replace(plan, stitch=found)

    def plan_haplotype(
        self, interval: Interval, at: Variant, variants: Sequence[Variant]
    ) -> VariantPlan:
        """Prepares several variants on one ALT sequence.

        Args:
          interval: the window, checked.
          at: around which the scorers look.
          variants: on ALT; checked, from left to right.

        Raises:
          As `plan`.
        """
        site = self._site(interval, at)
        return self._planned(site, tuple(variants), self._shared(interval).splice_sites)

    def _site(self, interval: Interval, variant: Variant) -> VariantSite:
        data = self._data
        return variant_site(interval, variant, data.annotation, data.polyadenylation_sites)

    def _planned(
        self, site: VariantSite, variants: tuple[Variant, ...], splice_sites: np.ndarray
    ) -> VariantPlan:
        reference, alternate = allele_sequences(site.interval, variants, self._data.reference)
        prepared, arrays = self._prepared(site)
        return VariantPlan(
            site=site,
            prepared=prepared,
            arrays=arrays,
            variants=variants,
            reference=base_codes(reference),
            alternate=base_codes(alternate),
            reads=self._reads(site, prepared, variants),
            alignment=self._alignment(site, variants),
            context=_context(site, variants, splice_sites),
        )

    def _on_background(self, checked: CheckedVariant, background: Variant) -> VariantPlan:
        """A substitution of the ALT sequence of a background variant, as if that were REF."""
        interval, variant = checked.interval, checked.variant
        coordinates = HaplotypeCoordinates([background])
        moved = Variant(
            variant.chromosome,
            coordinates.of_haplotype(variant.start) + 1,
            variant.reference_bases,
            variant.alternate_bases,
        )
        site = haplotype_site(
            interval, moved, coordinates, self._data.annotation, self._data.polyadenylation_sites
        )
        _, sequence = allele_sequences(interval, [background], self._data.reference)
        place = moved.start - interval.start
        codes = base_codes(sequence)
        alternate = codes.copy()
        alternate[place : place + 1] = base_codes(variant.alternate_bases)
        found = AlleleAlignment(interval, [background]).source
        splice_sites = np.zeros_like(self._shared(interval).splice_sites)
        splice_sites[found[found >= 0]] = self._shared(interval).splice_sites[found >= 0]
        plan = self.plan_given(
            site,
            variant_scores.prepare(self._scorers, site),
            reference=codes,
            alternate=alternate,
            splice_sites=splice_sites,
        )
        return dataclasses.replace(plan, background=coordinates)

    def plan_given(
        self,
        site: VariantSite,
        prepared: Sequence[Prepared],
        *,
        reference: np.ndarray,
        alternate: np.ndarray,
        splice_sites: np.ndarray | None,
    ) -> VariantPlan:
        """See `VariantRun.plan_given`."""
        if splice_sites is None:
            splice_sites = self._shared(site.interval).splice_sites
        variants = (site.variant,)
        return VariantPlan(
            site=site,
            prepared=prepared,
            arrays=jax.device_put([dict(own.arrays) for own in prepared]),
            variants=variants,
            reference=reference,
            alternate=alternate,
            reads=self._reads(site, prepared, variants),
            alignment=self._alignment(site, variants),
            context=_context(site, variants, splice_sites),
        )

    def _prepared(self, site: VariantSite) -> tuple[list[Prepared], list[Arrays]]:
        check_scoring_data(
            self._scorers,
            genes=site.genes is not None,
            polyadenylation_sites=site.polyadenylation_sites is not None,
        )
        kept = self._shared(site.interval).prepared
        found = []
        for scorer in self._scorers:
            scoring = VARIANT_SCORERS[type(scorer)]
            own = kept.get(scorer)
            if own is None:
                prepared = scoring.prepare(scorer, site)
                own = (prepared, prepared.arrays)
                if scoring.same_for_interval:
                    own = kept[scorer] = (prepared, jax.device_put(dict(prepared.arrays)))
            found.append(own)
        return [prepared for prepared, _ in found], [arrays for _, arrays in found]

    def _reads(
        self, site: VariantSite, prepared: Sequence[Prepared], variants: Sequence[Variant]
    ) -> dict[OutputType, np.ndarray]:
        return variant_scores.bases_read(
            self._scorers, prepared, site, variants, align_all=self._align_all
        )

    def _alignment(self, site: VariantSite, variants: Sequence[Variant]) -> Alignment | None:
        needed = any(
            variant_scores.needs_alignment(self._scorers, variant, align_all=self._align_all)
            for variant in variants
        )
        return variant_scores.alignment(site, variants) if needed else None

    def _shared(self, interval: Interval) -> "_Window":
        window = self._window
        if window.interval != interval:
            annotation = self._data.annotation
            sites = np.zeros((interval.width, 5), bool)
            if annotation is not None:
                sites = annotation.splice_sites(interval)
            window = self._window = _Window(interval, sites, {})
        return window


class _Window(NamedTuple):
    """What the variants of a window share."""

    interval: Interval
    splice_sites: np.ndarray
    prepared: dict[VariantScorerTypes, tuple[Prepared, Arrays]]


def _context(
    site: VariantSite, variants: Sequence[Variant], splice_sites: np.ndarray
) -> JunctionContext:
    mask = np.zeros(site.interval.width, bool)
    for variant in variants:
        mask |= body_mask(site.genes or (), site.interval, variant)
    return JunctionContext(AlleleAlignment(site.interval, variants).forward, mask, splice_sites)
