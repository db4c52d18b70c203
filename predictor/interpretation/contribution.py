"""Contributions: how much each base adds to a number, from one backward pass.

The gradient of the number with respect to the one-hot sequence is what a substitution changes, to
first order. Input × gradient is the gradient at the base that is there. Unlike in-silico
mutagenesis this costs about three predictions for all bases of a window, but it misses what only
shows when a base is really replaced (a saturated site, two sites that stand in for each other).

Axes: S bases of the haplotype.

Source: Shrikumar et al. 2017 (input × gradient); Majdandzic et al. 2023 (`effects` differ from
the gradient by what no substitution can reach).
"""

from dataclasses import dataclass

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import Float

from predictor.engines.gradient import InputGradient, Rows
from predictor.engines.local import LocalModel
from predictor.engines.organism_data import ORGANISM_INDEX, base_codes
from predictor.engines.out_of_memory import told_as_sentence
from predictor.engines.request import check_window
from predictor.interpretation.haplotype import Haplotype
from predictor.interpretation.target import Target
from predictor.tracks.strand import opposite_strand_index


@dataclass(frozen=True, eq=False)
class Contributions:
    """A number, and what the bases of a haplotype add to it.

    Attributes:
      haplotype: whose bases.
      target: the number that is explained.
      value: it.
      gradient: float32 [S, 4], columns A, C, G, T, in forward order and true strand.
    """

    haplotype: Haplotype
    target: Target
    value: float
    gradient: Float[np.ndarray, "S 4"]

    @property
    def input_times_gradient(self) -> Float[np.ndarray, " S"]:
        """The gradient at the base that is there; 0 where it is unknown."""
        product: np.ndarray = (self.gradient * self._one_hot).sum(axis=1)
        return product

    @property
    def effects(self) -> Float[np.ndarray, "S 4"]:
        """First order of what each substitution changes; 0 at the base that is there.

        The counterpart of a matrix of in-silico mutagenesis; 0 where the base is unknown.
        """
        known = self._one_hot.any(axis=1, keepdims=True)
        change: np.ndarray = (self.gradient - self.input_times_gradient[:, None]) * known
        return change

    @property
    def logo(self) -> Float[np.ndarray, " S"]:
        """The base that is there minus the mean of the three others, to first order."""
        mean: np.ndarray = -self.effects.sum(axis=1) / 3
        return mean

    @property
    def _one_hot(self) -> Float[np.ndarray, "S 4"]:
        letters = np.array(list(self.haplotype.sequence))
        return np.stack([letters == base for base in "ACGT"], axis=1).astype(np.float32)


class Contributor:
    """Contributions on one engine; keeps what is compiled."""

    def __init__(self, model: LocalModel, organism: Organism = Organism.HOMO_SAPIENS):
        """Takes an open engine."""
        self.model = model
        self.organism = organism
        self._gradient = InputGradient(model.network.stages)

    def __call__(
        self, haplotype: Haplotype, target: Target, *, backwards: bool = False
    ) -> Contributions:
        """Explains a number of a haplotype.

        Args:
          haplotype: as long as one of the engine's windows.
          target: of this haplotype.
          backwards: let the network read the reverse complement, as on '-'. What is explained is
            the same up to what the network does not treat alike on both strands; the mean of
            both is a steadier estimate than either.

        Raises:
          UnsupportedWindowError: names the nearest length.
          OutputNotAvailableError: the engine lacks the output type for the organism.
          NotEnoughMemoryError: the way back through the network does not fit.
        """
        check_window(haplotype.interval.width, self.model.windows, engine=self.model.engine)
        with told_as_sentence(haplotype.interval.width):
            value, gradient = self._gradient(
                base_codes(haplotype.sequence),
                ORGANISM_INDEX[self.organism],
                target.output_type,
                self._rows(target, backwards=backwards),
                target.measure,
                target.arrays,
                backwards=backwards,
            )
        return Contributions(haplotype, target, value, gradient)

    def _rows(self, target: Target, *, backwards: bool) -> Rows:
        table = self.model.catalogue.table(self.organism, target.output_type)
        rows = target.tracks
        if backwards and table.strands:
            rows = opposite_strand_index(table.strands)[rows]
        return Rows(
            chosen=rows.astype(np.int32),
            nonzero_mean=table.nonzero_mean[rows],
            shifts=table.shifts[target.tracks].astype(np.int32),
        )
