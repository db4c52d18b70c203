"""The hosted service as an engine: the SDK's own client, with checks, alignment and patience."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias, TypeVar

import grpc
from alphagenome.data.genome import Interval, Junction, Variant
from alphagenome.data.junction_data import JunctionData
from alphagenome.data.ontology import OntologyTerm
from alphagenome.data.track_data import TrackData
from alphagenome.models.dna_client import DnaClient
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.dna_output import Output, OutputMetadata, OutputType, VariantOutput
from alphagenome.models.interval_scorers import IntervalScorerTypes
from alphagenome.models.variant_scorers import VariantScorerTypes
from anndata import AnnData

from predictor import errors
from predictor.engines import hosted_connection
from predictor.engines.patience import Patience, patiently, refusal
from predictor.engines.request import check_places, check_sequence, check_window
from predictor.genome.reference import Reference
from predictor.genome.variant import check_reference_bases
from predictor.scoring import checks
from predictor.tracks.alignment import AlleleAlignment
from predictor.tracks.catalogue import Catalogue, catalogue
from predictor.tracks.output_types import OUTPUTS

T = TypeVar("T")
Data: TypeAlias = TrackData | JunctionData
Terms: TypeAlias = Iterable[OntologyTerm | str] | None


class HostedModel(DnaModel):  # type: ignore[misc]  # The SDK has no type information.
    """The official service behind the interface of `LocalModel`.

    Attributes:
      engine: name, for messages.
      windows: lengths in bp that are accepted.
      catalogue: the tracks, as they were when the service was connected.
      weights_digest: of the address and the tracks; what the service computes with is not known.
    """

    def __init__(
        self,
        client: DnaClient,
        *,
        key: str,
        catalogue: Catalogue,
        weights_digest: str,
        windows: Sequence[int],
        references: Mapping[Organism, Reference] | None = None,
        patience: Patience | None = None,
    ):
        """Wraps a client.

        Args:
          client: of the SDK.
          key: only to keep it out of messages.
          catalogue: the tracks of the service.
          weights_digest: see above.
          windows: accepted lengths in bp.
          references: genome of each organism, on which variants are checked before they are sent.
          patience: how long to wait for a busy service.
        """
        self.engine = hosted_connection.ENGINE
        self.windows = tuple(sorted(windows))
        self.catalogue = catalogue
        self.weights_digest = weights_digest
        self._client = client
        self._key = key
        self._references = dict(references or {})
        self._patience = patience or Patience()

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
        """As the SDK; waits for a busy service.

        Raises:
          InvalidSequenceError, UnsupportedWindowError, UnknownOntologyTermError,
          HostedServiceError, ServiceBusyError.
        """
        parts = self.iter_sequence(
            sequence,
            organism=organism,
            requested_outputs=requested_outputs,
            ontology_terms=ontology_terms,
            interval=interval,
        )
        return Output(**{kind.name.lower(): data for kind, data in parts})

    def iter_sequence(
        self,
        sequence: str,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
        interval: Interval | None = None,
    ) -> Iterator[tuple[OutputType, Data]]:
        """As `LocalModel.iter_sequence`; one request for all output types."""
        check_sequence(sequence, interval)
        check_window(len(sequence), self.windows, engine=self.engine)
        asked = self._asked(organism, requested_outputs, ontology_terms)
        return self._sequence(sequence, interval, asked)

    def predict_interval(
        self,
        interval: Interval,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
    ) -> Output:
        """As the SDK; waits for a busy service. Raises as `predict_sequence`."""
        check_window(interval.width, self.windows, engine=self.engine)
        asked = self._asked(organism, requested_outputs, ontology_terms)
        return self._patiently(self._client.predict_interval, interval, **asked)

    def predict_variant(
        self,
        interval: Interval,
        variant: Variant,
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Terms,
    ) -> VariantOutput:
        """As the SDK: tracks of ALT are in ALT coordinates. Raises as `predict_sequence`."""
        check_window(interval.width, self.windows, engine=self.engine)
        asked = self._asked(organism, requested_outputs, ontology_terms)
        return self._patiently(self._client.predict_variant, interval, variant, **asked)

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
        """REF and ALT as `LocalModel.predict_alleles`, of one variant only."""
        if not variants:
            raise errors.InvalidVariantError("No variant was given; at least one is needed.")
        found = list(
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
            reference=Output(**{kind.name.lower(): ref for kind, ref, _ in found}),
            alternate=Output(**{kind.name.lower(): alt for kind, _, alt in found}),
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
        """Output type by output type, as `LocalModel.iter_alleles`; one request for all of them.

        Bad input is refused by the call itself; the service is asked when the first part is taken.

        Raises:
          NotSupportedError: more than one variant, which the service has no request for.
          And as `predict_sequence`, `check_variants`.
        """
        check_window(interval.width, self.windows, engine=self.engine)
        asked = self._asked(organism, requested_outputs, ontology_terms)
        if len(variants) > 1:
            raise errors.NotSupportedError(
                f"The hosted service predicts one variant at a time, not {len(variants)} on one "
                "haplotype; predict them one by one, or choose another engine."
            )
        check_places(interval, variants)
        reference = self._references.get(organism)
        if strict and reference is not None:
            for variant in variants:
                check_reference_bases(variant, reference)
        return self._alleles(interval, variants, asked, align=align)

    # Scores

    def score_interval(
        self,
        interval: Interval,
        interval_scorers: Sequence[IntervalScorerTypes] = (),
        *,
        organism: Organism = Organism.HOMO_SAPIENS,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[AnnData]:
        """As the SDK, but strands are merged only on request. Raises as `predict_sequence`."""
        check_window(interval.width, self.windows, engine=self.engine)
        checks.check_interval_scorers(interval_scorers, interval)
        return self._patiently(
            self._client.score_interval,
            interval,
            interval_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
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
        """As the SDK, but strands are merged only on request. Raises as `predict_sequence`."""
        check_window(interval.width, self.windows, engine=self.engine)
        checks.check_variant_scorers(variant_scorers, organism)
        return self._patiently(
            self._client.score_variant,
            interval,
            variant,
            variant_scorers,
            organism=organism,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )

    def score_ism_variants(
        self,
        interval: Interval,
        ism_interval: Interval,
        variant_scorers: Sequence[VariantScorerTypes] = (),
        *,
        interval_variant: Variant | None = None,
        organism: Organism = Organism.HOMO_SAPIENS,
        progress_bar: bool = False,
        merge_stranded_gene_tracks: bool = False,
    ) -> list[list[AnnData]]:
        """As the SDK, but in the order of the genome, and with the scorer in `uns`.

        Raises:
          As `predict_sequence`, and InvalidScoringRequestError.
        """
        check_window(interval.width, self.windows, engine=self.engine)
        checks.check_variant_scorers(variant_scorers, organism)
        checks.check_ism_interval(interval, ism_interval)
        found: list[list[AnnData]] = self._patiently(
            self._client.score_ism_variants,
            interval,
            ism_interval,
            variant_scorers,
            organism=organism,
            interval_variant=interval_variant,
            progress_bar=progress_bar,
            merge_stranded_gene_tracks=merge_stranded_gene_tracks,
        )
        for scores in found:
            for one, scorer in zip(scores, variant_scorers, strict=False):
                one.uns["variant_scorer"] = scorer
        return sorted(found, key=lambda scores: _place(scores[0].uns["variant"]))

    def output_metadata(self, organism: Organism = Organism.HOMO_SAPIENS) -> OutputMetadata:
        """The tracks as they were when the service was connected; asks nobody."""
        return self.catalogue.output_metadata(organism)

    def warm(self, window: int) -> None:
        """Nothing has to be compiled here."""

    # Steps

    def _asked(
        self, organism: Organism, outputs: Iterable[OutputType], terms: Terms
    ) -> dict[str, Any]:
        curies = self.catalogue.check_terms(organism, terms)
        return {
            "organism": organism,
            "requested_outputs": tuple(dict.fromkeys(outputs)),
            "ontology_terms": curies,
        }

    def _sequence(
        self, sequence: str, interval: Interval | None, asked: Mapping[str, Any]
    ) -> Iterator[tuple[OutputType, Data]]:
        found = self._patiently(self._client.predict_sequence, sequence, interval=interval, **asked)
        for kind in asked["requested_outputs"]:
            yield kind, _listed(found.get(kind))

    def _alleles(
        self,
        interval: Interval,
        variants: Sequence[Variant],
        asked: Mapping[str, Any],
        *,
        align: bool,
    ) -> Iterator[tuple[OutputType, Data, Data | None]]:
        alignment = AlleleAlignment(interval, variants) if variants and align else None
        if variants:
            found = self._patiently(self._client.predict_variant, interval, variants[0], **asked)
            reference, alternate = found.reference, found.alternate
        else:
            reference = self._patiently(self._client.predict_interval, interval, **asked)
            alternate = None
        for kind in asked["requested_outputs"]:
            self._check_tracks(kind, reference.get(kind), asked)
            alt = None if alternate is None else _listed(alternate.get(kind))
            if alignment is not None and isinstance(alt, TrackData):
                alt = _aligned(kind, alt, alignment)
            yield kind, _listed(reference.get(kind)), alt

    def _check_tracks(self, kind: OutputType, data: Data | None, asked: Mapping[str, Any]) -> None:
        """Refuses an answer whose tracks are not those that everything else was planned for."""
        table = self.catalogue.table(asked["organism"], kind)
        expected = table.rows.iloc[table.select(asked["ontology_terms"])]["name"]
        if data is None or list(data.metadata["name"]) != list(expected):
            raise errors.HostedServiceError(
                f"The hosted service answered with other tracks of {kind.name} than it had when "
                f"it was connected; connect it again with: {hosted_connection.CONNECT_COMMAND}"
            )

    def _patiently(self, call: Callable[..., T], *arguments: Any, **named: Any) -> T:
        return patiently(partial(call, *arguments, **named), self._patience, self._key)


def open_hosted(*, windows: Sequence[int], references: Mapping[Organism, Reference]) -> HostedModel:
    """Opens the service that was connected.

    Raises:
      EngineNotInstalledError: it was not, or its key is gone.
      HostedServiceError: it does not answer.
    """
    key = hosted_connection.find_key()
    if key is None:
        raise errors.EngineNotInstalledError(hosted_connection.problem())
    card = json.loads((hosted_connection.folder() / "card.json").read_text())
    return HostedModel(
        hosted_connection.open_client(key),
        key=key,
        catalogue=catalogue(hosted_connection.ENGINE),
        weights_digest=card["digest"],
        windows=windows,
        references=references,
    )


def metadata_of(client: DnaClient, organism: Organism, key: str) -> OutputMetadata:
    """The tracks of a service.

    Raises:
      HostedServiceError: it does not answer or does not accept the key.
    """
    try:
        return client.output_metadata(organism)
    except grpc.RpcError as error:
        raise refusal(error, key) from error


def _aligned(kind: OutputType, data: TrackData, alignment: AlleleAlignment) -> TrackData:
    about = OUTPUTS[kind]
    align = alignment.contact_maps if about.kind == "contact_map" else alignment.tracks
    return TrackData(
        values=align(data.values, about.resolution),
        metadata=data.metadata,
        resolution=data.resolution,
        interval=data.interval,
    )


def _listed(data: Data | None) -> Any:
    """Junctions as such: the client reads them as plain intervals."""
    if isinstance(data, JunctionData):
        for row, place in enumerate(data.junctions):
            data.junctions[row] = Junction(place.chromosome, place.start, place.end, place.strand)
    return data


def _place(variant: Variant) -> tuple[int, str]:
    return variant.position, variant.alternate_bases
