"""Genomes: sequence in pieces, genes, and what a person may type."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.genomes import selectors
from webapp.genomes.assemblies import find_assembly
from webapp.genomes.byte_ranges import file_response
from webapp.jobs.serializers import IntervalSerializer, VariantSerializer
from webapp.negotiation import AnyAccept

_LAST_BASE = 2**31 - 1
_Method = TypeVar("_Method", bound=Callable[..., Any])


class ChromosomeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    length = serializers.IntegerField(help_text="bp")


class GenomeSerializer(serializers.Serializer[Any]):
    assembly = serializers.CharField()
    title = serializers.CharField()
    invented = serializers.BooleanField(help_text="it is nobody's genome")
    organism = serializers.CharField(allow_blank=True, help_text="human or mouse")
    chromosomes = ChromosomeSerializer(many=True)
    fasta_url = serializers.CharField(help_text="by HTTP Range")
    index_url = serializers.CharField()


class GenomesView(APIView):
    @extend_schema(operation_id="genomes", responses=GenomeSerializer(many=True))
    def get(self, request: Request) -> Response:
        """The installed genomes."""
        return Response(selectors.genomes())


def _file_schema(operation_id: str) -> Callable[[_Method], _Method]:
    decorate: Callable[[_Method], _Method] = extend_schema(
        operation_id=operation_id,
        parameters=[
            OpenApiParameter(
                "Range", OpenApiTypes.STR, OpenApiParameter.HEADER, description="bytes=0-999"
            )
        ],
        responses={
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.BINARY, description="the whole"),
            (206, "text/plain"): OpenApiResponse(OpenApiTypes.BINARY, description="the part"),
            416: OpenApiResponse(description="there is no such byte"),
        },
    )
    return decorate


class SequenceView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer]
    content_negotiation_class = AnyAccept

    @_file_schema("genome_sequence")
    def get(self, request: Request, assembly: str) -> HttpResponseBase:
        """The FASTA file, or a part of it."""
        return file_response(request._request, find_assembly(assembly).fasta, "text/plain")


class SequenceIndexView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer]
    content_negotiation_class = AnyAccept

    @_file_schema("genome_sequence_index")
    def get(self, request: Request, assembly: str) -> HttpResponseBase:
        """The index of the FASTA file."""
        found = find_assembly(assembly)
        # Opening the genome makes an index where there is none.
        _ = found.reference
        return file_response(request._request, found.index, "text/plain")


class GenesQuerySerializer(serializers.Serializer[Any]):
    chromosome = serializers.CharField(
        error_messages={"required": "chromosome is missing; name one, for example demo1."}
    )
    start = serializers.IntegerField(
        required=False,
        min_value=-_LAST_BASE,
        max_value=_LAST_BASE,
        help_text="0-based",
        error_messages={"invalid": "start must be a whole number of bases, counted from 0."},
    )
    end = serializers.IntegerField(
        required=False,
        min_value=-_LAST_BASE,
        max_value=_LAST_BASE,
        help_text="exclusive",
        error_messages={"invalid": "end must be a whole number of bases, counted from 0."},
    )
    limit = serializers.IntegerField(default=500, min_value=1, max_value=5_000)


@extend_schema_field(
    {
        "type": "array",
        "items": {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
    }
)
class SpansField(serializers.ListField):
    """[[start, end], ...], 0-based half-open."""


class TranscriptSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    exons = SpansField()
    cds = SpansField()


class GeneSerializer(serializers.Serializer[Any]):
    """0-based half-open."""

    id = serializers.CharField()
    name = serializers.CharField()
    chromosome = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    strand = serializers.ChoiceField(choices=["+", "-", "."])
    gene_type = serializers.CharField(allow_blank=True)
    transcripts = TranscriptSerializer(many=True)


class GenesSerializer(serializers.Serializer[Any]):
    genes = GeneSerializer(many=True)
    shown = serializers.IntegerField()
    total = serializers.IntegerField(help_text="of more than the limit, the longest are shown")


class GenesView(APIView):
    @extend_schema(
        operation_id="genome_genes", parameters=[GenesQuerySerializer], responses=GenesSerializer
    )
    def get(self, request: Request, assembly: str) -> Response:
        """Genes with at least one base in an interval, with their transcripts."""
        given = GenesQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        query = given.validated_data
        found = selectors.genes_in(
            assembly=find_assembly(assembly),
            chromosome=query["chromosome"],
            start=query.get("start"),
            end=query.get("end"),
            limit=query["limit"],
        )
        return Response(found, headers={"Cache-Control": "private, max-age=3600"})


@extend_schema_field({"type": "string", "enum": ["gene", "interval", "variant", "problem"]})
class SearchKindField(serializers.CharField):
    """What a search result is."""


class SearchProblemSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField(help_text="one sentence")
    swap = serializers.CharField(
        allow_null=True, help_text="the variant with REF and ALT exchanged, if that one agrees"
    )


class SearchResultSerializer(serializers.Serializer[Any]):
    kind = SearchKindField()
    label = serializers.CharField()  # type: ignore[assignment]
    sentence = serializers.CharField()
    interval = IntervalSerializer(allow_null=True, help_text="what to look at")
    variant = VariantSerializer(allow_null=True)
    problem = SearchProblemSerializer(allow_null=True)


class SearchResultsSerializer(serializers.Serializer[Any]):
    results = SearchResultSerializer(many=True)


class SearchQuerySerializer(serializers.Serializer[Any]):
    q = serializers.CharField(
        allow_blank=True,
        default="",
        max_length=100_000,
        help_text="a gene name or id or the beginning of one, demo1:10,000-42,768, or a variant",
    )
    limit = serializers.IntegerField(default=8, min_value=1, max_value=100)


class SearchView(APIView):
    @extend_schema(
        operation_id="genome_search",
        parameters=[SearchQuerySerializer],
        responses=SearchResultsSerializer,
    )
    def get(self, request: Request, assembly: str) -> Response:
        """What a text may mean: genes by the beginning of their names, a place, or a variant.

        Positions are 1-based as typed. A text that means nothing gives one result of kind
        `problem`.
        """
        given = SearchQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        results = selectors.search_results(
            assembly=find_assembly(assembly),
            text=given.validated_data["q"],
            limit=given.validated_data["limit"],
        )
        return Response({"results": results})
