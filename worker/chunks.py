"""Computes one chunk: load, predict, store part by part, record. Safe to run twice."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from alphagenome.data.genome import Interval
from alphagenome.models.dna_output import OutputType

from predictor.engines import waiting
from predictor.engines.out_of_memory import is_out_of_memory
from predictor.errors import AllelensError, NotEnoughMemoryError, ServiceBusyError
from predictor.tracks.output_types import parse_organism
from webapp.jobs.claims import (
    ClaimedChunk,
    StaleAttempt,
    fail_chunk,
    finish_chunk,
    note_on_job,
    record_part,
    release_chunk,
)
from webapp.jobs.models import Chunk, ChunkPart, Job
from webapp.jobs.plan import variant_of
from webapp.jobs.states import PartSource, PartState
from webapp.results.services import publish
from worker.slot import Slot
from worker.truth import truth_of

_log = logging.getLogger("allelens.worker")

_REST_SECONDS = 60.0
_UNEXPECTED = (
    "Something went wrong while this was computed; the worker's log has the details. "
    "Try it again later."
)

_OUT_OF_MEMORY = (
    "The worker's memory was not enough to keep these results; choose a shorter window, fewer "
    "output types or fewer cell types."
)


def run_chunk(slot: Slot, claimed: ClaimedChunk) -> None:
    """Computes a chunk to its end, whatever the end is."""
    try:
        chunk = Chunk.objects.get(pk=claimed.pk)
        slot.hold(claimed, chunk.end - chunk.start)
        with waiting.listening(_Waiting(slot, claimed)):
            _compute(slot, claimed)
        finish_chunk(claimed=claimed)
    except StaleAttempt:
        _log.info("Chunk %s was cancelled or taken over.", claimed.pk)
        _end(release_chunk, claimed=claimed, message="Stopped.")
    except ServiceBusyError as error:
        # Not a failure, and not counted as one; until it is claimed again, others get their turn.
        slot.models.rest(_engine_of(claimed), _REST_SECONDS)
        _end(release_chunk, claimed=claimed, message=error.message)
    except AllelensError as error:
        _end(fail_chunk, claimed=claimed, code=error.code, message=error.message, permanent=True)
    except Chunk.DoesNotExist:
        _log.info("Chunk %s was deleted.", claimed.pk)
    except Exception as error:  # noqa: BLE001
        _log.exception("Chunk %s failed.", claimed.pk)
        if is_out_of_memory(error):
            code, message = NotEnoughMemoryError.code, _OUT_OF_MEMORY
        else:
            code, message = "prediction_failed", _UNEXPECTED
        _end(
            fail_chunk,
            claimed=claimed,
            code=code,
            message=message,
            # Another try would need as much memory as this one.
            permanent=code == NotEnoughMemoryError.code,
        )
    finally:
        slot.let_go()


class _Waiting:
    """Tells a job's story that its engine waits; see `predictor.engines.waiting`."""

    def __init__(self, slot: Slot, claimed: ClaimedChunk):
        self._slot, self._claimed = slot, claimed

    def waits(self, message: str) -> None:
        note_on_job(claimed=self._claimed, message=message)

    def check(self) -> None:
        self._slot.check_held()


def _engine_of(claimed: ClaimedChunk) -> str:
    return Job.objects.values_list("engine", flat=True).get(pk=claimed.job_pk)


def _compute(slot: Slot, claimed: ClaimedChunk) -> None:
    """The prediction first: people wait for it, and the truth is there to be compared with it."""
    chunk = Chunk.objects.select_related("job").get(pk=claimed.pk)
    for source, find in _SOURCES.items():
        parts = {
            OutputType[part.output_type]: part
            for part in chunk.parts.filter(source=source)
            .exclude(state=PartState.COMPLETE)
            .order_by("pk")
        }
        if parts:
            _publish(slot, claimed, chunk, parts, find(slot, chunk, parts))


_Alleles = Iterator[tuple[OutputType, Any, Any]]


def _predicted(slot: Slot, chunk: Chunk, parts: Mapping[OutputType, ChunkPart]) -> _Alleles:
    job = chunk.job
    model = slot.models.get(job.engine, weights_digest=job.weights_digest)
    return model.iter_alleles(
        Interval(chunk.chromosome, chunk.start, chunk.end),
        [variant_of(values) for values in chunk.variants],
        organism=parse_organism(job.organism),
        requested_outputs=list(parts),
        ontology_terms=job.request["ontology_curies"],
    )


_SOURCES: dict[PartSource, Callable[[Slot, Chunk, Mapping[OutputType, ChunkPart]], _Alleles]] = {
    PartSource.PREDICTION: _predicted,
    PartSource.TRUTH: lambda _, chunk, parts: truth_of(chunk, parts),
}


def _publish(
    slot: Slot,
    claimed: ClaimedChunk,
    chunk: Chunk,
    parts: Mapping[OutputType, ChunkPart],
    alleles: _Alleles,
) -> None:
    for output_type, reference, alternate in alleles:
        part = parts[output_type]
        for published in publish(
            key=part.key,
            output_type=part.output_type,
            reference=reference,
            alternate=alternate,
            interval=Interval(chunk.chromosome, chunk.start, chunk.end),
            variants=[variant_of(values) for values in chunk.variants],
            track_rows=part.tracks,
        ):
            slot.check_held()
            record_part(
                claimed=claimed,
                source=part.source,
                output_type=part.output_type,
                level=published.level,
                levels=published.levels,
            )


def _end(how: object, **arguments: object) -> None:
    """Records an end, unless somebody else has the chunk by now, or it was deleted."""
    assert callable(how)
    try:
        how(**arguments)
    except (StaleAttempt, Job.DoesNotExist):
        _log.info("The chunk %s is no longer ours.", arguments["claimed"])
