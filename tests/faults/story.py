"""What must hold of a finished job's events, whatever was killed on the way."""

import collections
import itertools
import json
import threading
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from tests.running_app import RunningApp, read_events, some_variants
from tests.until import until

_STARTS = itertools.count(40_000, 37)
ENDS = {"job.finished", "job.failed", "job.cancelled"}
OUTPUT_TYPES = ["DNASE", "CHIP_HISTONE", "SPLICE_JUNCTIONS"]


def submit(app: RunningApp, variants: int, **more: Any) -> dict[str, Any]:
    answer = app.post(
        "/api/jobs/",
        {
            "engine": "demo",
            "organism": "human",
            # Different ones for each job: what is stored already would not be computed.
            "variants": some_variants(app, variants, start=next(_STARTS)),
            "window": 16384,
            "output_types": OUTPUT_TYPES,
            **more,
        },
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


def count(events: list[dict[str, Any]], kind: str) -> int:
    return sum(event["type"] == kind for event in events)


def wait_for_middle(app: RunningApp, job_id: str, *, chunks: int = 3) -> None:
    """Returns in the middle of a chunk, with some chunks done and others waiting."""

    def in_the_middle() -> bool:
        events = read_events(app, job_id)
        assert not events or events[-1]["type"] not in ENDS, "the job ended before its middle"
        return count(events, "chunk.finished") >= chunks and events[-1]["type"] == "part.published"

    until(in_the_middle, 600, what="the middle of the job", pause=0.02)


def wait_for_end(app: RunningApp, job_id: str, timeout: float = 900) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job = app.get(f"/api/jobs/{job_id}/").json()
        return job if f"job.{job['state']}" in ENDS else None

    try:
        return until(ended, timeout, what="the end of the job", pause=0.2)
    except TimeoutError as error:
        raise AssertionError(f"{error}\n{app.logs()}") from error


def assert_computed_once(job: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """Every part was published once, every chunk finished once, the numbers have no gap."""
    assert job["state"] == "finished", job["message"]
    assert [event["seq"] for event in events] == list(range(1, job["last_seq"] + 1))
    assert all(chunk["state"] == "finished" for chunk in job["chunks"])
    assert all(part["state"] == "complete" for chunk in job["chunks"] for part in chunk["parts"])
    complete = collections.Counter(
        (event["payload"]["chunk"], event["payload"]["output_type"])
        for event in events
        if event["type"] == "part.published" and event["payload"]["level"] == "complete"
    )
    assert set(complete.values()) == {1}
    assert len(complete) == sum(len(chunk["parts"]) for chunk in job["chunks"])
    finished = [event["payload"]["chunk"] for event in events if event["type"] == "chunk.finished"]
    assert sorted(finished) == sorted(chunk["id"] for chunk in job["chunks"])
    assert count(events, "job.finished") == 1


class SocketClient(threading.Thread):
    """Follows a job over the socket, as a page does: after a loss it asks for what it lacks.

    Attributes:
      events: in the order in which they came.
      losses: how often the connection was lost, or could not be made.
    """

    def __init__(self, app: RunningApp, job_id: str):
        super().__init__(daemon=True)
        self.app, self.job_id = app, job_id
        self.events: list[dict[str, Any]] = []
        self.losses = 0
        self.stopped = threading.Event()

    def run(self) -> None:
        while not self.stopped.is_set() and not self.ended:
            try:
                self._follow()
            except (OSError, WebSocketException):
                self.losses += 1
                self.stopped.wait(0.1)

    @property
    def ended(self) -> bool:
        return bool(self.events) and self.events[-1]["type"] in ENDS

    def _follow(self) -> None:
        after = self.events[-1]["seq"] if self.events else 0
        cookies = "; ".join(f"{name}={value}" for name, value in self.app.cookies.items())
        with connect(
            f"{self.app.socket_url}/ws/jobs/{self.job_id}/?after={after}",
            origin=self.app.url,
            additional_headers={"Cookie": cookies} if cookies else None,
            open_timeout=20,
        ) as socket:
            while not self.ended and not self.stopped.is_set():
                frame = json.loads(socket.recv(timeout=60))
                self.events += frame.get("events", [])
