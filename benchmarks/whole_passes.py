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
        return super().reference(*arguments, **{**options, "reads": None})

    def alternates(self, *arguments: Any, **options: Any) -> Alternates:
        return super().alternates(*arguments, **{**options, "reads": None})

    def _alternate(self, reference: Allele, codes: np.ndarray) -> Allele:
        return self._new(codes, int(reference.organisms[0]))


def naive(model: LocalModel) -> LocalModel:
    """A model whose `score_variant` passes REF and ALT whole and scores the whole tracks."""
    found = copy.copy(model)
    found.network = _WholePasses(model.network)
    return found
