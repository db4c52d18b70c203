"""The engines of this process: opened once, kept warm. Importing this does not load JAX."""

import logging
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, cast

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType

from predictor.engines.registry import describe_engine, list_engines, open_engine
from predictor.errors import AllelensError, NotEnoughMemoryError
from webapp.jobs.memory import engine_memory

_log = logging.getLogger("allelens.worker")


class AlleleModel(Protocol):
    """What a worker needs of an engine, beyond the SDK's interface."""

    weights_digest: str

    def iter_alleles(
        self,
        interval: Interval,
        variants: Sequence[Variant],
        *,
        organism: Organism,
        requested_outputs: Iterable[OutputType],
        ontology_terms: Iterable[str] | None,
    ) -> Iterator[tuple[OutputType, Any, Any]]: ...

    def warm(self, window: int) -> None: ...


class WeightsChanged(AllelensError):
    """The weights that a job was planned for are not the ones that are installed."""

    code = "weights_changed"


class Models:
    """Engines by name; the first use of each takes seconds."""

    def __init__(self) -> None:
        self._opened: dict[str, AlleleModel] = {}
        self._resting: dict[str, float] = {}
        self._lock = threading.Lock()

    def installed(self) -> list[str]:
        """Names of the engines that can be opened, and that this worker is meant for."""
        only = [name for name in os.environ.get("ALLELENS_WORKER_ENGINES", "").split(",") if name]
        return [
            description.name
            for description in list_engines()
            if description.installed and (not only or description.name in only)
        ]

    def rest(self, name: str, seconds: float) -> None:
        """Leaves an engine alone for a while, such as one that waits for somebody else."""
        self._resting[name] = time.monotonic() + seconds

    def claimable(self) -> list[str]:
        """Those of `installed` that do not rest."""
        now = time.monotonic()
        return [name for name in self.installed() if self._resting.get(name, now) <= now]

    def opened(self) -> list[str]:
        return list(self._opened)

    def get(self, name: str, *, weights_digest: str | None = None) -> AlleleModel:
        """An engine, opened if need be.

        Args:
          name: of the engine.
          weights_digest: of the weights that are expected; None for any.

        Raises:
          EngineNotInstalledError: something it needs is missing.
          WeightsChanged: other weights are installed than expected.
        """
        with self._lock:
            model = self._opened.get(name)
            installed = describe_engine(name).weights_digest
            if model is None or (installed is not None and model.weights_digest != installed):
                # Drop the old one first: two may not fit into memory.
                self._opened.pop(name, None)
                model = cast(AlleleModel, open_engine(name))
                self._opened[name] = model
        if weights_digest is not None and model.weights_digest != weights_digest:
            raise WeightsChanged(
                f"The weights of the engine {name} were exchanged after this was asked for; "
                "ask again."
            )
        return model

    def preload(self) -> list[str]:
        """Opens the first installed engine and compiles its usual window, if that fits.

        Returns:
          Names of the engines that are open.
        """
        for name in self.installed()[:1]:
            try:
                model, memory = self.get(name), engine_memory(describe_engine(name).engine)
                if memory.fits:
                    model.warm(memory.window)
                else:
                    _log.warning("%s", memory.note)
            except NotEnoughMemoryError as error:
                # A shorter window may fit.
                _log.warning("The engine %s is open, but: %s", name, error.message)
            except Exception:  # noqa: BLE001
                # The web shows what is missing; a worker without a model must not die of it.
                self._opened.pop(name, None)
                _log.exception("The engine %s cannot be opened.", name)
        return self.opened()
