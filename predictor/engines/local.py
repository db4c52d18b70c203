"""Our network as a `DnaModel` of the official SDK."""

import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.ontology import OntologyTerm
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import Output, OutputMetadata, OutputType, VariantOutput

from predictor import errors
from predictor.engines import pieces
from predictor.engines.compilation_cache import use_compilation_cache
from predictor.engines.compiled import DevicePrediction
from predictor.engines.edits import keeps_skips
from predictor.engines.junctions import JunctionContext
from predictor.engines.listing import Listing
from predictor.engines.organism_data import (
    ORGANISM_INDEX,
    base_codes,
    interval_on_assembly,
    nonzero_means,
    variant_on_assembly,
)
from predictor.engines.out_of_memory import told_as_sentence
from predictor.engines.pieces import Gathered, Piece
from predictor.engines.request import check_places, check_sequence, check_window
from predictor.engines.scoring_model import ScoringModel
from predictor.genome.gene_annotation import load_annotation
from predictor.genome.reference import Reference
from predictor.genome.sequences import allele_sequences
from predictor.genome.variant import check_reference_bases
from predictor.scoring.calibration_table import installed_calibrations
from predictor.scoring.site import SitesOfGenes
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.catalogue import TrackTable
from predictor.tracks.output_types import OUTPUTS
from predictor.tracks.strand import opposite_sites
from predictor.weights import checkpoint

Data: TypeAlias = TrackData | JunctionData
Terms: TypeAlias = Iterable[OntologyTerm | str] | None


class LocalModel(ScoringModel):
    """The network of this project behind the SDK's interface.

    Results are in forward genome order with true strands, whatever strand was asked for; on '-'
    the network is run on the reverse complement. Safe to use from several threads.

    Attributes:
      engine: name, for messages.
      windows: lengths in bp that are accepted; None for any multiple of 2,048 up to 1,048,576.
      catalogue: the tracks.
      weights_digest: SHA-256 of all arrays.
    """

    @classmethod
    def load(
        cls,
        folder: Path,
        *,
        engine: str = "local",
        references: Mapping[Organism, Reference] | None = None,
        annotations: Mapping[Organism, Path] | None = None,
        polyadenylation_sites: Mapping[Organism, SitesOfGenes] | None = None,
        windows: Sequence[int] | None = None,
    ) -> "LocalModel":
        """Loads a weights folder; compiled functions are kept in `home() / "xla-cache"`.

        Args:
          folder: written by `weights.checkpoint.save`.
          engine: name of the engine.
          references: genome of each organism.
          annotations: GTF file of each organism.
          polyadenylation_sites: of the genes of each organism.
          windows: accepted lengths in bp.

        Raises:
          WeightsNotFoundError, WeightsMismatchError: see `weights.checkpoint.load`.
          CalibrationError: the table of background scores in the folder cannot be read.
          AnnotationError: a GTF file cannot be read.
        """
        use_compilation_cache()
        weights = checkpoint.load(folder)
        return cls(
            weights,
            engine=engine,
            references=references,
            annotations={
                organism: load_annotation(path) for organism, path in (annotations or {}).items()
            },
            polyadenylation_sites=polyadenylation_sites,
            calibrations=installed_calibrations(folder, weights.digest),
            windows=windows,
        )

    # Predictions

    def predict_sequence(
        self,
        sequence: str,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
        interval: Interval | None = None,
    ) -> Output:
        """Predicts a sequence of ACGTN.

        Args:
          sequence: as long as one of `windows`.
          organism: whose tracks.
          requested_outputs: output types.
          ontology_terms: only tracks with one of these; None for all.
          interval: where the sequence comes from. On '-' the sequence is the reverse complement,
            as read from the genome, and the results are turned to forward order.

        Returns:
          Data units, float32. Junctions are relative to 0 if no interval is given.

        Raises:
          InvalidSequenceError: other letters, or not as long as the interval.
          UnsupportedWindowError: names the nearest length.
          UnknownOntologyTermError, OutputNotAvailableError, UnsupportedOrganismError.
        """
        parts = self.iter_sequence(
            sequence,
            organism=organism,
            requested_outputs=requested_outputs,
            ontology_terms=ontology_terms,
            interval=interval,
        )
        return _output(dict(parts))

    def iter_sequence(
        self,
        sequence: str,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
        interval: Interval | None = None,
    ) -> Iterator[tuple[OutputType, Data]]:
        """As `predict_sequence`, output type by output type in the order requested.

        Bad input is refused by the call itself; the network runs when the first part is taken.
        """
        check_sequence(sequence, interval)
        request = self._request(organism, requested_outputs, ontology_terms)
        self._check_window(len(sequence))
        parts = self._parts([sequence], request, interval, None, None)
        return ((kind, found[0]) for kind, found in parts)

    def predict_interval(
        self,
        interval: Interval,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
    ) -> Output:
        """Predicts an interval of the genome; beyond the ends of the chromosome it reads N.

        Raises:
          As `predict_sequence`, and UnknownChromosomeError, PositionOutsideChromosomeError,
          GenomeMissingError.
        """
        parts = self.iter_alleles(
            interval,
            (),
            organism=organism,
            requested_outputs=requested_outputs,
            ontology_terms=ontology_terms,
        )
        return _output({kind: reference for kind, reference, _ in parts})

    def predict_variant(
        self,
        interval: Interval,
        variant: Variant,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
    ) -> VariantOutput:
        """Predicts REF and ALT in the SDK's raw form: tracks of ALT are in ALT coordinates.

        As in the SDK, REF bases that disagree with the genome are written over it; here this
        gives a warning. `predict_alleles` refuses them, and aligns ALT to REF.

        Raises:
          As `predict_alleles`, but no ReferenceMismatchError.
        """
        return self.predict_alleles(
            interval,
            [variant],
            organism=organism,
            requested_outputs=requested_outputs,
            ontology_terms=ontology_terms,
            align=False,
            strict=False,
        )

    def predict_alleles(
        self,
        interval: Interval,
        variants: Sequence[Variant],
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
        align: bool = True,
        strict: bool = True,
    ) -> VariantOutput:
        """Predicts REF, and ALT with all of the variants on one haplotype.

        Args:
          interval: the window; one of `windows` long.
          variants: at least one; must not overlap, and start inside the interval.
          organism: whose genome and tracks.
          requested_outputs: output types.
          ontology_terms: only tracks with one of these; None for all.
          align: put ALT into REF coordinates (tracks/alignment.py); otherwise tracks and
            contact maps of ALT stay in ALT coordinates. Junctions are in REF coordinates always.
          strict: refuse REF bases that are not those of the genome, rather than warn.

        Raises:
          UnsupportedWindowError, VariantOutsideIntervalError, OverlappingVariantsError,
          InsertionTooLongError, ReferenceMismatchError, UnknownChromosomeError,
          PositionOutsideChromosomeError, GenomeMissingError, UnsupportedOrganismError,
          UnknownOntologyTermError, OutputNotAvailableError.
        """
        if not variants:
            raise errors.InvalidVariantError("No variant was given; at least one is needed.")
        parts = list(
            self.iter_alleles(
                interval,
                variants,
                organism=organism,
                requested_outputs=requested_outputs,
                ontology_terms=ontology_terms,
                align=align,
                strict=strict,
            )
        )
        return VariantOutput(
            reference=_output({kind: reference for kind, reference, _ in parts}),
            alternate=_output({kind: alternate for kind, _, alternate in parts}),
        )

    def iter_alleles(
        self,
        interval: Interval,
        variants: Sequence[Variant],
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
        align: bool = True,
        strict: bool = True,
    ) -> Iterator[tuple[OutputType, Data, Data | None]]:
        """The same, output type by output type in the order requested.

        Bad input is refused by the call itself; the network runs when the first part is taken.
        Without variants, only REF is predicted and the third entry is None.

        Yields:
          Output type, REF, ALT.
        """
        request = self._request(organism, requested_outputs, ontology_terms)
        reference = self.organism_data(organism).reference
        interval = interval_on_assembly(interval, reference)
        variants = [variant_on_assembly(variant, reference) for variant in variants]
        self._check_window(interval.width)
        check_places(interval, variants)
        for variant in variants:
            try:
                check_reference_bases(variant, reference)
            except errors.ReferenceMismatchError as error:
                if strict:
                    raise
                warnings.warn(error.message, stacklevel=4)
        alleles: Sequence[str] = allele_sequences(interval, variants, reference)
        alignment = context = None
        if variants:
            alignment = AlleleAlignment(interval, variants)
            if OutputType.SPLICE_JUNCTIONS in request.kinds:
                context = self._junction_context(organism, interval, variants, alignment)
        else:
            alleles = alleles[:1]
        parts = self._parts(alleles, request, interval, context, alignment if align else None)
        return ((kind, found[0], found[1] if variants else None) for kind, found in parts)

    def warm(
        self,
        window: int,
        outputs: Iterable[OutputType] | None = None,
        *,
        alleles: int = 2,
    ) -> None:
        """Compiles what a prediction of this shape needs, or fetches it from the disk.

        Args:
          window: length in bp.
          outputs: output types; all where not given.
          alleles: 2 for variants, 1 for sequences and intervals.

        Raises:
          UnsupportedWindowError: names the nearest length.
          NotEnoughMemoryError: the window does not fit.
        """
        self._check_window(window)
        organism = self.catalogue.organisms[0]
        request = self._request(organism, outputs or self.catalogue.output_types(organism), None)
        interval = Interval("", 0, window)
        context = None
        if alleles > 1 and OutputType.SPLICE_JUNCTIONS in request.kinds:
            context = _context(AlleleAlignment(interval, []), interval, None, None)
        # A substitution: REF and insertions need nothing that it does not need.
        sequences = ["N" * window, "A" + "N" * (window - 1)][:alleles]
        for _ in self._parts(sequences, request, interval, context, None):
            pass

    def output_metadata(self, organism: Organism = Organism.HOMO_SAPIENS) -> OutputMetadata:
        """The tracks of every output type, without padding.

        Raises:
          UnsupportedOrganismError: the engine has no tracks for the organism.
        """
        return self.catalogue.output_metadata(organism)

    # Steps

    def _request(
        self, organism: Organism, outputs: Iterable[OutputType], terms: Terms
    ) -> "_Request":
        kinds = tuple(dict.fromkeys(outputs))
        if not kinds:
            raise errors.UnknownOutputTypeError(
                f"No output type was requested; choose from {', '.join(k.name for k in OUTPUTS)}."
            )
        curies = self.catalogue.check_terms(organism, terms)
        # As in the SDK, some of several output types may have no track; all of them may not.
        if not any(len(self.catalogue.table(organism, k).select(curies)) for k in kinds):
            self.catalogue.check_request(organism, kinds, curies)
        return _Request(organism=organism, kinds=kinds, curies=curies)

    def _check_window(self, width: int) -> None:
        check_window(width, self.windows, engine=self.engine)

    def _junction_context(
        self,
        organism: Organism,
        interval: Interval,
        variants: Sequence[Variant],
        alignment: AlleleAlignment,
    ) -> JunctionContext:
        annotation = self.organism_data(organism).annotation
        if annotation is None:
            return _context(alignment, interval, None, None)
        return _context(
            alignment,
            interval,
            annotation.gene_mask(interval, variants),
            annotation.splice_sites(interval),
        )

    def _parts(
        self,
        sequences: Sequence[str],
        request: "_Request",
        interval: Interval | None,
        context: JunctionContext | None,
        alignment: AlleleAlignment | None,
    ) -> Iterator[tuple[OutputType, list[Data]]]:
        """Per output type the data of each sequence; only the second one is aligned.

        Where the memory is not enough for everything, less of it is computed at a time.
        """
        listing = Listing(
            interval=interval,
            width=len(sequences[0]),
            curies=request.curies,
            only_listed=self.network.chooses_tracks,
        )
        tables = {kind: self.catalogue.table(request.organism, kind) for kind in request.kinds}
        rows = {kind: listing.rows(table) for kind, table in tables.items()}
        codes = np.stack([base_codes(sequence) for sequence in sequences])

        def compute(some: Sequence[Piece], at_once: int) -> DevicePrediction:
            chosen = {
                piece.kind: rows[piece.kind][piece.first : piece.end]
                for piece in some
                if listing.only_listed or not piece.is_whole
            }
            return self.network.predict(
                codes,
                ORGANISM_INDEX[request.organism],
                [piece.kind for piece in some],
                nonzero_means(self.catalogue, request.organism, self.network.config.tracks),
                context,
                chosen,
                at_once,
            )

        steps = pieces.steps(
            self.network,
            [pieces.whole(kind, len(rows[kind])) for kind in request.kinds],
            reference=lambda: (codes[0], ORGANISM_INDEX[request.organism]),
            window=listing.width,
            alleles=len(codes),
            keeps_skips=len(codes) > 1 and keeps_skips(*codes),
            copied=listing.copies or alignment is not None,
        )
        gathered = Gathered()
        with told_as_sentence(listing.width):
            for some, predicted in steps(compute):
                yield from self._data_of(some, predicted, tables, listing, gathered, alignment)
                # Not in memory together with what comes next.
                del predicted

    def _data_of(
        self,
        some: Sequence[Piece],
        predicted: DevicePrediction,
        tables: Mapping[OutputType, TrackTable],
        listing: Listing,
        gathered: Gathered,
        alignment: AlleleAlignment | None,
    ) -> Iterator[tuple[OutputType, list[Data]]]:
        """Output types of which the last piece is there, with the data of each sequence."""
        for piece in some:
            kind, table = piece.kind, tables[piece.kind]
            if kind is OutputType.SPLICE_JUNCTIONS:
                yield kind, list(listing.junctions(table, predicted.listed_junctions()))
                continue
            listed = listing if piece.is_whole else replace(listing, only_listed=True)
            if values := gathered.add(piece, predicted.output(kind)):
                yield (
                    kind,
                    [
                        listed.tracks(kind, table, allele, alignment if number else None)
                        for number, allele in enumerate(values)
                    ],
                )


class _Request(NamedTuple):
    """What to predict, checked."""

    organism: Organism
    kinds: tuple[OutputType, ...]
    curies: tuple[str, ...] | None


def _output(parts: Mapping[OutputType, Data | None]) -> Output:
    return Output(**{kind.name.lower(): data for kind, data in parts.items()})


def _context(
    alignment: AlleleAlignment,
    interval: Interval,
    gene_mask: np.ndarray | None,
    annotated: np.ndarray | None,
) -> JunctionContext:
    """Turned into the orientation of the network; without genes, sites may lie anywhere."""
    mask = np.ones(interval.width, bool) if gene_mask is None else gene_mask
    sites = np.zeros((interval.width, 5), bool) if annotated is None else annotated
    if not interval.negative_strand:
        return JunctionContext(alignment.forward, mask, sites)
    return JunctionContext(alignment.reversed, mask[::-1], opposite_sites(sites))
