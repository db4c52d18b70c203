"""What a request asks of a window, as things to read.

Axes: N = S / 128 tokens of a window of S base pairs, T tracks.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

import numpy as np
from alphagenome.models.dna_output import OutputType
from jaxtyping import Bool, Float, Int

from predictor.engines.reading import Reading
from predictor.engines.stretches import Stretch, stretches, whole, within
from predictor.tracks.output_types import OUTPUTS

Means: TypeAlias = Mapping[OutputType, Float[np.ndarray, " T"]]
"""Mean over the non-zero base pairs of every track of the track output types, with padding."""
Chosen: TypeAlias = Mapping[OutputType, Int[np.ndarray, " T"]]
"""Per output type the rows to compute (tissues for junctions), in this order; absent ones: all."""
Reads: TypeAlias = Mapping[OutputType, Bool[np.ndarray, " N"]]
"""Per output type the tokens that somebody reads; absent ones: all. For junctions those where
their sites may lie, in either allele; absent: as the context of a variant says."""


class Wanted:
    """What a request asks for."""

    def __init__(
        self,
        kinds: Iterable[OutputType],
        means: Means,
        chosen: Chosen,
        reads: Reads,
        at_once: int,
    ):
        asked = tuple(dict.fromkeys(kinds))
        self.kinds = tuple(kind for kind in asked if kind is not OutputType.SPLICE_JUNCTIONS)
        self.junctions = OutputType.SPLICE_JUNCTIONS in asked
        self.means = means
        self.chosen = chosen
        self.reads = reads
        self.at_once = at_once
        self._covers: dict[int, tuple[Stretch, ...]] = {}

    def reading(self, kind: OutputType, tokens: int) -> Reading:
        """How to read an output type off a window."""
        about = OUTPUTS[kind]
        rows = self.chosen.get(kind)
        if kind is OutputType.SPLICE_SITES:
            rows = None
        means = self.means.get(kind)
        if means is not None and rows is not None:
            means = means[rows]
        if about.resolution > 1:
            return Reading(kind=kind, chosen=rows, nonzero_mean=means)
        read_tokens = self.reads.get(kind)
        where = (
            whole(tokens, self.at_once)
            if read_tokens is None
            else stretches(read_tokens, self.at_once)
        )
        return Reading(
            kind=kind,
            stretches=where,
            decoded=within(where, self._decoded(tokens)),
            chosen=rows,
            nonzero_mean=means,
        )

    def splicing(
        self, tokens: int, otherwise: Bool[np.ndarray, " N"] | None = None
    ) -> tuple[Reading, ...]:
        """How to read classes and embeddings for the junctions.

        Args:
          tokens: N, of the window.
          otherwise: where, if the request does not say; without them nothing is read then.
        """
        read_tokens = self.reads.get(OutputType.SPLICE_JUNCTIONS, otherwise)
        if read_tokens is None:
            return ()
        where = within(stretches(read_tokens, self.at_once), self._decoded(tokens))
        # Whole stretches that are decoded anyway: mostly read by SPLICE_SITES too, in one program.
        where = tuple(dict.fromkeys(where))
        kinds = (OutputType.SPLICE_SITES, None)
        return tuple(Reading(kind=kind, stretches=where) for kind in kinds)

    def _decoded(self, tokens: int) -> tuple[Stretch, ...]:
        """All that is decoded for the request."""
        if tokens not in self._covers:
            read_tokens = [
                self.reads.get(kind) for kind in self.kinds if OUTPUTS[kind].resolution == 1
            ]
            if OutputType.SPLICE_JUNCTIONS in self.reads:
                read_tokens.append(self.reads[OutputType.SPLICE_JUNCTIONS])
            together = np.zeros(tokens, bool)
            for one in read_tokens:
                together |= True if one is None else one
            self._covers[tokens] = stretches(together, self.at_once)
        return self._covers[tokens]
