"""Common variants of a demo assembly: the background that scores are ranked against.

Real backgrounds are variants that many healthy people carry. The demo world knows no selection,
so its common variants hit anywhere; about one in twenty changes anything (specification of the
demo genome, section 2).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from alphagenome.data.genome import Variant
from alphagenome.models.dna_model import Organism

from predictor.simulator import assembly, grammar
from predictor.simulator.chromosome import Chromosome
from predictor.simulator.random_words import RandomWords
from predictor.simulator.showcase_entry import CHROMOSOME
from predictor.simulator.vcf_file import Info, write_vcf
from predictor.tracks.output_types import parse_organism

_INSERTIONS, _DELETIONS = 0.06, 0.06
_TRANSITIONS = 2 / 3
_LONGEST_INDEL = 12
_KEPT_FREE = 2_048
"""Base pairs at the ends of a chromosome without variants: their windows would be mostly empty."""
_TRANSITION = {"A": "G", "G": "A", "C": "T", "T": "C"}
_INFO = {"AF": Info("frequency", "Float", "Invented frequency of ALT")}


def common_variants(
    chromosomes: Sequence[Chromosome], random: RandomWords, count: int
) -> list[Variant]:
    """Draws variants anywhere on the chromosomes, in the order of their places.

    SNVs, with two transitions for one transversion, and short insertions and deletions with one
    anchor base. No two start at the same base.
    """
    lengths = [len(chromosome.codes) - 2 * _KEPT_FREE for chromosome in chromosomes]
    found: dict[tuple[int, int], Variant] = {}
    while len(found) < count:
        index = random.weighted(range(len(chromosomes)), lengths)
        place = _KEPT_FREE + random.integer(0, lengths[index] - 1)
        if (index, place) not in found:
            found[index, place] = _variant(chromosomes[index], place, random)
    return [found[key] for key in sorted(found)]


def _variant(chromosome: Chromosome, place: int, random: RandomWords) -> Variant:
    def bases(length: int) -> str:
        return str(grammar.decode(chromosome.codes[place : place + length]))

    length = random.integer(1, _LONGEST_INDEL)
    kind = random.uniform()
    if kind < _INSERTIONS:
        inserted = grammar.decode(random.integers(length, 4).astype(np.uint8))
        reference, alternate = bases(1), bases(1) + inserted
    elif kind < _INSERTIONS + _DELETIONS:
        reference, alternate = bases(1 + length), bases(1)
    else:
        reference = bases(1)
        transition = _TRANSITION[reference]
        others = [base for base in "ACGT" if base not in (reference, transition)]
        alternate = transition if random.chance(_TRANSITIONS) else random.choice(others)
    return Variant(chromosome.name, place + 1, reference, alternate)


def write_common_variants(*, seed: int, count: int, organism: str, out: Path) -> None:
    """Writes common variants of a demo assembly as VCF; the show-case chromosome has none.

    Args:
      seed: not negative.
      count: variants.
      organism: human or mouse, of the demo world.
      out: the file.

    Raises:
      UnsupportedOrganismError: the organism is neither.
    """
    chosen: Organism = parse_organism(organism)
    chromosomes = [
        chromosome for chromosome in assembly.chromosomes(chosen) if chromosome.name != CHROMOSOME
    ]
    random = RandomWords((seed, 0))
    variants = common_variants(chromosomes, random, count)
    rows = [
        {
            "name": f"demo-common-{number:05d}",
            "chromosome": variant.chromosome,
            "position": variant.position,
            "reference": variant.reference_bases,
            "alternate": variant.alternate_bases,
            "frequency": round(0.01 + 0.49 * random.uniform(), 3),
        }
        for number, variant in enumerate(variants, 1)
    ]
    out.parent.mkdir(parents=True, exist_ok=True)
    lengths = {chromosome.name: len(chromosome.codes) for chromosome in chromosomes}
    write_vcf(out, lengths, _INFO, rows)
