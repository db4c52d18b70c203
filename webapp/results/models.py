"""What the result store holds. Who may read a part is decided by the jobs that asked for it."""

from django.db import models


class StoredPart(models.Model):
    """One output type of one window and one haplotype, by the hash of what determines it.

    A row is written after the files it speaks of are durable, so whatever a row lists is there.
    """

    class State(models.TextChoices):
        OVERVIEW = "overview", "overview"
        COMPLETE = "complete", "complete"

    class Kind(models.TextChoices):
        SIGNAL = "signal", "signal"
        CONTACT_MAP = "contact_map", "contact map"
        JUNCTIONS = "junctions", "junctions"

    key = models.CharField(max_length=64, primary_key=True)
    output_type = models.CharField(max_length=32)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices)
    # 0-based half-open.
    chromosome = models.CharField(max_length=100)
    start = models.BigIntegerField()
    end = models.BigIntegerField()
    resolution = models.PositiveIntegerField()
    has_alternate = models.BooleanField()
    # In the order of the stored columns; of junctions: all + rows, then all - rows.
    track_ids = models.JSONField(default=list)
    # Bin sizes in bp that are there, finest first.
    levels = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    bytes = models.PositiveBigIntegerField(default=0)
    created = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.output_type} of {self.chromosome}:{self.start + 1}-{self.end}"

    @property
    def is_complete(self) -> bool:
        return self.state == self.State.COMPLETE
