"""The scoring half of a local engine: the SDK's score_* calls on our network."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DEFAULT_MAX_WORKERS, DnaModel, Organism
from alphagenome.models.interval_scorers import IntervalScorerTypes
from alphagenome.models.variant_scorers import VariantScorerTypes
from anndata import AnnData
from tqdm.auto import tqdm

from predictor import errors
from predictor.engines.compiled import CompiledNetwork, independent
from predictor.engines.haplotype_scores import score_haplotype
from predictor.engines.interval_run import IntervalRun
from predictor.engines.organism_data import OrganismData, interval_on_assembly
from predictor.engines.variant_plan import CheckedVariant
from predictor.engines.variant_run import VariantRun
from predictor.genome.gene_annotation import Annotation
from predictor.genome.reference import Reference
from predictor.scoring.calibration_table import Calibration
from predictor.scoring.checks import check_ism_interval, paired
from predictor.scoring.haplotype import HaplotypeScores
from predictor.scoring.site import SitesOfGenes
from predictor.tracks.catalogue import Catalogue
from predictor.tracks.output_types import organism_name
from predictor.weights.checkpoint import LoadedWeights


class ScoringModel(DnaModel):  # type: ignore[misc]  # The SDK has no type information.
    """What a local engine knows, and the scores it gives; `LocalModel` adds the predictions.

    Attributes:
      engine: name, for messages.
      windows: lengths in bp that are accepted; None for any multiple of 2,048 up to 1,048,576.
      catalogue: the tracks.
      weights_digest: SHA-256 of all arrays.
      network: on the device.
    """

    def __init__(
        self,
        weights: LoadedWeights,
        *,
        engine: str = "local",
        references: Mapping[Organism, Reference] | None = None,
        annotations: Mapping[Organism, Annotation] | None = None,
        polyadenylation_sites: Mapping[Organism, SitesOfGenes] | None = None,
        calibrations: Mapping[Organism, Calibration] | None = None,
        windows: Sequence[int] | None = None,
    ):
        """Moves the weights to the device.

        Args:
          weights: as `weights.checkpoint.load` gives them.
          engine: name of the engine.
          references: genome of each organism; without one only bare sequences are predicted.
          annotations: genes of each organism, for the choice of splice sites and for scorers of
            genes; may be missing.
          polyadenylation_sites: of the genes of each organism, for their scorer; may be missing.
          calibrations: background of each organism that variant scores are ranked against; may be
            missing.
          windows: accepted lengths in bp.
        """
        self.engine = engine
        self.windows = None if windows is None else tuple(sorted(windows))
        self.catalogue = Catalogue(engine, weights.tracks)
        self.weights_digest = weights.digest
        self._data = {
            organism: OrganismData(
                reference=reference,
                annotation=(annotations or {}).get(organism),
                polyadenylation_sites=(polyadenylation_sites or {}).get(organism),
                calibration=(calibrations or {}).get(organism),
            )
            for organism, reference in (references or {}).items()
        }
        # The network empties what it is given.
        self.network = CompiledNetwork(
            weights.config, independent(weights.params), independent(weights.state)
        )

    def score_variant(
        self,
        interval: Interval,
        variant: Variant,
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[AnnData]:
        """Scores one variant.

        As in the SDK, REF bases that disagree with the genome are written over it; here this
        gives a warning.

        Args:
          interval: the window; one of `windows` long. Its strand does not change the scores.
          variant: starts inside the interval.
          variant_scorers: at most 20; none for the recommended ones (19 for human, 18 for mouse),
            without those whose genes or sites are not installed.
          organism: whose genome and tracks.
          merge_stranded_gene_tracks: give each gene the tracks of its own strand only, as the
            hosted service does.

        Returns:
          One AnnData for each scorer: X float32 [rows, tracks], obs genes or junctions, var the
          tracks, uns interval, variant and scorer.

        Raises:
          InvalidScorerError, UnsupportedWindowError, UnknownChromosomeError,
          PositionOutsideChromosomeError, VariantOutsideIntervalError, InsertionTooLongError,
          ScoringDataMissingError, ScoringLimitError, GenomeMissingError,
          UnsupportedOrganismError.
        """
        (found,) = self.iter_variant_scores(
            [interval],
            [variant],
            variant_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        return found

    def score_variants(
        self,
        intervals: Interval | Sequence[Interval],
        variants: Sequence[Variant],
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        progress_bar: bool = True,
        max_workers: int = DEFAULT_MAX_WORKERS,
        merge_stranded_gene_tracks: bool = False,
        align_all: bool = False,
        stitch: bool = False,
    ) -> list[list[AnnData]]:
        """Scores variants, each in its interval or all in one.

        Args:
          intervals: one for each variant, or one for all.
          variants: to score; neighbours in the list that share a window share its REF.
          variant_scorers: as `score_variant`.
          organism: whose genome and tracks.
          progress_bar: show one.
          max_workers: accepted as by the SDK; the device takes one batch after the other, so
            that it changes neither scores nor speed.
          merge_stranded_gene_tracks: as `score_variant`.
          align_all: as `variant_run`.
          stitch: as `variant_run`.

        Returns:
          For each variant what `score_variant` returns, to the byte, where nothing is switched on.

        Raises:
          InvalidScoringRequestError: not as many intervals as variants.
          And the errors of `score_variant`, for the first variant that has one.
        """
        del max_workers
        scores = self.iter_variant_scores(
            intervals,
            variants,
            variant_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
            align_all=align_all,
            stitch=stitch,
        )
        return list(tqdm(scores, total=len(variants), disable=not progress_bar))

    def iter_variant_scores(
        self,
        intervals: Interval | Sequence[Interval],
        variants: Sequence[Variant],
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
        align_all: bool = False,
        stitch: bool = False,
    ) -> Iterator[list[AnnData]]:
        """As `score_variants`, one variant after the other, as soon as its scores are there.

        Bad input is refused by the call itself; the network runs when a result is taken.

        Yields:
          For each variant, in order, one AnnData for each scorer.
        """
        run = self.variant_run(
            variant_scorers,
            organism=organism,
            align_all=align_all,
            stitch=stitch,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        checked = [run.check(*pair) for pair in paired(intervals, variants)]
        for found in checked:
            _warn(found.warnings)
        return run.results(checked)

    def variant_run(
        self,
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        align_all: bool = False,
        stitch: bool = False,
        merge_stranded_gene_tracks: bool = False,
    ) -> VariantRun:
        """Scorers that are ready for any number of variants, which may arrive one by one.

        Args:
          variant_scorers: as `score_variant`.
          organism: whose genome and tracks.
          align_all: align ALT to REF for center masks too, so that what an insertion or deletion
            merely moves does not count as a change; officially they compare it as it is.
          stitch: predict the longer allele of an insertion or deletion twice, so that the bins to
            its right hold the same bases in both (spec/scoring.md 4.2). Off by default: REF of a
            deletion is then the prediction of its interval.
          merge_stranded_gene_tracks: as `score_variant`.

        Raises:
          InvalidScorerError, GenomeMissingError, UnsupportedOrganismError.
        """
        return VariantRun(
            self.network,
            self.catalogue,
            self.organism_data(organism),
            organism=organism,
            scorers=variant_scorers,
            windows=self.windows,
            align_all=align_all,
            stitch=stitch,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )

    def score_interval(
        self,
        interval: Interval,
        interval_scorers: Sequence[IntervalScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[AnnData]:
        """Scores one interval.

        Args:
          interval: one of `windows` long. Its strand does not change the scores.
          interval_scorers: at most 20, none wider than the interval; none for the recommended
            ones, narrowed to the largest width that fits.
          organism: whose genome and tracks.
          merge_stranded_gene_tracks: as `score_variant`.

        Returns:
          One AnnData for each scorer: X float32 [genes, tracks], obs the genes, var the tracks,
          uns interval and scorer.

        Raises:
          InvalidScorerError, UnsupportedWindowError, UnknownChromosomeError,
          PositionOutsideChromosomeError, ScoringDataMissingError, ScoringLimitError,
          GenomeMissingError, UnsupportedOrganismError.
        """
        (found,) = self.iter_interval_scores(
            [interval],
            interval_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        return found

    def score_intervals(
        self,
        intervals: Sequence[Interval],
        interval_scorers: Sequence[IntervalScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        progress_bar: bool = True,
        max_workers: int = DEFAULT_MAX_WORKERS,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[list[AnnData]]:
        """Scores intervals one after the other; `max_workers` as in `score_variants`."""
        del max_workers
        scores = self.iter_interval_scores(
            intervals,
            interval_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        return list(tqdm(scores, total=len(intervals), disable=not progress_bar))

    def iter_interval_scores(
        self,
        intervals: Sequence[Interval],
        interval_scorers: Sequence[IntervalScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
    ) -> Iterator[list[AnnData]]:
        """As `score_intervals`, one interval after the other.

        Bad input is refused by the call itself; the network runs when a result is taken.

        Yields:
          For each interval, in order, one AnnData for each scorer.
        """
        run = IntervalRun(
            self.network,
            self.catalogue,
            self.organism_data(organism),
            organism=organism,
            scorers=interval_scorers,
            windows=self.windows,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        checked = [run.check(interval) for interval in intervals]
        for found in checked:
            _warn(found.warnings)
        return run.results(checked)

    def score_ism_variants(
        self,
        interval: Interval,
        ism_interval: Interval,
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        interval_variant: Variant | None = None,
        organism: Organism = Organism.HOMO_SAPIENS,
        progress_bar: bool = True,
        max_workers: int = DEFAULT_MAX_WORKERS,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[list[AnnData]]:
        """Scores every substitution of a stretch: in-silico mutagenesis.

        Officially a background lends only its bases, each of them put into the plain genome, and
        after an insertion or deletion at the wrong place. Here REF and ALT of every substitution
        have the background, and genes and sites are found where it has moved them
        (spec/scoring.md 10, recommendation).

        Args:
          interval: the window; one of `windows` long.
          ism_interval: the stretch to mutate, within the window and not on '-'.
          variant_scorers: as `score_variant`.
          interval_variant: a background; starts inside the window.
          organism: whose genome and tracks.
          progress_bar: show one.
          max_workers: as `score_variants`.
          merge_stranded_gene_tracks: as `score_variant`.

        Returns:
          For each substitution what `score_variant` returns: positions from left to right, at
          each of them A, C, G, T without the base that is there. Positions of N, and those that
          the background deletes, are left out; bases that it inserts have no position, so that
          they are not mutated. Positions are those of the genome.

        Raises:
          InvalidScoringRequestError: the stretch is on '-', or not wholly inside the window.
          And the errors of `score_variant`.
        """
        del max_workers
        run = self.variant_run(
            variant_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        checked = self._substitutions(run, interval, ism_interval, interval_variant)
        return list(tqdm(run.results(checked), total=len(checked), disable=not progress_bar))

    def iter_ism_scores(
        self,
        interval: Interval,
        ism_interval: Interval,
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        interval_variant: Variant | None = None,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
    ) -> Iterator[list[AnnData]]:
        """As `score_ism_variants`, one substitution after the other.

        Bad input is refused by the call itself; the network runs when a result is taken.

        Yields:
          For each substitution, in order, one AnnData for each scorer.
        """
        run = self.variant_run(
            variant_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        return run.results(self._substitutions(run, interval, ism_interval, interval_variant))

    def _substitutions(
        self,
        run: VariantRun,
        interval: Interval,
        ism_interval: Interval,
        interval_variant: Variant | None,
    ) -> list[CheckedVariant]:
        reference = self.organism_data(run.organism).reference
        ism_interval = interval_on_assembly(ism_interval, reference)
        check_ism_interval(interval_on_assembly(interval, reference), ism_interval)
        checked = run.check_substitutions(interval, ism_interval, interval_variant)
        if checked:
            _warn(checked[0].warnings)
        return checked

    def score_haplotype(
        self,
        interval: Interval,
        variants: Sequence[Variant],
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        done: Callable[[], None] = lambda: None,
    ) -> HaplotypeScores:
        """Scores several variants on one ALT sequence, against REF and against each alone.

        Unlike in `score_variant`, ALT is aligned to REF for center masks too: otherwise an
        insertion would seem to change whatever lies to its right, in the windows of the other
        variants. The network has not been evaluated on haplotypes.

        Args:
          interval: the window; one of `windows` long. Its strand does not change the scores.
          variants: two at least; must not overlap, and start inside the interval.
          variant_scorers: as `score_variant`.
          organism: whose genome and tracks.
          done: is called after each ALT sequence: that with all variants, then each alone.

        Returns:
          For each scorer the combined score, that of each variant alone, and the interaction:
          combined minus the sum of each alone. Scorers that look around a variant look around
          each of them in turn.

        Raises:
          InvalidScoringRequestError: fewer than two variants.
          OverlappingVariantsError: two of them change the same bases.
          And the errors of `score_variant`.
        """
        run = self.variant_run(variant_scorers, organism=organism, align_all=True)
        found, sentences = score_haplotype(run, interval, variants, done=done)
        _warn(sentences)
        return found

    def organism_data(self, organism: Organism) -> OrganismData:
        """Genome, genes and sites of an organism.

        Raises:
          GenomeMissingError: its genome is not installed.
        """
        if organism not in self._data:
            raise errors.GenomeMissingError(
                f"The genome of {organism_name(organism)} is not installed for the engine "
                f"{self.engine}; only bare sequences can be predicted."
            )
        return self._data[organism]


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        warnings.warn(sentence, stacklevel=4)
