"""The report on an engine, as `python -m predictor evaluate` wrote it beside the weights."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.tracks import selectors

_EFFECT = "by cell type; one value without a name where the modality has none"


class ReportCardSerializer(serializers.Serializer[Any]):
    what = serializers.CharField(required=False)
    command = serializers.CharField(required=False)
    seed = serializers.IntegerField(required=False)
    commit = serializers.CharField(required=False)
    history = serializers.CharField(required=False)
    parameters = serializers.IntegerField(required=False)
    steps = serializers.IntegerField(required=False)
    wall_seconds = serializers.IntegerField(required=False)
    cpu_seconds = serializers.IntegerField(required=False)


class ReportEvaluationSerializer(serializers.Serializer[Any]):
    command = serializers.CharField()
    commit = serializers.CharField()
    seed = serializers.IntegerField(help_text="of the held-out variants")
    settings_seed = serializers.IntegerField(help_text="on which settings were compared")
    tests_seed = serializers.IntegerField(help_text="of the tests of the repository")
    protocol = serializers.CharField()


class ReportSummarySerializer(serializers.Serializer[Any]):
    passed = serializers.IntegerField()
    asked = serializers.IntegerField()
    missed = serializers.ListField(child=serializers.CharField())


class TrackFigureSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    strand = serializers.ChoiceField(choices=["+", "-", "."])
    measured = serializers.FloatField()


class ReadoutRowSerializer(serializers.Serializer[Any]):
    readout = serializers.CharField()
    measure = serializers.CharField()
    n = serializers.IntegerField(help_text="entries")
    measured = serializers.FloatField()
    target = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField(allow_null=True)
    tracks = TrackFigureSerializer(many=True)


class OrganismReportSerializer(serializers.Serializer[Any]):
    organism = serializers.CharField()
    assembly = serializers.CharField()
    chromosomes = serializers.ListField(child=serializers.CharField())
    windows = serializers.IntegerField()
    window = serializers.IntegerField(help_text="bp")
    rows = ReadoutRowSerializer(many=True)


class StratumRowSerializer(serializers.Serializer[Any]):
    stratum = serializers.CharField()
    n = serializers.IntegerField()
    sign_accuracy = serializers.FloatField(allow_null=True)
    pearson = serializers.FloatField(allow_null=True)
    threshold_sign = serializers.FloatField(allow_null=True)
    threshold_pearson = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField()
    percentile_95 = serializers.FloatField(required=False)
    median_site_broken = serializers.FloatField(required=False)
    limit = serializers.FloatField(required=False)


class ShowcaseRowSerializer(serializers.Serializer[Any]):
    locus = serializers.CharField()
    locus_title = serializers.CharField()
    variant = serializers.CharField()
    change = serializers.CharField()
    title = serializers.CharField()
    output_type = serializers.CharField()
    target = serializers.CharField(allow_blank=True, help_text="histone mark or factor")
    where = serializers.CharField(allow_blank=True, help_text="gene; at the variant where empty")
    cell_types = serializers.ListField(child=serializers.CharField())
    direction = serializers.ChoiceField(choices=[-1, 0, 1])
    truth = serializers.DictField(child=serializers.FloatField(), help_text=_EFFECT)
    predicted = serializers.DictField(child=serializers.FloatField(), help_text=_EFFECT)
    passed = serializers.BooleanField()


class EnhancerRanksSerializer(serializers.Serializer[Any]):
    truth = serializers.ListField(child=serializers.FloatField())
    predicted = serializers.ListField(child=serializers.FloatField())
    passed = serializers.BooleanField()


class AlleleScoreSerializer(serializers.Serializer[Any]):
    change = serializers.CharField()
    truth = serializers.FloatField()
    predicted = serializers.FloatField()


class BackgroundAllelesSerializer(serializers.Serializer[Any]):
    locus = serializers.CharField()
    below = serializers.FloatField(help_text="share below the smallest activating insertion")
    p = serializers.FloatField(help_text="of the one-sided rank test")
    passed = serializers.BooleanField()
    activating = AlleleScoreSerializer(many=True)
    background = AlleleScoreSerializer(many=True)


class ShowcaseReportSerializer(serializers.Serializer[Any]):
    rows = ShowcaseRowSerializer(many=True)
    enhancers = EnhancerRanksSerializer()
    background = BackgroundAllelesSerializer()


class PropertyRowSerializer(serializers.Serializer[Any]):
    property = serializers.CharField()
    measure = serializers.CharField()
    measured = serializers.FloatField()
    relation = serializers.ChoiceField(choices=[">=", "<="])
    tolerance = serializers.FloatField()
    passed = serializers.BooleanField()


class LimitSerializer(serializers.Serializer[Any]):
    title = serializers.CharField()
    sentence = serializers.CharField()


class ReportSerializer(serializers.Serializer[Any]):
    engine = serializers.CharField()
    weights_digest = serializers.CharField()
    card = ReportCardSerializer()
    evaluation = ReportEvaluationSerializer()
    summary = ReportSummarySerializer()
    organisms = OrganismReportSerializer(many=True)
    strata = StratumRowSerializer(many=True)
    showcase = ShowcaseReportSerializer()
    properties = PropertyRowSerializer(many=True)
    limits = LimitSerializer(many=True)


class EngineReportSerializer(serializers.Serializer[Any]):
    report = ReportSerializer(allow_null=True, help_text="null where none was made")
    current = serializers.BooleanField(
        help_text="the report was made of the weights that are installed now"
    )
    command = serializers.CharField(
        allow_blank=True, help_text="makes the report; empty where the truth is not known"
    )


class EngineReportView(APIView):
    @extend_schema(operation_id="engine_report", responses=EngineReportSerializer)
    def get(self, request: Request, name: str) -> Response:
        """What an engine of the demo genome was measured to be worth."""
        return Response(selectors.engine_report(name))
