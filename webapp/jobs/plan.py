"""A checked request, cut into what single tasks do."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alphagenome.data.genome import Variant

from webapp.jobs.states import PartSource


@dataclass(frozen=True, kw_only=True)
class PartPlan:
    """One output type of one chunk.

    Attributes:
      output_type: name in the SDK.
      key: name of its arrays in the result store.
      resolution: bp per bin.
      tracks: ids of the tracks in the order of the arrays.
      source: who says it.
    """

    output_type: str
    key: str
    resolution: int
    tracks: tuple[str, ...]
    source: PartSource = PartSource.PREDICTION


@dataclass(frozen=True, kw_only=True)
class ChunkPlan:
    """One window and one haplotype.

    Attributes:
      chromosome: the assembly's name of it.
      start: 0-based; may be negative.
      end: exclusive; may lie beyond the chromosome.
      variants: of the ALT haplotype, as in the API; none for REF alone.
      parts: what is predicted, in the order in which it should arrive.
    """

    chromosome: str
    start: int
    end: int
    variants: tuple[dict[str, Any], ...]
    parts: tuple[PartPlan, ...]


@dataclass(frozen=True, kw_only=True)
class JobPlan:
    """What will be computed; `request` is what was asked, as understood."""

    engine: str
    weights_digest: str
    organism: str
    assembly: str
    window: int
    request: dict[str, Any]
    chunks: tuple[ChunkPlan, ...]

    def keys(self) -> list[str]:
        return [part.key for chunk in self.chunks for part in chunk.parts]


def variant_of(values: Mapping[str, Any]) -> Variant:
    """The variant that stands in the API as these values."""
    return Variant(
        chromosome=values["chromosome"],
        position=values["position"],
        reference_bases=values["reference_bases"],
        alternate_bases=values["alternate_bases"],
    )


def edits_of(variants: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the ALT haplotype does to REF, for drawing.

    Bases that both alleles share at their ends are no edit. An allele that changes bases and
    length is a substitution of the bases that have a partner, and an insertion or deletion of
    the rest. Coordinates are those of REF, 0-based half-open; `length` is the number of bases
    that are changed, put in or left out, and an insertion lies between two bases (start = end).
    """
    edits: list[dict[str, Any]] = []
    for variant in variants:
        reference, alternate = variant["reference_bases"], variant["alternate_bases"]
        start = variant["position"] - 1
        while reference and alternate and reference[0] == alternate[0]:
            reference, alternate, start = reference[1:], alternate[1:], start + 1
        while reference and alternate and reference[-1] == alternate[-1]:
            reference, alternate = reference[:-1], alternate[:-1]
        paired = min(len(reference), len(alternate))
        if paired:
            edits.append(_edit(start, start + paired, "substitution", paired))
        after = start + paired
        if len(reference) > paired:
            length = len(reference) - paired
            edits.append(_edit(after, after + length, "deletion", length))
        elif len(alternate) > paired:
            edits.append(_edit(after, after, "insertion", len(alternate) - paired))
    return edits


def _edit(start: int, end: int, kind: str, length: int) -> dict[str, Any]:
    return {"start": start, "end": end, "kind": kind, "length": length}
