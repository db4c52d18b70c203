"""The answer of one engine to each kind of request: checks, the engine, messages.

Everything here blocks and is done step by step as the messages are taken, so that whoever stops
taking them stops the work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, Protocol, runtime_checkable

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.protos.v1 import dna_model_service_pb2 as service
from anndata import AnnData

from predictor.genome.reference import Reference
from predictor.genome.variant import check_reference_bases
from predictor.scoring import checks
from predictor.scoring.results import merged
from predictor.serving import requests, responses, terms
from predictor.tracks.alignment import check_inside
from predictor.tracks.output_types import OUTPUTS

Warn = Callable[[str], None]


@runtime_checkable
class PredictsByType(Protocol):
    """An engine that gives one output type after the other, and so holds less at once."""

    def iter_alleles(
        self,
        interval: Interval,
        variants: list[Variant],
        *,
        organism: Organism,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Iterable[str] | None,
        align: bool,
        strict: bool,
    ) -> Iterator[tuple[OutputType, Any, Any]]:
        """Output type, REF, ALT; see `LocalModel`."""


class Answers:
    """What one engine answers.

    Attributes:
      model: any engine of the SDK.
    """

    def __init__(
        self,
        model: DnaModel,
        *,
        references: Mapping[Organism, Reference] | None = None,
        lenient: bool = False,
    ):
        """Wraps an engine.

        Args:
          model: any engine of the SDK.
          references: the genomes on which places and REF bases are checked; for an organism
            without one, whatever the engine says about them is what the client hears.
          lenient: REF bases that are not those of the genome give a warning in the trailing
            metadata of the call and are written over it, as by the official service, whose
            clients have no place to show a warning. Otherwise they are refused.
        """
        self.model = model
        self._references = dict(references or {})
        self._lenient = lenient
        self._curies = cache(self._read_curies)

    # Predictions

    def predict_sequence(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a PredictSequenceRequest; junctions are relative to its first base."""
        del warn
        response = service.PredictSequenceResponse
        organism, kinds, curies = self._asked(request)
        if not kinds:
            return
        found = self.model.predict_sequence(
            request.sequence,
            organism=organism,
            requested_outputs=kinds,
            ontology_terms=curies,
        )
        for kind in kinds:
            if (data := found.get(kind)) is not None:
                yield from responses.prediction(response, "output", kind, data)

    def predict_interval(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a PredictIntervalRequest."""
        response = service.PredictIntervalResponse
        organism, kinds, curies = self._asked(request)
        interval = requests.interval(request.interval)
        self._check_interval(interval, organism, warn)
        for kind, data, _ in self._predicted(interval, [], organism, kinds, curies):
            yield from responses.prediction(response, "output", kind, data)

    def predict_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a PredictVariantRequest; tracks of ALT are in ALT coordinates."""
        response = service.PredictVariantResponse
        organism, kinds, curies = self._asked(request)
        interval, variant = self._variant(request, organism, warn)
        found = self._predicted(interval, [variant], organism, kinds, curies)
        for kind, reference, alternate in found:
            yield from responses.prediction(response, "reference_output", kind, reference)
            yield from responses.prediction(response, "alternate_output", kind, alternate)

    # Scores

    def score_interval(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreIntervalRequest, scorer by scorer in the order of the request."""
        organism = requests.organism(request.organism)
        interval = requests.interval(request.interval)
        scorers = requests.scorers_of_intervals(request.interval_scorers)
        checks.check_interval_scorers(scorers, interval)
        self._check_interval(interval, organism, warn)
        found = self.model.score_interval(interval, scorers, organism=organism)
        for scores in _merged(found, request):
            yield from responses.interval_scores(service.ScoreIntervalResponse, scores, interval)

    def score_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreVariantRequest, scorer by scorer in the order of the request."""
        organism = requests.organism(request.organism)
        scorers = requests.scorers_of_variants(request.variant_scorers)
        checks.check_variant_scorers(scorers, organism)
        interval, variant = self._variant(request, organism, warn)
        found = self.model.score_variant(interval, variant, scorers, organism=organism)
        for scores in _merged(found, request):
            yield from responses.variant_scores(service.ScoreVariantResponse, scores, variant)

    def score_ism_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreIsmVariantRequest: substitution by substitution, each by scorer.

        One base after the other, so that a client that leaves ends the work.
        """
        organism = requests.organism(request.organism)
        scorers = requests.scorers_of_variants(request.variant_scorers)
        checks.check_variant_scorers(scorers, organism)
        interval, stretch = (
            requests.interval(place) for place in (request.interval, request.ism_interval)
        )
        checks.check_ism_interval(interval, stretch)
        background = None
        if request.HasField("interval_variant"):
            background = requests.variant(request.interval_variant)
            self._check_variant(interval, background, organism, warn)
        else:
            self._check_interval(interval, organism, warn)
        for position in range(stretch.start, stretch.end):
            found = self.model.score_ism_variants(
                interval,
                Interval(stretch.chromosome, position, position + 1),
                scorers,
                organism=organism,
                interval_variant=background,
            )
            for by_scorer in found:
                for scores in _merged(by_scorer, request):
                    yield from responses.variant_scores(
                        service.ScoreIsmVariantResponse, scores, scores.uns["variant"]
                    )

    # Metadata

    def get_metadata(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a MetadataRequest."""
        del warn
        organism = requests.organism(request.organism)
        yield from responses.output_metadata(self.model.output_metadata(organism))

    # Steps

    def _asked(
        self, request: Any
    ) -> tuple[Organism, tuple[OutputType, ...], tuple[str, ...] | None]:
        organism = requests.organism(request.organism)
        kinds = requests.output_types(request.requested_outputs)
        curies = terms.from_wire(request.ontology_terms, self._curies(organism))
        return organism, kinds, curies

    def _predicted(
        self,
        interval: Interval,
        variants: list[Variant],
        organism: Organism,
        kinds: tuple[OutputType, ...],
        curies: tuple[str, ...] | None,
    ) -> Iterator[tuple[OutputType, Any, Any]]:
        """Output type, REF, ALT; nothing at all where no output type was asked for."""
        if not kinds:
            return
        asked = {"organism": organism, "requested_outputs": kinds, "ontology_terms": curies}
        if isinstance(self.model, PredictsByType):
            yield from self.model.iter_alleles(
                interval, variants, align=False, strict=False, **asked
            )
        elif variants:
            found = self.model.predict_variant(interval, variants[0], **asked)
            for kind in kinds:
                yield kind, found.reference.get(kind), found.alternate.get(kind)
        else:
            output = self.model.predict_interval(interval, **asked)
            for kind in kinds:
                yield kind, output.get(kind), None

    def _variant(self, request: Any, organism: Organism, warn: Warn) -> tuple[Interval, Variant]:
        interval = requests.interval(request.interval)
        variant = requests.variant(request.variant)
        self._check_variant(interval, variant, organism, warn)
        return interval, variant

    def _check_variant(
        self, interval: Interval, variant: Variant, organism: Organism, warn: Warn
    ) -> None:
        reference = self._references.get(organism)
        if reference is None:
            check_inside(variant, interval)
            return
        interval, variant = interval.copy(), variant.copy()
        for place in (interval, variant):
            place.chromosome = reference.names.resolve(place.chromosome)
        warnings = checks.check_variant_site(interval, variant, reference)
        if not self._lenient:
            check_reference_bases(variant, reference)
        for warning in warnings:
            warn(warning)

    def _check_interval(self, interval: Interval, organism: Organism, warn: Warn) -> None:
        reference = self._references.get(organism)
        if reference is not None:
            for warning in checks.check_interval_site(interval, reference):
                warn(warning)

    def _read_curies(self, organism: Organism) -> frozenset[str]:
        metadata = self.model.output_metadata(organism)
        tables = [table for kind in OUTPUTS if (table := metadata.get(kind)) is not None]
        return frozenset(
            curie
            for table in tables
            if "ontology_curie" in table
            for curie in table["ontology_curie"]
            if isinstance(curie, str)
        )


def _merged(found: Iterable[AnnData], request: Any) -> Iterator[AnnData]:
    for scores in found:
        yield merged(scores) if request.merge_stranded_gene_tracks else scores
