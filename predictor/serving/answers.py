"""The answer of one engine to each kind of request: checks, the engine, messages.

Everything here blocks. A call checks the request and refuses what cannot be answered; the work is
done step by step as its messages are taken, so that whoever stops taking them stops the work.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.protos.v1 import dna_model_service_pb2 as service
from anndata import AnnData

from predictor.engines.request import check_sequence
from predictor.genome.reference import Reference
from predictor.genome.variant import check_reference_bases
from predictor.scoring import checks
from predictor.scoring.results import merged
from predictor.serving import requests, responses, steps, terms
from predictor.tracks.alignment import check_inside
from predictor.tracks.output_types import OUTPUTS

Warn = Callable[[str], None]


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
        asked = self._asked(request)
        check_sequence(request.sequence, None)
        found = steps.sequence(self.model, request.sequence, **asked)
        return _predictions(service.PredictSequenceResponse, ("output",), found)

    def predict_interval(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a PredictIntervalRequest."""
        asked = self._asked(request)
        interval = requests.interval(request.interval)
        self._check_interval(interval, asked["organism"], warn)
        found = steps.alleles(self.model, interval, [], **asked)
        return _predictions(service.PredictIntervalResponse, ("output",), found)

    def predict_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a PredictVariantRequest; tracks of ALT are in ALT coordinates."""
        asked = self._asked(request)
        interval, variant = self._variant(request, asked["organism"], warn)
        found = steps.alleles(self.model, interval, [variant], **asked)
        fields = ("reference_output", "alternate_output")
        return _predictions(service.PredictVariantResponse, fields, found)

    # Scores

    def score_interval(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreIntervalRequest, scorer by scorer in the order of the request."""
        organism = requests.organism(request.organism)
        interval = requests.interval(request.interval)
        scorers = requests.scorers_of_intervals(request.interval_scorers)
        checks.check_interval_scorers(scorers, interval)
        self._check_interval(interval, organism, warn)
        found = steps.interval_scores(self.model, interval, scorers, organism=organism)
        return (
            message
            for scores in _merged(found, request)
            for message in responses.interval_scores(
                service.ScoreIntervalResponse, scores, interval
            )
        )

    def score_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreVariantRequest, scorer by scorer in the order of the request."""
        organism = requests.organism(request.organism)
        scorers = requests.scorers_of_variants(request.variant_scorers)
        checks.check_variant_scorers(scorers, organism)
        interval, variant = self._variant(request, organism, warn)
        found = steps.variant_scores(self.model, interval, variant, scorers, organism=organism)
        return (
            message
            for scores in _merged(found, request)
            for message in responses.variant_scores(service.ScoreVariantResponse, scores, variant)
        )

    def score_ism_variant(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a ScoreIsmVariantRequest: substitution by substitution, each by scorer."""
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
        found = steps.ism_scores(
            self.model, interval, stretch, scorers, organism=organism, interval_variant=background
        )
        return (
            message
            for scores in _merged(found, request)
            for message in responses.variant_scores(
                service.ScoreIsmVariantResponse, scores, scores.uns["variant"]
            )
        )

    # Metadata

    def get_metadata(self, request: Any, warn: Warn) -> Iterator[Any]:
        """Messages for a MetadataRequest."""
        del warn
        organism = requests.organism(request.organism)
        return responses.output_metadata(self.model.output_metadata(organism))

    # Steps

    def _asked(self, request: Any) -> dict[str, Any]:
        """What is to be predicted, in words of `steps`."""
        organism = requests.organism(request.organism)
        return {
            "organism": organism,
            "kinds": requests.output_types(request.requested_outputs),
            "ontology_terms": terms.from_wire(request.ontology_terms, self._curies(organism)),
        }

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


def _predictions(
    response: Any, fields: Sequence[str], found: Iterator[steps.Alleles]
) -> Iterator[Any]:
    """The messages of predictions; a field for each allele."""
    for kind, *both in found:
        for field, data in zip(fields, both, strict=False):
            if data is not None:
                yield from responses.prediction(response, field, kind, data)


def _merged(found: Iterable[Iterable[AnnData]], request: Any) -> Iterator[AnnData]:
    for by_scorer in found:
        for scores in by_scorer:
            yield merged(scores) if request.merge_stranded_gene_tracks else scores
