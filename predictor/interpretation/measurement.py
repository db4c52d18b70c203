"""A number of the predictions, for many sequences of one window.

Only numbers leave the device. Sequences differ from the haplotype by substitutions, so that much
of what is known of it is used again (`engines/compiled.py`).

Axes: S bases, V sequences, T tracks.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import Array, Float

from predictor.engines.gradient import Measure
from predictor.engines.local import LocalModel
from predictor.engines.organism_data import ORGANISM_INDEX, base_codes, nonzero_means
from predictor.engines.out_of_memory import told_as_sentence
from predictor.interpretation.haplotype import Haplotype
from predictor.interpretation.target import Target


class Measurement:
    """The value of a target on a haplotype and on sequences like it.

    Attributes:
      reference: the value on the haplotype.
    """

    def __init__(
        self,
        model: LocalModel,
        haplotype: Haplotype,
        target: Target,
        organism: Organism = Organism.HOMO_SAPIENS,
    ):
        """Predicts the haplotype.

        Args:
          model: an engine.
          haplotype: as long as one of the engine's windows.
          target: of this haplotype.
          organism: whose tracks.

        Raises:
          NotEnoughMemoryError: the window does not fit.
        """
        self._network = model.network
        self._target = target
        kind = target.output_type
        self._request: Any = (
            [kind],
            nonzero_means(model.catalogue, organism, self._network.config.tracks),
            {kind: target.tracks},
        )
        codes = base_codes(haplotype.sequence)
        with told_as_sentence(len(codes)):
            self._window = self._network.reference(codes, ORGANISM_INDEX[organism], *self._request)
            (self.reference,) = self._measured(self._window.outputs[kind])

    def values(self, sequences: Iterable[str]) -> Float[np.ndarray, " V"]:
        """The value on each sequence, as long as the haplotype."""
        found = [self._value(sequence) for sequence in sequences]
        return np.array(found)

    def _value(self, sequence: str) -> float:
        codes = base_codes(sequence)[None]
        with told_as_sentence(len(sequence)):
            predicted = self._network.alternates(self._window, codes, *self._request)
            (value,) = self._measured(predicted.outputs[self._target.output_type])
        return value

    def _measured(self, outputs: Float[Array, "V *bins T"]) -> list[float]:
        target = self._target
        found = [_measure(target.measure, values, dict(target.arrays)) for values in outputs]
        return [float(value) for value in found]


@partial(jax.jit, static_argnums=0)
def _measure(measure: Measure, values: Array, arrays: dict[str, Any]) -> Float[Array, ""]:
    return jnp.asarray(measure(values, arrays))
