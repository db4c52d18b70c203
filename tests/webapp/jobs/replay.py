"""What a client does: takes a snapshot, then applies events to it."""

import copy
from typing import Any

from webapp.jobs.selectors import events_after, snapshot
from webapp.jobs.serializers import JobSerializer

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
    what, _, how = event["type"].partition(".")
    payload = event["payload"]
    if what == "job":
        _apply_to_job(known, how, payload)
    elif what == "chunk":
        _apply_to_chunk(_chunk(known, payload), how, payload)
    elif what == "part":
        parts = _chunk(known, payload)["parts"]
        named = (payload["source"], payload["output_type"])
        part = next(p for p in parts if (p["source"], p["output_type"]) == named)
        part["state"], part["levels"] = payload["level"], payload["levels"]
    states = [chunk["state"] for chunk in known["chunks"]]
    parts = [part["state"] for chunk in known["chunks"] for part in chunk["parts"]]
    known["counts"] = {
        "chunks": len(states),
        "chunks_finished": states.count("finished"),
        "chunks_failed": states.count("failed"),
        "parts": len(parts),
        "parts_complete": parts.count("complete"),
    }


def _chunk(known: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    return next(chunk for chunk in known["chunks"] if chunk["id"] == payload["chunk"])


def _apply_to_job(known: dict[str, Any], how: str, payload: dict[str, Any]) -> None:
    if how == "cancel_requested":
        known["cancel_requested"] = True
        return
    known["state"] = "running" if how == "started" else how
    known["message"] = payload.get("message", "")
    if how == "cancelled":
        for chunk in known["chunks"]:
            if chunk["state"] in ("queued", "running"):
                chunk["state"] = "cancelled"


def _apply_to_chunk(chunk: dict[str, Any], how: str, payload: dict[str, Any]) -> None:
    chunk["state"] = "running" if how == "started" else how
    chunk["attempt"] = payload.get("attempt", chunk["attempt"])
    chunk["error"] = payload.get("error")


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
