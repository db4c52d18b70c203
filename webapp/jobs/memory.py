"""Which windows fit into the memory of the workers' device, told before a model is loaded."""

from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from predictor.engines import fit
from predictor.engines.registry import Engine
from predictor.engines.window_needs import WindowNeed, longest_fitting, window_needs
from webapp.jobs.models import WorkerSlot


@dataclass(frozen=True, kw_only=True)
class EngineMemory:
    """What an engine needs of the device that it runs on.

    Attributes:
      free: bytes that were free on the device before a model was loaded.
      needs: of each window; empty where the engine runs elsewhere.
      window: the engine's usual window, or the longest one that fits where that does not.
      note: one sentence if `window` is not the usual one, or does not fit; empty otherwise.
    """

    free: int
    needs: tuple[WindowNeed, ...]
    window: int
    note: str

    @property
    def fits(self) -> bool:
        """Whether `window` fits, as far as that is known."""
        return all(need.fits for need in self.needs if need.window == self.window)


def engine_memory(engine: Engine) -> EngineMemory:
    """What an engine needs, on the worker with the most memory.

    Where no worker has told its memory yet, that of this machine counts.
    """
    since = timezone.now() - timedelta(seconds=settings.WORKER_SLOT_TIMEOUT_SECONDS)
    slots = WorkerSlot.objects.filter(beat__gte=since, memory__isnull=False)
    slot = slots.order_by("-memory").first()
    free = fit.main_memory() if slot is None or slot.memory is None else slot.memory
    on_cpu = slot is None or slot.device == fit.CPU
    needs = tuple(window_needs(engine, free, on_cpu=on_cpu))
    window, note = _usual_window(engine, needs, free)
    return EngineMemory(free=free, needs=needs, window=window, note=note)


def _usual_window(engine: Engine, needs: tuple[WindowNeed, ...], free: int) -> tuple[int, str]:
    usual = next((need for need in needs if need.window == engine.default_window), None)
    if usual is None or usual.fits:
        return engine.default_window, ""
    reason = (
        f"The usual window of {engine.default_window:,} bp needs {_gigabytes(usual.needed)} of "
        f"memory with all tracks, and {_gigabytes(free)} are free on the worker's device"
    )
    shorter = longest_fitting(need for need in needs if need.window < engine.default_window)
    if shorter is None:
        return engine.default_window, f"{reason}; no shorter one fits either."
    return shorter.window, f"{reason}, so {shorter.window:,} bp are chosen."


def _gigabytes(number: int) -> str:
    return f"{number / 1e9:.1f} GB"
