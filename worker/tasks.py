"""What a ring of the doorbell does."""

import time

from django.conf import settings

from webapp.jobs.claims import claim_chunk
from webapp.jobs.doorbell import DRAIN_TASK, ring_workers
from worker import slot
from worker.app import app
from worker.chunks import run_chunk


@app.task(name=DRAIN_TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def drain() -> int:
    """Computes waiting chunks, one after the other, until there are none or the time is up.

    Short tasks keep the broker's idea of who has what close to the truth. Safe to run without
    cause, twice, or late: the claims in the database decide.

    Returns:
      How many chunks were computed.
    """
    here = slot.current()
    until = time.monotonic() + settings.JOB_DRAIN_SECONDS
    done = 0
    while not here.is_stopping():
        if time.monotonic() > until:
            ring_workers()
            break
        claimed = claim_chunk(
            owner=here.name,
            engines=here.models.claimable(),
            lease_seconds=settings.JOB_LEASE_SECONDS,
        )
        if claimed is None:
            break
        run_chunk(here, claimed)
        done += 1
    return done
