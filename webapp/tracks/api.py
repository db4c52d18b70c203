"""Engines, their tracks, and the examples to begin with."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.jobs.serializers import IntervalSerializer
from webapp.tracks import examples, selectors
from webapp.tracks.output_types import OUTPUT_TYPES


@extend_schema_field({"type": "string", "enum": list(OUTPUT_TYPES)})
class OutputTypeField(serializers.CharField):
    """Name of an output type in the SDK."""


@extend_schema_field({"type": "string", "enum": ["signal", "junctions", "contact_map"]})
class OutputKindField(serializers.CharField):
    """How an output type is drawn."""


@extend_schema_field({"type": "string", "enum": ["mean", "max"]})
class SummaryField(serializers.CharField):
    """How several bases become one bin."""


class EngineOrganismSerializer(serializers.Serializer[Any]):
    organism = serializers.CharField(help_text="human or mouse")
    assembly = serializers.CharField()
    title = serializers.CharField()
    output_types = serializers.ListField(child=serializers.CharField())


class WindowNeedSerializer(serializers.Serializer[Any]):
    window = serializers.IntegerField(help_text="bp")
    needed = serializers.IntegerField(help_text="bytes for REF and ALT with all tracks, estimated")
    fits = serializers.BooleanField()


class EngineMemorySerializer(serializers.Serializer[Any]):
    free = serializers.IntegerField(help_text="bytes, before a model is loaded")
    windows = WindowNeedSerializer(many=True, help_text="empty where the engine runs elsewhere")
    note = serializers.CharField(
        allow_blank=True, help_text="why the default window is not the usual one; or empty"
    )


class EngineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    installed = serializers.BooleanField()
    problem = serializers.CharField(allow_blank=True, help_text="why it cannot be used; or empty")
    install_command = serializers.CharField(help_text="the one command that installs it")
    invented = serializers.BooleanField(help_text="its results are about an invented genome")
    organisms = EngineOrganismSerializer(many=True)
    windows = serializers.ListField(child=serializers.IntegerField(), help_text="bp, ascending")
    default_window = serializers.IntegerField(help_text="the usual one, or a shorter one that fits")
    memory = EngineMemorySerializer()
    weights_digest = serializers.CharField(allow_null=True)
    output_types = serializers.ListField(child=serializers.CharField())


class EngineWithCardSerializer(EngineSerializer):
    card = serializers.DictField(
        allow_null=True, help_text="how the weights were made, and measured correlations"
    )


class EnginesView(APIView):
    @extend_schema(operation_id="engines", responses=EngineSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All engines; those that are not installed say why, and which command installs them."""
        return Response(selectors.engines())


class EngineView(APIView):
    @extend_schema(operation_id="engine", responses=EngineWithCardSerializer)
    def get(self, request: Request, name: str) -> Response:
        """One engine, with the card of its weights."""
        return Response(selectors.engine(name))


class TrackOutputTypeSerializer(serializers.Serializer[Any]):
    output_type = OutputTypeField()
    title = serializers.CharField()
    resolution = serializers.IntegerField(help_text="bp per bin")
    kind = OutputKindField()
    summary = SummaryField()
    unit = serializers.CharField()
    sentence = serializers.CharField(help_text="what it measures")
    tracks = serializers.IntegerField(help_text="how many there are")


class BiosampleSerializer(serializers.Serializer[Any]):
    ontology_curie = serializers.CharField()
    name = serializers.CharField()
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="tracks by output type"
    )


class TrackSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="such as DNASE/0")
    output_type = OutputTypeField()
    index = serializers.IntegerField()
    name = serializers.CharField()
    label = serializers.CharField(help_text="in plain words")  # type: ignore[assignment]
    strand = serializers.ChoiceField(choices=["+", "-", "."])
    ontology_curie = serializers.CharField(allow_blank=True)
    biosample_name = serializers.CharField(allow_blank=True)
    assay_title = serializers.CharField(allow_blank=True)
    histone_mark = serializers.CharField(allow_blank=True)
    transcription_factor = serializers.CharField(allow_blank=True)


class TracksSerializer(serializers.Serializer[Any]):
    output_types = TrackOutputTypeSerializer(many=True)
    biosamples = BiosampleSerializer(many=True)
    tracks = TrackSerializer(many=True)


class TracksView(APIView):
    @extend_schema(
        operation_id="engine_tracks",
        parameters=[
            OpenApiParameter(
                "organism", OpenApiTypes.STR, description="human or mouse", default="human"
            )
        ],
        responses=TracksSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        """What an engine can show for an organism; padding tracks are left out."""
        organism = request.query_params.get("organism", "human")
        return Response(selectors.tracks(engine_name=name, organism=organism))


class AlternativeSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    variants = serializers.ListField(child=serializers.CharField())


class ExampleSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    like = serializers.CharField(
        allow_blank=True, help_text="the real finding that it is built after"
    )
    engine = serializers.CharField()
    organism = serializers.CharField()
    assembly = serializers.CharField()
    variants = serializers.ListField(child=serializers.CharField())
    alternatives = AlternativeSerializer(many=True)
    interval = IntervalSerializer(help_text="what to look at")
    window = serializers.IntegerField(help_text="bp given to the model")
    output_types = serializers.ListField(child=serializers.CharField())
    ontology_curies = serializers.ListField(child=serializers.CharField())
    look_at = serializers.CharField(allow_blank=True, help_text="what to look for, in words")


class ExamplesView(APIView):
    @extend_schema(operation_id="examples", responses=ExampleSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Variants of the demo genome with a known answer."""
        return Response(examples.examples())
