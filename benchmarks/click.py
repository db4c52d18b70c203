"""Seconds from the click on an example to its first and last drawn track, in a real browser.

Cold: a fresh data folder (no compiled programs, no results), clicked as soon as the page answers.
Warm: the worker has its model; the variant has not been predicted before.
"""

import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.table import Row
from tests import chromium

ROOT = Path(__file__).parent.parent
ARRIVED = "() => window.allelens.timings.lastTrack !== null && window.allelens.state === 'finished'"
WARM_EXAMPLES = ("d-smn2", "d-sort1", "d-tad")


@contextmanager
def served(data: Path) -> Iterator[str]:
    """The embedded app on a free port; yields its address as soon as it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "manage.py", "up", "--port", str(port), "--data", str(data)]
    environment = {**os.environ, "ALLELENS_HOME": str(data)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until_answering(f"{url}/healthz")
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def until_answering(url: str, limit: float = 120.0) -> None:
    end = time.monotonic() + limit
    while time.monotonic() < end:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(f"{url} did not answer within {limit:.0f} s.")


def click(page: Page, url: str, slug: str) -> tuple[float, float]:
    """Seconds from the click to the first and to the last drawn track."""
    page.goto(url)
    page.get_by_test_id(f"example-{slug}").click()
    page.wait_for_function(ARRIVED, timeout=180_000)
    times = page.evaluate("() => window.allelens.timings")
    return (
        (times["firstTrack"] - times["click"]) / 1000,
        (times["lastTrack"] - times["click"]) / 1000,
    )


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, chromium.launched() as browser:
        begin = time.perf_counter()
        with served(Path(folder)) as url:
            answering = time.perf_counter() - begin
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            cold_first, cold_last = click(page, url, "d-tal1")
            warm = [click(page, url, slug) for slug in WARM_EXAMPLES]
            again = click(page, url, "d-tal1")
    count = f"median of {len(warm)}"
    first = statistics.median(times[0] for times in warm)
    last = statistics.median(times[1] for times in warm)
    return [
        Row("start to answering, fresh data folder", answering, "s"),
        Row("cold: click to first track", cold_first, "s"),
        Row("cold: click to last track", cold_last, "s"),
        Row(f"warm: click to first track, {count}", first, "s", "at most 1 s"),
        Row(f"warm: click to last track, {count}", last, "s", "at most 2.5 s"),
        Row("asked before: click to last track", again[1], "s"),
    ]
