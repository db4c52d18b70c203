"""Latency of the signal endpoint: 50 tracks, REF and ALT, at the widest view and at 2 kb.

The part is synthetic, 1,048,576 bp × 50 tracks, and stored by the same `publish` as any other.
Requests go through the whole of Django (sign-in, permission, database), without a network.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.data.track_data import TrackData

from benchmarks.table import Row

ROOT = Path(__file__).parent.parent

WIDTH = 1_048_576
NUM_TRACKS = 50
REPEATS = 60
# View width in bp, and what the project asks for.
VIEWS = {WIDTH: "p95 at most 50 ms", 100_000: "", 20_000: "", 2_000: "p95 at most 50 ms"}
MAX_BINS = 2_000


def measure() -> list[Row]:
    """Rows for the table of all benchmarks."""
    result = measure_endpoint()
    rows = [
        Row(f"storing {NUM_TRACKS} tracks of 1 Mb, {step}", seconds, "s")
        for step, seconds in result["publish_s"].items()
    ]
    for view, aim in VIEWS.items():
        numbers = result["views"][str(view)]
        name = f"{NUM_TRACKS} tracks, view of {view:,} bp"
        rows.append(Row(f"{name}, median", numbers["median_ms"], "ms"))
        rows.append(Row(f"{name}, p95", numbers["p95_ms"], "ms", aim))
    return rows


def measure_endpoint() -> dict[str, Any]:
    """Stores a synthetic part and asks for views of it at random places.

    Runs in a process of its own, with a data folder that is thrown away.

    Returns:
      `publish_s`: seconds until the overview and the whole are durable; `views`: for each view
      width `median_ms`, `p95_ms`, and `kilobytes` of one answer.
    """
    with tempfile.TemporaryDirectory() as data:
        environment = {
            **os.environ,
            "ALLELENS_HOME": data,
            "DJANGO_SETTINGS_MODULE": "webapp.settings.embedded",
        }
        command = [sys.executable, "-m", "benchmarks.signal_endpoint", "--here"]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def _measure_here() -> dict[str, Any]:
    import django

    django.setup()

    from django.core.management import call_command
    from rest_framework.test import APIClient

    from webapp.accounts.models import User
    from webapp.jobs.models import Chunk, ChunkPart, Job
    from webapp.projects.services import create_project

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("benchmark")
    job = Job.objects.create(
        project=create_project(user=user, title="benchmark"),
        created_by=user,
        engine="demo",
        weights_digest="",
        organism="human",
        assembly="demoH1",
        window=WIDTH,
        request={},
    )
    chunk = Chunk.objects.create(job=job, index=0, chromosome="demo1", start=0, end=WIDTH)
    ids = [f"RNA_SEQ/{index}" for index in range(NUM_TRACKS)]
    ChunkPart.objects.create(
        chunk=chunk, output_type="RNA_SEQ", key="b" * 64, resolution=1, tracks=ids
    )
    seconds = _publish("b" * 64, ids)
    client = APIClient(HTTP_HOST="localhost")
    client.force_authenticate(user)
    url = f"/api/chunks/{chunk.uuid}/signal/"
    return {"publish_s": seconds, "views": {view: _ask(client, url, ids, view) for view in VIEWS}}


def _publish(key: str, ids: list[str]) -> dict[str, float]:
    from webapp.results.services import publish

    reference, alternate = _synthetic()
    begin, seconds = time.perf_counter(), {}
    for step in publish(
        key=key,
        output_type="RNA_SEQ",
        reference=reference,
        alternate=alternate,
        interval=Interval("demo1", 0, WIDTH),
        variants=[Variant("demo1", WIDTH // 2, "A", "C")],
        track_rows=ids,
    ):
        seconds[step.level] = time.perf_counter() - begin
    return seconds


def _synthetic() -> tuple[TrackData, TrackData]:
    """Never zero, noise on several scales, exact in bfloat16: no easier than real output."""
    random = np.random.default_rng(0)
    metadata = pd.DataFrame({"name": [f"D-{i}" for i in range(NUM_TRACKS)], "strand": "."})
    coarse = random.gamma(0.5, size=(WIDTH // 64, NUM_TRACKS)).astype(np.float32)
    reference = coarse.repeat(64, axis=0)
    reference *= random.random(reference.shape, np.float32)
    alternate = reference * (1 + 0.1 * random.random(reference.shape, np.float32))
    reference, alternate = (
        TrackData((values.view(np.uint32) & 0xFFFF0000).view(np.float32), metadata)
        for values in (reference, alternate)
    )
    return reference, alternate


def _ask(client: Any, url: str, ids: list[str], view: int) -> dict[str, float]:
    random = np.random.default_rng(view)
    milliseconds = []
    for repeat in range(REPEATS + 3):
        start = int(random.integers(0, WIDTH - view + 1))
        query = {
            "tracks": ",".join(ids),
            "planes": "reference,alternate",
            "start": start,
            "end": start + view,
            "max_bins": MAX_BINS,
        }
        begin = time.perf_counter()
        answer = client.get(url, query)
        elapsed = 1e3 * (time.perf_counter() - begin)
        assert answer.status_code == 200
        if repeat >= 3:
            milliseconds.append(elapsed)
    return {
        "median_ms": statistics.median(milliseconds),
        "p95_ms": statistics.quantiles(milliseconds, n=20)[-1],
        "kilobytes": len(answer.content) / 1e3,
    }


if __name__ == "__main__":
    print(json.dumps(_measure_here() if "--here" in sys.argv else measure_endpoint()))
