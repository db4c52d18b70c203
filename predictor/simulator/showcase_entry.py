"""What one entry of the show-case is made of: a slot, its variants, what they are to do.

Positions of variants are 1-based, as in the VCF; intervals are 0-based half-open.
"""

import dataclasses

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_output import OutputType

from predictor.simulator import grammar
from predictor.simulator.showcase_loci import ORGANISM, SLOT

CHROMOSOME = "demoS"
VARIANT = "variant"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Expectation:
    """What a variant does to one output type.

    Attributes:
      output_type: modality.
      cell_types: where it happens; the others move by less than a fifth of that.
      direction: +1 up, -1 down, 0 unchanged.
      where: "variant" for the surroundings of the variant, or a gene name.
      target: histone mark or factor, where the modality has several.
    """

    output_type: OutputType
    cell_types: tuple[str, ...]
    direction: int
    where: str = VARIANT
    target: str | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShowcaseVariant:
    """One variant of a slot.

    Attributes:
      name: identifier, also in the VCF.
      position: 1-based position on `demoS`.
      reference: REF bases.
      alternate: ALT bases.
      title: what it is, in words.
      expected: empty where nothing is to happen.
    """

    name: str
    position: int
    reference: str
    alternate: str
    title: str
    expected: tuple[Expectation, ...] = ()

    @property
    def variant(self) -> Variant:
        """The SDK's form."""
        return Variant(CHROMOSOME, self.position, self.reference, self.alternate, name=self.name)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Showcase:
    """One slot.

    Attributes:
      slug: stable name for addresses.
      title: short name.
      sentence: what a reader sees there.
      number: slot number from 0.
      focus: the stretch to look at, within the slot.
      genes: names of the genes it is about.
      variants: the first is the main one.
      look_at: output types that show it best.
      cell_types: keys of the cell types to show.
    """

    slug: str
    title: str
    sentence: str
    number: int
    focus: tuple[int, int]
    genes: tuple[str, ...]
    variants: tuple[ShowcaseVariant, ...]
    look_at: tuple[OutputType, ...]
    cell_types: tuple[str, ...]

    @property
    def interval(self) -> Interval:
        """The whole slot: the window of the truth."""
        start = self.number * SLOT
        return Interval(CHROMOSOME, start, start + SLOT)

    @property
    def focus_interval(self) -> Interval:
        """The stretch to look at, on the chromosome."""
        start = self.number * SLOT
        return Interval(CHROMOSOME, start + self.focus[0], start + self.focus[1])

    @property
    def curies(self) -> tuple[str, ...]:
        """Identifiers of the cell types to show."""
        cells = grammar.ORGANISMS[ORGANISM].cell_types
        curie = {cell.key: cell.curie for cell in cells}
        return tuple(curie[key] for key in self.cell_types)
