"""What is true of a variant: the simulator on ALT against the simulator on REF.

The truth is computed on the same window that a model gets. ALT is completed from the right
of the window after a deletion and cut at its right end after an insertion.

Axes: S positions, T tracks.
Source: specification of the demo genome, sections 6, 7 and 9.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import Float, UInt8

from predictor.simulator import grammar
from predictor.simulator.chromosome import Chromosome, PlacedGene
from predictor.simulator.readouts import world_arrays
from predictor.simulator.showcase import SHOWCASE
from predictor.simulator.showcase_entry import VARIANT, Expectation, Showcase, ShowcaseVariant
from predictor.simulator.track_table import OUTPUT_TYPE, RESOLUTION, TRACKS, Track
from predictor.simulator.world import World, read_world

_HEAD = {output_type: head for head, output_type in OUTPUT_TYPE.items()}
_MASK_WIDTH = {OutputType.CHIP_HISTONE: 2001}
_MASK = 501
_TINY = 1e-3
_ACCESSIBLE_REACH = 100


def alternate_window(
    chromosome: UInt8[np.ndarray, " C"], interval: Interval, variants: Sequence[Variant]
) -> UInt8[np.ndarray, " S"]:
    """Bases of an interval with all variants applied, as long as the interval.

    Args:
      chromosome: bases of the whole chromosome.
      interval: the window; bases outside the chromosome are N.
      variants: must not overlap; their positions are 1-based.
    """
    shorter = sum(len(v.reference_bases) - len(v.alternate_bases) for v in variants)
    start, end = interval.start, interval.end + max(0, shorter)
    codes = np.full(end - start, grammar.UNKNOWN, np.uint8)
    first, last = max(0, start), min(end, len(chromosome))
    codes[first - start : last - start] = chromosome[first:last]
    for variant in sorted(variants, key=lambda v: -v.position):
        place = variant.position - 1 - start
        alternate = grammar.encode(variant.alternate_bases)
        rest = codes[place + len(variant.reference_bases) :]
        codes = np.concatenate([codes[:place], alternate, rest])
    return codes[: interval.width]


@dataclasses.dataclass(frozen=True)
class Allele:
    """One allele of a window: what is read there and the arrays of all heads."""

    world: World
    arrays: Mapping[str, Any]

    @classmethod
    def of(cls, codes: UInt8[np.ndarray, " S"], organism: Organism) -> "Allele":
        """Reads and simulates a window."""
        world = read_world(codes, organism)
        return cls(world, world_arrays(world, organism))


@dataclasses.dataclass(frozen=True)
class Effect:
    """Both alleles of a variant in one window.

    Attributes:
      organism: whose tracks the arrays hold.
      position: 0-based place of the variant's first base in the window.
      shift: by how much ALT bases behind the variant stand further right.
      reference: REF allele.
      alternate: ALT allele, in its own coordinates.
      pseudocount: added to both sums of a log2 ratio. The truth bears a small one; beside a
        network, whose silence is never quite 0, it should be the 1 of the scores of variants.
    """

    organism: Organism
    position: int
    shift: int
    reference: Allele
    alternate: Allele
    pseudocount: float = _TINY

    @classmethod
    def of(
        cls,
        chromosome: UInt8[np.ndarray, " C"],
        interval: Interval,
        variant: Variant,
        organism: Organism,
        *,
        reference: Allele | None = None,
    ) -> "Effect":
        """Simulates both alleles; pass `reference` where it is known already."""
        return cls(
            organism,
            variant.position - 1 - interval.start,
            len(variant.alternate_bases) - len(variant.reference_bases),
            reference or Allele.of(alternate_window(chromosome, interval, ()), organism),
            Allele.of(alternate_window(chromosome, interval, (variant,)), organism),
        )

    def with_arrays(self, reference: Mapping[str, Any], alternate: Mapping[str, Any]) -> "Effect":
        """The same variant with other arrays, such as an engine's, at both alleles."""
        return dataclasses.replace(
            self,
            reference=dataclasses.replace(self.reference, arrays=reference),
            alternate=dataclasses.replace(self.alternate, arrays=alternate),
        )

    def _moved(self, position: int) -> int:
        return position + self.shift if position > self.position else position

    def at_variant(self, output_type: OutputType) -> Float[np.ndarray, " T"]:
        """Effect of each track around the variant, padding rows included.

        Tracks: log2 of the ratio of sums over 501 bp (2,001 bp for histone marks). Splicing:
        the largest change over 501 bp, with its sign. Contact maps: mean change of the
        contacts between the three bins on either side of the variant's bin.
        """
        reference, alternate = self._arrays(output_type)
        resolution = RESOLUTION[_HEAD[output_type]]
        middle = self.position // resolution
        if output_type == OutputType.CONTACT_MAPS:
            left, right = slice(max(0, middle - 3), middle), slice(middle + 1, middle + 4)
            change = alternate[left, right] - reference[left, right]
            return np.asarray(change.mean(axis=(0, 1)))
        side = _MASK_WIDTH.get(output_type, _MASK) // 2 // resolution
        window = slice(max(0, middle - side), middle + side + 1)
        if output_type in (OutputType.SPLICE_SITES, OutputType.SPLICE_SITE_USAGE):
            change = alternate[window] - reference[window]
            largest = np.abs(change).argmax(axis=0)
            return np.asarray(change[largest, np.arange(change.shape[1])])
        return self._log2_ratio(alternate[window].sum(axis=0), reference[window].sum(axis=0))

    def at_gene(self, output_type: OutputType, gene: PlacedGene) -> Float[np.ndarray, " T"]:
        """Effect on each track at a gene (in window coordinates), padding rows included.

        RNA: log2 ratio over the exons; other tracks: log2 ratio of the sums from 1,000 bp
        before to 1,000 bp behind the gene. Tracks of the other strand give their own value.
        """
        reference, alternate = self._arrays(output_type)
        resolution = RESOLUTION[_HEAD[output_type]]
        spans = gene.exons if output_type == OutputType.RNA_SEQ else [gene.span]
        margin = 0 if output_type == OutputType.RNA_SEQ else 1000
        sums = []
        for values, place in ((reference, lambda p: p), (alternate, self._moved)):
            bins = np.concatenate(
                [
                    np.arange(
                        max(0, place(first) - margin) // resolution,
                        min(len(values), -(-(place(last) + margin) // resolution)),
                    )
                    for first, last in spans
                ]
            )
            sums.append(values[bins].sum(axis=0))
        return self._log2_ratio(sums[1], sums[0])

    def _log2_ratio(
        self, alternate: Float[np.ndarray, " T"], reference: Float[np.ndarray, " T"]
    ) -> Float[np.ndarray, " T"]:
        return np.asarray(np.log2((alternate + self.pseudocount) / (reference + self.pseudocount)))

    def _arrays(self, output_type: OutputType) -> tuple[np.ndarray, np.ndarray]:
        head = _HEAD[output_type]
        return self.reference.arrays[head], self.alternate.arrays[head]

    def accessibility(self) -> dict[str, list[float]]:
        """Largest a within 100 bp of the variant, REF and ALT, by cell type."""
        near = slice(
            max(0, self.position - _ACCESSIBLE_REACH), self.position + _ACCESSIBLE_REACH + 1
        )
        return {
            cell.key: [
                float(allele.world.hidden.accessibility[index, near].max())
                for allele in (self.reference, self.alternate)
            ]
            for index, cell in enumerate(self.reference.world.rules.cell_types)
        }

    def expression(self, gene: PlacedGene) -> dict[str, list[float]]:
        """T of a gene's start site, REF and ALT, by cell type; 0 where the start is lost."""
        start = gene.start_site
        found = [
            self.reference.world.hidden.expression_at(gene.strand, start),
            self.alternate.world.hidden.expression_at(gene.strand, self._moved(start)),
        ]
        return {
            cell.key: [float(values[index]) for values in found]
            for index, cell in enumerate(self.reference.world.rules.cell_types)
        }


def inclusion(world: World, gene: PlacedGene, shift: int = 0) -> list[list[float]]:
    """Psi of a gene's internal exons as read, without and with a helpful RBFOX."""
    start = gene.start_site + shift
    as_read = start if gene.strand == "+" else world.length - 1 - start
    for expressed in world.transcripts:
        if expressed.strand == gene.strand and expressed.transcript.start == as_read:
            return [list(exon.inclusion) for exon in expressed.transcript.exons[1:-1]]
    return []


def measured(
    effect: Effect, expected: Expectation, genes: Mapping[str, PlacedGene]
) -> dict[str, float]:
    """The effect that an expectation is about, by cell type ("" for tracks without one).

    Of a gene only tracks of its own strand, and unstranded ones, count; of several tracks of
    a cell type the one that moves most.
    """
    gene = None if expected.where == VARIANT else genes[expected.where]
    values = (
        effect.at_variant(expected.output_type)
        if gene is None
        else effect.at_gene(expected.output_type, gene)
    )
    result: dict[str, float] = {}
    rows = TRACKS[effect.organism][_HEAD[expected.output_type]]
    for track, value in zip(rows, values.tolist(), strict=False):
        if not _counts(track, expected, gene):
            continue
        key = track.cell_type or ""
        if abs(value) >= abs(result.get(key, 0.0)):
            result[key] = value
    return result


def _counts(track: Track, expected: Expectation, gene: PlacedGene | None) -> bool:
    if expected.target is not None and track.target != expected.target:
        return False
    return gene is None or track.strand in (".", gene.strand)


def showcase_truth(chromosome: Chromosome, organism: Organism) -> list[dict[str, Any]]:
    """Exact truth of every show-case variant, one row each, ready for JSON."""
    rows = []
    for slot in SHOWCASE:
        genes = {
            gene.name: gene.moved(-slot.interval.start)
            for gene in chromosome.genes
            if gene.name in slot.genes
        }
        reference = Allele.of(alternate_window(chromosome.codes, slot.interval, ()), organism)
        for variant in slot.variants:
            effect = Effect.of(
                chromosome.codes, slot.interval, variant.variant, organism, reference=reference
            )
            rows.append(_row(slot, variant, effect, genes))
    return rows


def _row(
    slot: Showcase, variant: ShowcaseVariant, effect: Effect, genes: Mapping[str, PlacedGene]
) -> dict[str, Any]:
    interval = slot.interval
    return {
        "locus": slot.slug,
        "variant": variant.name,
        "chromosome": interval.chromosome,
        "position": variant.position,
        "reference": variant.reference,
        "alternate": variant.alternate,
        "window": [interval.start, interval.end],
        "accessibility": _rounded(effect.accessibility()),
        "expression": {name: _rounded(effect.expression(gene)) for name, gene in genes.items()},
        "inclusion": {
            name: [
                _rounded(inclusion(effect.reference.world, gene)),
                _rounded(
                    inclusion(
                        effect.alternate.world,
                        gene,
                        effect.shift if gene.start_site > effect.position else 0,
                    )
                ),
            ]
            for name, gene in genes.items()
        },
        "expected": [
            {
                "output_type": expected.output_type.name,
                "where": expected.where,
                "target": expected.target,
                "cell_types": list(expected.cell_types),
                "direction": expected.direction,
                "effect": _rounded(measured(effect, expected, genes)),
            }
            for expected in variant.expected
        ],
    }


def _rounded(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_rounded(item) for item in value]
    return round(float(value), 4) + 0.0  # no negative zero


def write_showcase_truth(path: Path, chromosome: Chromosome, organism: Organism) -> None:
    """Writes the truth table of the show-case as JSON, values rounded to 1e-4."""
    text = json.dumps(showcase_truth(chromosome, organism), indent=1)
    path.write_text(text + "\n", encoding="ascii", newline="\n")
