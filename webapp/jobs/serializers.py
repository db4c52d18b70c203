"""The shapes of jobs in the API."""

from typing import Any

from rest_framework import serializers

from webapp.jobs.states import ChunkState, EventType, JobState, PartSource, PartState


class IntervalSerializer(serializers.Serializer[Any]):
    """0-based, half-open."""

    chromosome = serializers.CharField(max_length=100)
    start = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1)
    end = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1)
    strand = serializers.ChoiceField(choices=["+", "-", "."], default=".")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["end"] <= attrs["start"]:
            raise serializers.ValidationError(
                f"The interval ends at {attrs['end']}, not after its start {attrs['start']}."
            )
        return attrs


class VariantSerializer(serializers.Serializer[Any]):
    """`position` is 1-based, as in a VCF."""

    text = serializers.CharField()
    chromosome = serializers.CharField()
    position = serializers.IntegerField()
    reference_bases = serializers.CharField(allow_blank=True)
    alternate_bases = serializers.CharField(allow_blank=True)


class JobRequestSerializer(serializers.Serializer[Any]):
    project = serializers.UUIDField(required=False, help_text="default: the person's first project")
    engine = serializers.CharField(max_length=100)
    organism = serializers.CharField(max_length=20, help_text="human or mouse")
    variants = serializers.ListField(
        child=serializers.CharField(max_length=100_000), default=list, help_text="none: REF alone"
    )
    combine = serializers.BooleanField(
        default=False, help_text="all variants on one ALT haplotype, instead of one by one"
    )
    window = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, help_text="bp given to the model"
    )
    interval = IntervalSerializer(
        required=False, allow_null=True, help_text="the model's window, if not centred"
    )
    output_types = serializers.ListField(
        child=serializers.CharField(max_length=50),
        required=False,
        allow_null=True,
        help_text="names of the SDK; null: all that the cell types have",
    )
    ontology_curies = serializers.ListField(
        child=serializers.CharField(max_length=50),
        required=False,
        allow_null=True,
        help_text="cell types; null: all",
    )
    truth = serializers.BooleanField(
        default=False,
        help_text="also what is true of the same windows, by the simulator of the invented "
        "genome; engines on real genomes refuse it",
    )
    idempotency_key = serializers.CharField(
        required=False,
        max_length=100,
        help_text="the same key again gives the same job, not a second one",
    )


class UnderstoodRequestSerializer(serializers.Serializer[Any]):
    engine = serializers.CharField()
    organism = serializers.CharField()
    variants = serializers.ListField(child=serializers.CharField())
    combine = serializers.BooleanField()
    window = serializers.IntegerField()
    interval = IntervalSerializer(allow_null=True)
    output_types = serializers.ListField(child=serializers.CharField())
    ontology_curies = serializers.ListField(child=serializers.CharField(), allow_null=True)
    # Jobs of earlier versions do not say it.
    truth = serializers.BooleanField(default=False)
    warnings = serializers.ListField(
        child=serializers.CharField(),
        default=[],
        help_text="what is unusual about it and was done all the same, one sentence each",
    )


class EditSerializer(serializers.Serializer[Any]):
    """What ALT does to REF; an insertion lies between two bases (start = end)."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=["insertion", "deletion", "substitution"])
    length = serializers.IntegerField()


class JobErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class PartSerializer(serializers.Serializer[Any]):
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=PartSource.choices,
        help_text="the model's prediction, or the simulator's truth where it was asked for",
    )
    output_type = serializers.CharField()
    state = serializers.ChoiceField(choices=PartState.choices)
    key = serializers.CharField()
    resolution = serializers.IntegerField(help_text="bp per bin")
    levels = serializers.ListField(
        child=serializers.IntegerField(), help_text="bin sizes that can be read"
    )
    tracks = serializers.ListField(child=serializers.CharField(), help_text="track ids")


class ChunkSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    index = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ChunkState.choices)
    attempt = serializers.IntegerField()
    interval = IntervalSerializer()
    variants = VariantSerializer(many=True)
    edits = EditSerializer(many=True)
    error = JobErrorSerializer(allow_null=True)
    parts = PartSerializer(many=True)


class CountsSerializer(serializers.Serializer[Any]):
    chunks = serializers.IntegerField()
    chunks_finished = serializers.IntegerField()
    chunks_failed = serializers.IntegerField()
    parts = serializers.IntegerField()
    parts_complete = serializers.IntegerField()


class JobSummarySerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    project = serializers.UUIDField()
    state = serializers.ChoiceField(choices=JobState.choices)
    cancel_requested = serializers.BooleanField()
    engine = serializers.CharField()
    weights_digest = serializers.CharField()
    organism = serializers.CharField()
    assembly = serializers.CharField()
    window = serializers.IntegerField()
    created = serializers.DateTimeField()
    started = serializers.DateTimeField(allow_null=True)
    finished = serializers.DateTimeField(allow_null=True)
    last_seq = serializers.IntegerField(help_text="number of the last event")
    queue_position = serializers.IntegerField(
        allow_null=True, help_text="jobs that are served before; null once started"
    )
    counts = CountsSerializer()
    message = serializers.CharField(allow_blank=True)
    request = UnderstoodRequestSerializer()


class JobSummaryPageSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = JobSummarySerializer(many=True)


class JobSerializer(JobSummarySerializer):
    chunks = ChunkSerializer(many=True)


class EventSerializer(serializers.Serializer[Any]):
    seq = serializers.IntegerField(help_text="1, 2, 3 ... in each job")
    type = serializers.ChoiceField(choices=EventType.choices)
    time = serializers.DateTimeField()
    payload = serializers.JSONField()


class EventsSerializer(serializers.Serializer[Any]):
    events = EventSerializer(many=True)
    last_seq = serializers.IntegerField()
    resync = serializers.BooleanField(help_text="events are missing; fetch the job anew")
