"""Positions of the genome and positions of an ALT sequence, both ways.

The coordinates of a haplotype are those of the genome up to its first insertion or deletion; each
of them moves everything on its right. So genes and sites can be read in an ALT sequence as in the
genome, only elsewhere.
"""

import dataclasses
from collections.abc import Iterator, Sequence

from alphagenome.data.genome import Variant

from predictor.genome.gene import Gene, Transcript
from predictor.genome.sequences import ordered_variants


class HaplotypeCoordinates:
    """Moves positions (0-based) from the genome to a haplotype and back."""

    def __init__(self, variants: Sequence[Variant]):
        """Takes the variants of a haplotype, on one chromosome.

        Raises:
          OverlappingVariantsError: two of them change the same bases.
        """
        self._steps = [
            (
                variant.start + min(len(variant.reference_bases), len(variant.alternate_bases)),
                change,
            )
            for variant in ordered_variants(variants)
            if (change := len(variant.alternate_bases) - len(variant.reference_bases))
        ]

    @property
    def drawn_in(self) -> int:
        """How many bases all deletions together draw in at the right end of a window."""
        return sum(max(-change, 0) for _, change in self._steps)

    def of_haplotype(self, position: int) -> int:
        """Where a base of the genome lies; for a deleted one, where the next base does."""
        gained = 0
        for after, change in self._steps:
            if position < after:
                break
            gained += max(change, after - position)
        return position + gained

    def of_genome(self, position: int) -> int:
        """Which base of the genome lies there; for an inserted one, the next base that does."""
        gained = 0
        for after, change in self._steps:
            if position < after + gained:
                break
            gained += min(change, position - after - gained)
        return position - gained

    def is_deleted(self, position: int) -> bool:
        """True for a base of the genome that the haplotype lacks."""
        return any(after <= position < after - change for after, change in self._steps)

    def gene(self, gene: Gene) -> Gene:
        """The gene in coordinates of the haplotype; what is inserted in it belongs to it."""
        return dataclasses.replace(
            gene,
            start=self.of_haplotype(gene.start),
            end=self.of_haplotype(gene.end),
            transcripts=tuple(map(self._transcript, gene.transcripts)),
        )

    def _transcript(self, transcript: Transcript) -> Transcript:
        return dataclasses.replace(
            transcript,
            start=self.of_haplotype(transcript.start),
            end=self.of_haplotype(transcript.end),
            exons=tuple(self._spans(transcript.exons)),
            cds=tuple(self._spans(transcript.cds)),
        )

    def _spans(self, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        for start, end in spans:
            moved = self.of_haplotype(start), self.of_haplotype(end)
            if moved[0] < moved[1]:
                yield moved
