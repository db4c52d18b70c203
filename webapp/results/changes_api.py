"""What changes from REF to ALT, as JSON: one row a track."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.jobs.selectors import readable_chunk
from webapp.jobs.serializers import IntervalSerializer
from webapp.request_user import user_of
from webapp.results import selectors


class TrueChangeSerializer(serializers.Serializer[Any]):
    """The simulator's numbers: the same measure at the same bases, in the same unit."""

    reference = serializers.FloatField()
    alternate = serializers.FloatField()
    difference = serializers.FloatField(help_text="alternate − reference")
    log2_ratio = serializers.FloatField(allow_null=True, help_text="as that of the prediction")


class BackgroundSerializer(serializers.Serializer[Any]):
    """Where a change stands among those of common variants, and what noise can do."""

    scorer = serializers.CharField(
        help_text="what the background holds under this name: the row's output type and measure"
    )
    quantile = serializers.FloatField(
        allow_null=True,
        help_text="rank of the row's number (log2_ratio, or else difference) among those of common "
        "variants, -1 (falls most) to 1 (rises most); null for several variants at once, for an "
        "insertion or deletion where the background has none, and for what is the largest of the "
        "window (..._changed_most) where this window is not as long as those of the background",
    )
    noise_floor = serializers.FloatField(
        help_text="absolute numbers below it can come from the place of the window alone"
    )
    is_called = serializers.BooleanField(help_text="the change is not below the noise floor")


class ChangeSerializer(serializers.Serializer[Any]):
    track = serializers.CharField()
    output_type = serializers.CharField()
    biosample_name = serializers.CharField(allow_blank=True)
    ontology_curie = serializers.CharField(allow_blank=True)
    strand = serializers.CharField(allow_blank=True)
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="the track in plain words"
    )
    measure = serializers.CharField(
        help_text="what reference and alternate are: sum_501bp_at_variant, sum_2001bp_at_variant, "
        "sum_512bp_changed_most, base_changed_most, junction_changed_most, contact_changed_most"
    )
    reference = serializers.FloatField()
    alternate = serializers.FloatField()
    difference = serializers.FloatField(help_text="alternate − reference")
    log2_ratio = serializers.FloatField(
        allow_null=True,
        help_text="log2((1 + alternate) / (1 + reference)); null for probabilities and contacts",
    )
    strength = serializers.FloatField(help_text="what the rows are ordered by")
    unit = serializers.CharField()
    interval = IntervalSerializer(help_text="where it was measured")
    background = BackgroundSerializer(
        allow_null=True,
        help_text="null where the engine has no background, or it lacks this measure",
    )
    truth = TrueChangeSerializer(
        required=False,
        allow_null=True,
        help_text="where the job asked for the truth; null until it is there",
    )


class ChangesBackgroundSerializer(serializers.Serializer[Any]):
    label = serializers.CharField(  # type: ignore[assignment]
        help_text="what the common variants are"
    )
    variants = serializers.IntegerField(allow_null=True)
    indels = serializers.IntegerField(
        allow_null=True, help_text="how many of them are insertions or deletions"
    )
    window = serializers.IntegerField(allow_null=True, help_text="bp in which they were scored")


class ChangesModelSerializer(serializers.Serializer[Any]):
    engine = serializers.CharField()
    weights_digest = serializers.CharField()


class ChangesTruthSerializer(serializers.Serializer[Any]):
    parts = serializers.IntegerField(help_text="output types of the truth")
    parts_complete = serializers.IntegerField(help_text="of these are there as a whole")
    sentence = serializers.CharField(
        help_text="the strongest true change in words, wherever the simulator has it"
    )


class ChangesSerializer(serializers.Serializer[Any]):
    rows = ChangeSerializer(many=True, help_text="one per track, strongest change first")
    shown = serializers.IntegerField()
    total = serializers.IntegerField()
    parts = serializers.IntegerField(help_text="output types of this prediction")
    parts_complete = serializers.IntegerField(help_text="of these are there as a whole")
    model = ChangesModelSerializer()
    window = serializers.IntegerField(help_text="bp given to the model")
    sentence = serializers.CharField(
        help_text="the strongest change in words, leaving out what is below its noise floor"
    )
    background = ChangesBackgroundSerializer(
        allow_null=True, help_text="null where the engine has none"
    )
    truth = ChangesTruthSerializer(
        allow_null=True, help_text="null unless the job asked for the truth"
    )


class ChangesView(APIView):
    @extend_schema(
        operation_id="chunk_changes",
        parameters=[
            OpenApiParameter("limit", OpenApiTypes.INT, description="most rows", default=1_000)
        ],
        responses=ChangesSerializer,
    )
    def get(self, request: Request, chunk_id: str) -> Response:
        """What changes from REF to ALT, one row a track, of the parts that are there.

        ALT is aligned to REF. Tracks that do not change are rows too.
        """
        chunk = readable_chunk(user=user_of(request), chunk_id=chunk_id)
        limit = request.query_params.get("limit", "1000")
        if not (limit.isascii() and limit.isdigit() and int(limit) > 0):
            raise serializers.ValidationError({"limit": "limit must be a whole number above 0."})
        return Response(selectors.changes(chunk=chunk, limit=int(limit)))
