"""Which windows fit, as the page tells it."""

import pytest
from django.utils import timezone

from predictor.engines import fit
from predictor.engines.registry import ENGINES
from webapp.jobs.memory import engine_memory
from webapp.jobs.models import WorkerSlot
from webapp.tracks import selectors

pytestmark = pytest.mark.django_db

FULL = ENGINES["alphagenome"]


def worker(gigabytes, *, name="a", device=fit.CPU):
    WorkerSlot.objects.create(
        name=name,
        state=WorkerSlot.State.READY,
        device=device,
        memory=int(gigabytes * 1e9),
        pid=1,
        beat=timezone.now(),
    )


def test_the_usual_window_is_kept_where_it_fits():
    worker(64)
    found = engine_memory(FULL)
    assert (found.window, found.note) == (131_072, "")
    assert found.free == 64_000_000_000


def test_a_shorter_window_is_chosen_with_a_note_where_the_usual_one_does_not_fit():
    worker(8)
    found = engine_memory(FULL)
    assert found.window == 16_384
    assert found.note.startswith("The usual window of 131,072 bp needs ")
    assert found.note.endswith("8.0 GB are free on the worker's device, so 16,384 bp are chosen.")


def test_where_no_window_fits_that_is_told_and_nothing_is_shortened():
    worker(2)
    found = engine_memory(FULL)
    assert found.window == 131_072
    assert found.note.endswith("no shorter one fits either.")


def test_the_worker_with_the_most_memory_counts():
    worker(2)
    worker(64, name="b")
    assert engine_memory(FULL).free == 64_000_000_000


def test_an_accelerator_needs_less_because_the_released_network_is_bfloat16_there():
    worker(64, device="a GPU")
    on_accelerator = engine_memory(FULL).needs
    WorkerSlot.objects.update(device=fit.CPU)
    for narrow, wide in zip(on_accelerator, engine_memory(FULL).needs, strict=True):
        assert narrow.needed < wide.needed


def test_without_a_worker_this_machine_counts(monkeypatch):
    monkeypatch.setenv(fit.MEMORY_VARIABLE, "8")
    assert engine_memory(FULL).free == 8_000_000_000


def test_the_page_learns_what_each_window_needs(monkeypatch):
    monkeypatch.setenv(fit.MEMORY_VARIABLE, "8")
    engines = {engine["name"]: engine for engine in selectors.engines()}
    full = engines["alphagenome"]
    assert full["default_window"] == 16_384
    assert full["memory"]["free"] == 8_000_000_000
    assert [row["fits"] for row in full["memory"]["windows"]] == [True, False, False, False]
    assert "16,384 bp are chosen" in full["memory"]["note"]
    assert engines["hosted"]["memory"]["windows"] == []
