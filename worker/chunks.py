"""Computes one chunk: load, predict, store part by part, record. Safe to run twice."""

import logging

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType

from predictor.errors import AllelensError
from predictor.tracks.output_types import parse_organism
from webapp.jobs.claims import (
    ClaimedChunk,
    StaleAttempt,
    fail_chunk,
    finish_chunk,
    record_part,
    release_chunk,
)
from webapp.jobs.models import Chunk, Job
from webapp.jobs.states import PartState
from webapp.results.services import publish
from worker.slot import Slot

_log = logging.getLogger("allelens.worker")

_UNEXPECTED = (
    "Something went wrong while this was computed; the worker's log has the details. "
    "Try it again later."
)


def run_chunk(slot: Slot, claimed: ClaimedChunk) -> None:
    """Computes a chunk to its end, whatever the end is."""
    slot.hold(claimed)
    try:
        _predict(slot, claimed)
        finish_chunk(claimed=claimed)
    except StaleAttempt:
        _log.info("Chunk %s was cancelled or taken over.", claimed.pk)
        _end(release_chunk, claimed=claimed, message="Stopped.")
    except AllelensError as error:
        _end(fail_chunk, claimed=claimed, code=error.code, message=error.message, permanent=True)
    except Chunk.DoesNotExist:
        _log.info("Chunk %s was deleted.", claimed.pk)
    except Exception:  # noqa: BLE001
        _log.exception("Chunk %s failed.", claimed.pk)
        _end(
            fail_chunk,
            claimed=claimed,
            code="prediction_failed",
            message=_UNEXPECTED,
            permanent=False,
        )
    finally:
        slot.let_go()


def _predict(slot: Slot, claimed: ClaimedChunk) -> None:
    chunk = Chunk.objects.select_related("job").get(pk=claimed.pk)
    job = chunk.job
    parts = {
        OutputType[part.output_type]: part
        for part in chunk.parts.exclude(state=PartState.COMPLETE).order_by("pk")
    }
    if not parts:
        return
    interval = Interval(chunk.chromosome, chunk.start, chunk.end)
    variants = [_variant(values) for values in chunk.variants]
    model = slot.models.get(job.engine, weights_digest=job.weights_digest)
    alleles = model.iter_alleles(
        interval,
        variants,
        organism=parse_organism(job.organism),
        requested_outputs=list(parts),
        ontology_terms=job.request["ontology_curies"],
    )
    for output_type, reference, alternate in alleles:
        part = parts[output_type]
        for published in publish(
            key=part.key,
            output_type=part.output_type,
            reference=reference,
            alternate=alternate,
            interval=interval,
            variants=variants,
            track_rows=part.tracks,
        ):
            slot.check_held()
            record_part(
                claimed=claimed,
                output_type=part.output_type,
                level=published.level,
                levels=published.levels,
            )


def _variant(values: dict[str, object]) -> Variant:
    return Variant(
        chromosome=str(values["chromosome"]),
        position=int(str(values["position"])),
        reference_bases=str(values["reference_bases"]),
        alternate_bases=str(values["alternate_bases"]),
    )


def _end(how: object, **arguments: object) -> None:
    """Records an end, unless somebody else has the chunk by now, or it was deleted."""
    assert callable(how)
    try:
        how(**arguments)
    except (StaleAttempt, Job.DoesNotExist):
        _log.info("The chunk %s is no longer ours.", arguments["claimed"])
