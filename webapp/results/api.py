"""Results of a chunk: signals and contact maps as float32 bytes, junctions as JSON."""

import json
from typing import Any

import numpy as np
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from predictor.errors import AllelensError
from webapp.jobs.selectors import readable_chunk
from webapp.jobs.states import PartSource
from webapp.negotiation import AnyAccept
from webapp.request_user import user_of
from webapp.results import selectors
from webapp.results.signals import PLANES, Block, View

MAX_TRACKS = 200
MAX_BINS = 20_000
_LAYOUT = "X-Allelens-Layout"
_LAST_BASE = 2**31 - 1
_FOREVER = "private, max-age=31536000, immutable"


class NotReadyError(AllelensError):
    """The result is still being computed."""

    code = "not_ready"


def _base(name: str, **options: Any) -> serializers.IntegerField:
    return serializers.IntegerField(
        min_value=-_LAST_BASE,
        max_value=_LAST_BASE,
        error_messages={
            "invalid": f"{name} must be a whole number of bases, counted from 0.",
            "min_value": f"{name} lies beyond any chromosome.",
            "max_value": f"{name} lies beyond any chromosome.",
        },
        **options,
    )


class SourceSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        default=PartSource.PREDICTION.value,
        help_text="prediction, or truth: the simulator's, where the job asked for it",
    )

    def validate_source(self, value: str) -> str:
        if value not in PartSource.values:
            raise serializers.ValidationError(
                f'There is no source "{value}"; choose {" or ".join(PartSource.values)}.'
            )
        return value


class SignalQuerySerializer(SourceSerializer):
    tracks = serializers.CharField(
        help_text=f"ids such as `DNASE/0,RNA_SEQ/1`, separated by commas; at most {MAX_TRACKS}",
        error_messages={
            "required": "tracks is missing; name at least one track, for example tracks=DNASE/0.",
            "blank": "tracks is empty; name at least one track, for example tracks=DNASE/0.",
        },
    )
    planes = serializers.CharField(
        default="reference,alternate",
        help_text="some of reference, alternate, difference_max, difference_min; "
        "differences are ALT−REF",
    )
    start = _base("start", required=False, help_text="0-based; default: the predicted interval")
    end = _base("end", required=False, help_text="exclusive")
    max_bins = serializers.IntegerField(
        default=2_000,
        min_value=1,
        max_value=MAX_BINS,
        help_text="as many as the view has pixels",
        error_messages={
            "invalid": "max_bins must be a whole number.",
            "min_value": "max_bins must be at least 1.",
            "max_value": f"max_bins may be at most {MAX_BINS:,}.",
        },
    )
    summary = serializers.CharField(
        default="auto", help_text="how bases share a bin: mean, max, or auto (as the output type)"
    )

    def validate_tracks(self, value: str) -> list[str]:
        tracks = list(dict.fromkeys(track.strip() for track in value.split(",") if track.strip()))
        if not tracks:
            raise serializers.ValidationError(
                "tracks is empty; name at least one track, for example tracks=DNASE/0."
            )
        if len(tracks) > MAX_TRACKS:
            raise serializers.ValidationError(
                f"{len(tracks)} tracks were asked for at once; ask for at most {MAX_TRACKS}."
            )
        return tracks

    def validate_planes(self, value: str) -> list[str]:
        planes = list(dict.fromkeys(plane.strip() for plane in value.split(",") if plane.strip()))
        for plane in planes:
            if plane not in PLANES:
                raise serializers.ValidationError(
                    f'There is no plane "{plane}"; choose from {", ".join(PLANES)}.'
                )
        if not planes:
            raise serializers.ValidationError(f"planes is empty; choose from {', '.join(PLANES)}.")
        return planes

    def validate_summary(self, value: str) -> str:
        if value not in ("auto", "mean", "max"):
            raise serializers.ValidationError(
                f'There is no summary "{value}"; choose auto, mean or max.'
            )
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _check_order(attrs)


def _check_order(attrs: dict[str, Any]) -> dict[str, Any]:
    start, end = attrs.get("start"), attrs.get("end")
    if start is not None and end is not None and end <= start:
        raise serializers.ValidationError(
            {"end": f"The view ends at {end}, which is not after its start {start}."}
        )
    return attrs


def _layout_header(description: str) -> OpenApiParameter:
    return OpenApiParameter(
        _LAYOUT,
        OpenApiTypes.STR,
        OpenApiParameter.HEADER,
        description=description,
        response=[200],
    )


def _bytes(
    values: bytes, layout: dict[str, Any], *, request: Request, tag: str | None
) -> HttpResponse:
    """The answer, or 304 where the reader has it already."""
    if tag is not None and f'"{tag}"' in request.headers.get("If-None-Match", ""):
        answer = HttpResponse(status=304)
    else:
        answer = HttpResponse(values, content_type="application/octet-stream")
        answer[_LAYOUT] = json.dumps(layout, separators=(",", ":"))
    if tag is None:
        answer["Cache-Control"] = "no-store"
    else:
        answer["ETag"] = f'"{tag}"'
        answer["Cache-Control"] = _FOREVER
    return answer


class SignalView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="chunk_signal",
        parameters=[
            SignalQuerySerializer,
            _layout_header(
                "JSON: `blocks` [{output_type, tracks, planes, start, bin, bins, offset}] and "
                "`missing` (ids of tracks that are not there yet). A block holds "
                "[planes, tracks, bins] values in C order from `offset` (counted in values) on; "
                "its first bin starts at base `start` (0-based) and each is `bin` bp wide."
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description="float32, little-endian"
            )
        },
    )
    def get(self, request: Request, chunk_id: str) -> HttpResponse:
        """Values of many signal tracks in a view, at the resolution of the view.

        ALT is aligned to REF. Predictions of the reference alone have only its plane.
        """
        chunk = readable_chunk(user=user_of(request), chunk_id=chunk_id)
        given = SignalQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        query = given.validated_data
        start = query.get("start", min(chunk.start, query.get("end", chunk.start + 1) - 1))
        end = query.get("end", max(chunk.end, start + 1))
        found = selectors.signal(
            chunk=chunk,
            tracks=query["tracks"],
            planes=query["planes"],
            view=View(start, end, query["max_bins"]),
            summary=query["summary"],
            source=query["source"],
        )
        layout, values = _laid_out(found.blocks)
        return _bytes(
            values, {"blocks": layout, "missing": found.missing}, request=request, tag=found.tag
        )


def _laid_out(blocks: list[Block]) -> tuple[list[dict[str, Any]], bytes]:
    layout, pieces, offset = [], [], 0
    for block in blocks:
        layout.append(
            {
                "output_type": block.output_type,
                "tracks": block.tracks,
                "planes": block.planes,
                "start": block.start,
                "bin": block.bin,
                "bins": block.values.shape[-1],
                "offset": offset,
            }
        )
        pieces.append(np.ascontiguousarray(block.values, "<f4").tobytes())
        offset += block.values.size
    return layout, b"".join(pieces)


class ContactMapQuerySerializer(SourceSerializer):
    track = serializers.CharField(
        help_text="such as CONTACT_MAPS/0",
        error_messages=dict.fromkeys(
            ("required", "blank"), "track is missing; name one, for example track=CONTACT_MAPS/0."
        ),
    )


class ContactMapView(APIView):
    renderer_classes: list[type[BaseRenderer]] = [JSONRenderer]
    content_negotiation_class = AnyAccept

    @extend_schema(
        operation_id="chunk_contact_map",
        parameters=[
            ContactMapQuerySerializer,
            _layout_header(
                "JSON: `alleles` (reference, and alternate where there is one), `start` (0-based), "
                "`bin` in bp, `bins`."
            ),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(
                OpenApiTypes.BINARY, description="float32, little-endian, [alleles, bins, bins]"
            )
        },
    )
    def get(self, request: Request, chunk_id: str) -> HttpResponse:
        """A whole contact map of each allele; 409 `not_ready` until it is there."""
        chunk = readable_chunk(user=user_of(request), chunk_id=chunk_id)
        given = ContactMapQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        found = selectors.contact_map(chunk=chunk, **given.validated_data)
        if found is None:
            raise NotReadyError("The contact map is still being computed; ask again in a moment.")
        alleles = ["reference", "alternate"][: found.values.shape[0]]
        layout = {
            "alleles": alleles,
            "start": found.start,
            "bin": found.bin,
            "bins": found.values.shape[-1],
        }
        values = np.ascontiguousarray(found.values, "<f4").tobytes()
        return _bytes(values, layout, request=request, tag=found.tag)


class JunctionsQuerySerializer(SourceSerializer):
    tracks = serializers.CharField(
        required=False,
        help_text="track ids such as `SPLICE_JUNCTIONS/0`, separated by commas; default: all",
    )
    start = _base("start", required=False, help_text="0-based; default: everything")
    end = _base("end", required=False, help_text="exclusive")
    min_value = serializers.FloatField(
        default=0.05,
        help_text="junctions below it in all tracks and both alleles are left out",
        error_messages={"invalid": "min_value must be a number."},
    )
    limit = serializers.IntegerField(
        default=2_000,
        min_value=1,
        max_value=20_000,
        error_messages={"invalid": "limit must be a whole number."},
    )

    def validate_tracks(self, value: str) -> list[str]:
        return [track.strip() for track in value.split(",") if track.strip()]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return _check_order(attrs)


class JunctionValueSerializer(serializers.Serializer[Any]):
    track = serializers.CharField()
    reference = serializers.FloatField()
    alternate = serializers.FloatField(allow_null=True)


class JunctionSerializer(serializers.Serializer[Any]):
    """An intron: first base and one past the last, 0-based half-open."""

    chromosome = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    strand = serializers.ChoiceField(choices=["+", "-", "."])
    values = JunctionValueSerializer(many=True, help_text="of the tracks on its strand")


class JunctionsSerializer(serializers.Serializer[Any]):
    junctions = JunctionSerializer(many=True, help_text="most used first")
    shown = serializers.IntegerField()
    total = serializers.IntegerField()
    tracks = serializers.ListField(child=serializers.CharField())


class JunctionsView(APIView):
    @extend_schema(
        operation_id="chunk_junctions",
        parameters=[JunctionsQuerySerializer],
        responses=JunctionsSerializer,
    )
    def get(self, request: Request, chunk_id: str) -> Response:
        """Splice junctions of both alleles in a view; 409 `not_ready` until they are there."""
        chunk = readable_chunk(user=user_of(request), chunk_id=chunk_id)
        given = JunctionsQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        query = given.validated_data
        found = selectors.junctions(
            chunk=chunk,
            tracks=query.get("tracks") or None,
            start=query.get("start"),
            end=query.get("end"),
            min_value=query["min_value"],
            limit=query["limit"],
            source=query["source"],
        )
        if found is None:
            raise NotReadyError("The junctions are still being computed; ask again in a moment.")
        return Response(found, headers={"Cache-Control": _FOREVER})
