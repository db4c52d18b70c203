"""What a client does: takes a snapshot, then applies events to it."""

import copy
from typing import Any

from webapp.jobs.selectors import events_after, snapshot
from webapp.jobs.serializers import JobSerializer

_ENDS = {"job.finished": "finished", "job.failed": "failed", "job.cancelled": "cancelled"}
# What a client learns from a snapshot only.
_NOT_TOLD = ("started", "finished", "queue_position")


def seen(job) -> dict[str, Any]:
    """The job as the API shows it, as plain values."""
    answer = copy.deepcopy(dict(JobSerializer(snapshot(job)).data))
    for name in _NOT_TOLD:
        answer.pop(name)
    return answer


def apply(known: dict[str, Any], event: dict[str, Any]) -> None:
    """Changes `known` as the event says."""
    assert event["seq"] == known["last_seq"] + 1
    known["last_seq"] = event["seq"]
    kind, payload = event["type"], event["payload"]
    chunks = {chunk["id"]: chunk for chunk in known["chunks"]}
    chunk = chunks.get(payload.get("chunk"))
    if kind == "job.queued":
        known["state"], known["message"] = "queued", ""
    elif kind == "job.started":
        known["state"] = "running"
    elif kind == "job.cancel_requested":
        known["cancel_requested"] = True
    elif kind in _ENDS:
        known["state"], known["message"] = _ENDS[kind], payload["message"]
        if kind == "job.cancelled":
            for each in known["chunks"]:
                if each["state"] in ("queued", "running"):
                    each["state"] = "cancelled"
    elif kind == "chunk.queued":
        chunk["state"], chunk["error"] = "queued", None
    elif kind == "chunk.started":
        chunk["state"], chunk["attempt"] = "running", payload["attempt"]
    elif kind == "chunk.finished":
        chunk["state"] = "finished"
    elif kind == "chunk.failed":
        chunk["state"], chunk["error"] = "failed", payload["error"]
    elif kind == "part.published":
        part = next(p for p in chunk["parts"] if p["output_type"] == payload["output_type"])
        part["state"], part["levels"] = payload["level"], payload["levels"]
    known["counts"] = {
        "chunks": len(known["chunks"]),
        "chunks_finished": sum(c["state"] == "finished" for c in known["chunks"]),
        "chunks_failed": sum(c["state"] == "failed" for c in known["chunks"]),
        "parts": sum(len(c["parts"]) for c in known["chunks"]),
        "parts_complete": sum(
            p["state"] == "complete" for c in known["chunks"] for p in c["parts"]
        ),
    }


class Follower:
    """Checks, after every change, that events say the same as a refetch."""

    def __init__(self, job):
        self.job = job
        self.known = seen(job)

    def check(self) -> None:
        answer = events_after(job_pk=self.job.pk, after=self.known["last_seq"])
        assert not answer["resync"]
        for event in answer["events"]:
            apply(self.known, event)
        assert self.known == seen(self.job)
