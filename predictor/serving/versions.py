"""Which engine answers to which model version of a request."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from alphagenome.models.dna_model import ModelVersion

from predictor import errors

T = TypeVar("T")

# Engines that are model versions of the official service. Any other engine is reached without a
# version, by its own name, and as ALL_FOLDS where that is not taken, the SDK's name of "default".
_ENGINE_OF_VERSION = {
    ModelVersion.ALL_FOLDS.name: "alphagenome",
    ModelVersion.FOLD_0.name: "fold-0",
    ModelVersion.FOLD_1.name: "fold-1",
    ModelVersion.FOLD_2.name: "fold-2",
    ModelVersion.FOLD_3.name: "fold-3",
}


class ModelVersions(Generic[T]):
    """What is served for each engine, found by the version that a request names."""

    def __init__(self, by_engine: Mapping[str, T]):
        """Takes at least one engine; the first is the default."""
        self._default, *_ = by_engine
        versions = {
            version: engine for version, engine in _ENGINE_OF_VERSION.items() if engine in by_engine
        }
        if self._default not in _ENGINE_OF_VERSION.values():
            versions.setdefault(ModelVersion.ALL_FOLDS.name, self._default)
        self._versions = versions
        self._by_engine = dict(by_engine)

    def find(self, version: str) -> T:
        """What is served for a version; the first engine where it is empty.

        Raises:
          UnknownModelVersionError: lists what there is.
        """
        engine = self._versions.get(version, version or self._default)
        if engine not in self._by_engine:
            served = [
                *(f"{version} (engine {engine})" for version, engine in self._versions.items()),
                *(name for name in self._by_engine if name not in self._versions.values()),
            ]
            raise errors.UnknownModelVersionError(
                f"This service has no model version {version}; it serves {', '.join(served)}. "
                "Leave the version out to get the first."
            )
        return self._by_engine[engine]
