"""The naive way to score a variant: two passes of the network, each over the whole window."""

import copy
from typing import Any

import numpy as np

from predictor.engines.alleles import Allele, ReferenceCache, ReferenceWindow
from predictor.engines.compiled import Alternates, CompiledNetwork
from predictor.engines.local import LocalModel


class _WholePasses(CompiledNetwork):
    """The same programs and prepared weights, but nothing is kept, cut or reused."""

    def __init__(self, network: CompiledNetwork):
        self.__dict__.update(network.__dict__)
        self.references = ReferenceCache(0)

    def reference(self, *arguments: Any, **options: Any) -> ReferenceWindow:
        options.pop("reads", None)
        return super().reference(*_without_reads(arguments), **options)

    def alternates(self, *arguments: Any, **options: Any) -> Alternates:
        options.pop("reads", None)
        return super().alternates(*_without_reads(arguments), **options)

    def _alternate(self, reference: Allele, codes: np.ndarray, at_once: int) -> Allele:
        return self._new(codes, int(reference.organisms[0]), at_once)


def _without_reads(arguments: tuple[Any, ...]) -> list[Any]:
    """The sixth argument says what is read: all of it."""
    return [None if place == 5 else value for place, value in enumerate(arguments)]


def naive(model: LocalModel) -> LocalModel:
    """A model whose `score_variant` passes REF and ALT whole and scores the whole tracks."""
    found = copy.copy(model)
    found.network = _WholePasses(model.network)
    return found
