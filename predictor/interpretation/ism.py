"""In-silico mutagenesis: every base of a stretch is replaced by the three others, and scored.

On REF a substitution is scored as any variant. On an ALT sequence it is scored against that ALT:
both sequences carry the background variants, and genes, sites and windows are moved along with
the bases (spec/scoring.md 10, recommendation; the official code leaves the background out).

    run = IsmRun(model, interval, stretch, scorers)     # refuses what cannot be scored
    for part in run.parts(): ...                        # a few bases each; may be abandoned
    matrices = run.matrices(parts)

Axes: W bases of the stretch, N bases of a part, G genes (or 1), T tracks; 4 columns A, C, G, T.

Source: spec/scoring.md 10.
"""

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.variant_scorers import VariantScorerTypes
from jaxtyping import Float, Int

from predictor import errors
from predictor.engines.local import LocalModel
from predictor.engines.organism_data import base_codes, interval_on_assembly
from predictor.engines.request import check_places, check_window
from predictor.engines.variant_plan import VariantPlan
from predictor.interpretation.haplotype import Haplotype
from predictor.scoring.checks import check_interval_site, check_ism_interval
from predictor.scoring.scorer import Prepared, VariantScoring, single_row
from predictor.scoring.scorers import VARIANT_SCORERS
from predictor.scoring.site import VariantSite, haplotype_site
from predictor.scoring.variant_scores import prepare
from predictor.tracks.catalogue import Catalogue, TrackTable

PART = 8
"""Bases of a part, where the caller does not say."""
MOST_BASES = 2_048
"""Longest stretch, in bases of the haplotype; three predictions for each of them."""

BASES = "ACGT"
_GENE_COLUMNS = ("gene_id", "gene_name", "gene_type", "strand")


@dataclass(frozen=True, eq=False)
class IsmMatrix:
    """The scores of one scorer.

    Attributes:
      scorer: of the SDK.
      genes: G rows (gene_id, gene_name, gene_type, strand); one without columns where the scorer
        gives a single row.
      tracks: the SDK's metadata of the T tracks.
      values: float32 [W, 4, G, T], the score of putting the base of the column there: 0 at the
        base that is there, NaN where that one is unknown, where the scorer does not look at the
        gene, and where gene and track are on opposite strands. Of a gene's junctions the one that
        changes most counts.
    """

    scorer: VariantScorerTypes
    genes: pd.DataFrame
    tracks: pd.DataFrame
    values: Float[np.ndarray, "W 4 G T"]

    @property
    def logo(self) -> Float[np.ndarray, "W G T"]:
        """The base that is there minus the mean of the three others.

        Equal to the SDK's `ism_matrix`, summed over its columns.
        """
        mean: np.ndarray = -self.values.sum(axis=1) / 3
        return mean

    def relative(self) -> Float[np.ndarray, "W 4 G T"]:
        """Each base minus the mean of the three that are not there.

        Equal to the SDK's `ism_matrix` without `multiply_by_sequence`.
        """
        difference: np.ndarray = self.values + self.logo[:, None]
        return difference


@dataclass(frozen=True, eq=False)
class IsmPart:
    """The scores of a few bases.

    Attributes:
      first: index of the first base in the stretch.
      values: for each scorer float32 [N, 4, G, T], as in `IsmMatrix`.
    """

    first: int
    values: tuple[Float[np.ndarray, "N 4 G T"], ...]


class IsmRun:
    """In-silico mutagenesis of one stretch of one haplotype.

    Attributes:
      haplotype: that is mutated.
      sequence: the W letters of the stretch.
      positions: int64 [W], positions in the genome, 0-based; -1 for inserted bases.
      scorers: in the order of the results.
      warnings: sentences about what is unusual: REF bases that are not those of the genome, a
        window that reaches beyond the chromosome.
    """

    def __init__(
        self,
        model: LocalModel,
        interval: Interval,
        stretch: Interval,
        scorers: Sequence[VariantScorerTypes] = (),
        *,
        variants: Sequence[Variant] = (),
        organism: Organism = Organism.HOMO_SAPIENS,
    ):
        """Checks everything; nothing is predicted yet.

        Args:
          model: an engine.
          interval: the window; its strand does not change the scores.
          stretch: part of the window to mutate, not on '-'. Inserted bases belong to the base
            before them.
          scorers: at most 20; none for the recommended ones whose data are installed.
          variants: the background, on one haplotype; none for REF.
          organism: whose genome and tracks.

        Raises:
          InvalidScoringRequestError: the stretch is on '-', not wholly inside the window, deleted
            in the background, or too long.
          And the errors of `LocalModel.score_variant`.
        """
        data = model.organism_data(organism)
        interval = interval_on_assembly(interval, data.reference).as_unstranded()
        stretch = interval_on_assembly(stretch, data.reference)
        check_window(interval.width, model.windows, engine=model.engine)
        check_ism_interval(interval, stretch)
        self._run = model.variant_run(scorers, organism=organism)
        checked = [self._run.check(interval, variant) for variant in variants]
        found = [one.variant for one in checked]
        check_places(interval, found)
        sentences = check_interval_site(interval, data.reference)
        for one in checked:
            sentences += [sentence for sentence in one.warnings if sentence not in sentences]
        self.warnings = tuple(sentences)
        self.haplotype = Haplotype.of(interval, found, data.reference)
        self._bases = self.haplotype.stretch(stretch)
        self.sequence = self.haplotype.sequence[self._bases]
        self.positions: Int[np.ndarray, " W"] = self.haplotype.positions[self._bases]
        if len(self.sequence) > MOST_BASES:
            raise errors.InvalidScoringRequestError(
                f"The stretch to mutate has {len(self.sequence):,} bases, and at most "
                f"{MOST_BASES:,} can be mutated at once; choose a shorter one."
            )
        self.scorers = self._run.scorers
        self._known_places: dict[int, Int[np.ndarray, " R"]] = {}
        self._tracks = [_table(model.catalogue, organism, scorer) for scorer in self.scorers]
        self._codes = base_codes(self.haplotype.sequence)
        self._site = haplotype_site(
            interval,
            Variant(interval.chromosome, interval.start + 1, "A", "C"),  # replaced base by base
            self.haplotype.coordinates,
            data.annotation,
            data.polyadenylation_sites,
        )
        self._sites = (
            None
            if data.annotation is None
            else self.haplotype.carried_marks(data.annotation.splice_sites(interval))
        )

    def substitutions_in(self, part: IsmPart) -> int:
        """How many of them a part holds."""
        letters = self.sequence[part.first : part.first + len(part.values[0])]
        return 3 * sum(base in BASES for base in letters)

    @property
    def substitutions(self) -> int:
        """How many are scored: three for each known base."""
        return 3 * sum(base in BASES for base in self.sequence)

    def parts(self, bases: int = PART) -> Iterator[IsmPart]:
        """Scores the stretch from left to right.

        The caller may stop between two parts; what follows is then never predicted.

        Args:
          bases: of a part; fewer in the last one.

        Yields:
          Parts that together are the stretch.

        Raises:
          ScoringDataMissingError: a scorer needs genes or sites that are not installed.
          ScoringLimitError: more genes or sites than a scorer takes.
        """
        for first in range(0, len(self.sequence), bases):
            places = range(first, min(first + bases, len(self.sequence)))
            values = tuple(self._empty(number, len(places)) for number in range(len(self.scorers)))
            for place in places:
                changes = list(self._plans(place))
                found = self._run.numbers(plan for _, plan in changes)
                for (base, _), (plan, numbers) in zip(changes, found, strict=True):
                    for scorer, own in enumerate(numbers):
                        self._enter(values[scorer][place - first, base], scorer, plan, own)
                self._enter_own(place, [own[place - first] for own in values])
            yield IsmPart(first, values)

    def matrices(self, parts: Iterable[IsmPart]) -> list[IsmMatrix]:
        """Puts parts together, one matrix for each scorer; what is missing is NaN."""
        whole = [self._empty(number, len(self.sequence)) for number in range(len(self.scorers))]
        for part in parts:
            for values, own in zip(whole, part.values, strict=True):
                values[part.first : part.first + len(own)] = own
        return [
            IsmMatrix(scorer, genes, _metadata(tracks), values)
            for scorer, genes, tracks, values in zip(
                self.scorers, self._genes, self._tracks, whole, strict=True
            )
        ]

    def _others(self, place: int) -> list[int]:
        """The bases, as columns, that are put at a place of the stretch; none at an unknown one."""
        own = BASES.find(self.sequence[place])
        return [] if own < 0 else [base for base in range(len(BASES)) if base != own]

    def _plans(self, place: int) -> Iterator[tuple[int, VariantPlan]]:
        """The bases that are put at a place, as columns, and what to compute for each."""
        index = self._bases.start + place
        plan = None
        for base in self._others(place):
            alternate = self._codes.copy()
            alternate[index] = base
            site = self._site_of(place, base)
            if plan is None:
                plan = self._run.plan_given(
                    site,
                    self._prepared[place],
                    reference=self._codes,
                    alternate=alternate,
                    splice_sites=self._sites,
                )
            else:
                # What is read, and where, depends on the place alone.
                plan = dataclasses.replace(
                    plan, site=site, variants=(site.variant,), alternate=alternate
                )
            yield base, plan

    def _site_of(self, place: int, base: int) -> VariantSite:
        """A substitution in the haplotype's own coordinates."""
        interval = self.haplotype.interval
        position = interval.start + self._bases.start + place + 1
        variant = Variant(interval.chromosome, position, self.sequence[place], BASES[base])
        return dataclasses.replace(self._site, variant=variant)

    @cached_property
    def _prepared(self) -> dict[int, list[Prepared]]:
        """What the scorers need at each known base; all three substitutions need the same."""
        found: dict[int, list[Prepared]] = {}
        shared: list[Prepared] | None = None
        for place in range(len(self.sequence)):
            if not (others := self._others(place)):
                continue
            site = self._site_of(place, others[0])
            if shared is None:
                shared = prepare(self.scorers, site)
            found[place] = [
                once if scoring.same_for_interval else scoring.prepare(scorer, site)
                for scorer, scoring, once in zip(self.scorers, self._scorings, shared, strict=True)
            ]
        return found

    @cached_property
    def _scorings(self) -> list[VariantScoring]:
        return [VARIANT_SCORERS[type(scorer)] for scorer in self.scorers]

    @cached_property
    def _genes(self) -> list[pd.DataFrame]:
        """For each scorer the genes that it looks at anywhere in the stretch, each once."""
        found = []
        for scorer in range(len(self.scorers)):
            # What is the same at all bases is there once.
            prepared = {id(own[scorer]): own[scorer] for own in self._prepared.values()}
            rows = [each.rows for each in prepared.values()]
            if not rows or "gene_id" not in rows[0]:
                found.append(single_row())
                continue
            columns = [each[list(_GENE_COLUMNS)] for each in rows]
            found.append(pd.concat(columns).drop_duplicates("gene_id").reset_index(drop=True))
        return found

    def _places(self, scorer: int, prepared: Prepared) -> Int[np.ndarray, " R"]:
        """Where in `_genes` the rows of a scorer at a base are."""
        found = self._known_places.get(id(prepared))
        if found is None:
            genes = pd.Index(self._genes[scorer]["gene_id"])
            found = self._known_places[id(prepared)] = genes.get_indexer(prepared.rows["gene_id"])
        return found

    def _empty(self, scorer: int, bases: int) -> Float[np.ndarray, "N 4 G T"]:
        tracks = self._tracks[scorer]
        real = 0 if tracks is None else int(tracks.real.sum())
        return np.full((bases, len(BASES), len(self._genes[scorer]), real), np.nan, np.float32)

    def _enter(
        self, into: Float[np.ndarray, "G T"], scorer: int, plan: VariantPlan, numbers: Any
    ) -> None:
        """Writes the scores of one substitution."""
        tracks = self._tracks[scorer]
        if numbers is None or tracks is None:
            return
        prepared = plan.prepared[scorer]
        values, rows = self._scorings[scorer].values(prepared, numbers, tracks)
        if "gene_id" not in prepared.rows:
            into[:] = values
            return
        # The junctions of a gene are several rows, whose scores have no sign.
        np.fmax.at(into, self._places(scorer, prepared)[rows], values)

    def _enter_own(self, place: int, values: Sequence[Float[np.ndarray, "4 G T"]]) -> None:
        """The base against itself: 0, wherever the others have a score."""
        if not (others := self._others(place)):
            return
        own = BASES.index(self.sequence[place])
        for each in values:
            each[own] = np.where(np.isnan(each[others]).any(axis=0), np.nan, 0)


def _table(
    catalogue: Catalogue, organism: Organism, scorer: VariantScorerTypes
) -> TrackTable | None:
    """The tracks that a scorer reads; None where the organism has none."""
    kind = scorer.requested_output
    offered = kind in catalogue.output_types(organism)
    return catalogue.table(organism, kind) if offered else None


def _metadata(tracks: TrackTable | None) -> pd.DataFrame:
    return pd.DataFrame({"name": [], "strand": []}) if tracks is None else tracks.metadata
