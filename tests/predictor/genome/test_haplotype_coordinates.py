import itertools

import pytest
from alphagenome.data.genome import Variant

from predictor.genome.gene import Gene, Transcript
from predictor.genome.haplotype_coordinates import HaplotypeCoordinates

INSERTION = Variant("c", 11, "A", "ATTT")
DELETION = Variant("c", 21, "ACGT", "A")
SNV = Variant("c", 16, "A", "C")
COMPLEX = Variant("c", 31, "ACG", "TTTTT")


def walked(variants, length=60):
    """Slow version: the genome position of every base of the haplotype, None if inserted."""
    found, position = [], 0
    for variant in sorted(variants, key=lambda v: v.start):
        found += range(position, variant.start)
        shared = min(len(variant.reference_bases), len(variant.alternate_bases))
        found += range(variant.start, variant.start + shared)
        found += [None] * (len(variant.alternate_bases) - shared)
        position = variant.end
    return [*found, *range(position, length)]


@pytest.mark.parametrize(
    "variants",
    [
        chosen
        for number in range(4)
        for chosen in itertools.combinations((INSERTION, DELETION, SNV, COMPLEX), number)
    ],
    ids=lambda variants: "+".join(map(str, variants)) or "none",
)
def test_positions_are_those_that_counting_gives(variants):
    coordinates = HaplotypeCoordinates(variants)
    bases = walked(variants)
    for place, position in enumerate(bases):
        if position is None:
            following = next(base for base in bases[place:] if base is not None)
            assert coordinates.of_genome(place) == following
        else:
            assert coordinates.of_haplotype(position) == place
            assert coordinates.of_genome(place) == position
    for position in set(range(60)) - set(bases):
        assert coordinates.is_deleted(position)
        following = min(base for base in bases if base is not None and base > position)
        assert coordinates.of_haplotype(position) == bases.index(following)
    assert not any(coordinates.is_deleted(base) for base in bases if base is not None)
    assert coordinates.drawn_in == len(set(range(60)) - set(bases))


def test_a_gene_moves_with_its_exons_and_loses_those_that_are_deleted():
    transcript = Transcript("T", 5, 40, ((5, 12), (21, 24), (30, 40)), ((6, 12),))
    gene = Gene("G", "G", "c", 5, 40, "+", "protein_coding", (transcript,))
    moved = HaplotypeCoordinates([INSERTION, DELETION]).gene(gene)
    assert (moved.start, moved.end) == (5, 40)
    assert moved.transcripts[0].exons == ((5, 15), (30, 40))
    assert moved.transcripts[0].cds == ((6, 15),)
    assert HaplotypeCoordinates([SNV]).gene(gene) == gene
