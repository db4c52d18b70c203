import itertools

import pytest
from alphagenome.data.genome import Interval, Variant
from hypothesis import given, settings
from hypothesis import strategies as st

from predictor import errors
from predictor.genome.reference import Reference, reverse_complement
from predictor.genome.sequences import allele_sequences
from predictor.genome.variant import parse_variant

GENOME = "GATTACAGGCCTTAACGTACGTTTGCATCCGATAGCTAGGCTAACCGGTTACGATCGATTACG"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    path = tmp_path_factory.mktemp("g") / "genome.fa"
    path.write_text(f">c\n{GENOME}\n")
    return Reference(path)


def test_single_variants_agree_with_the_golden_cases(golden, tmp_path):
    _, meta = golden("variant_sequences")
    path = tmp_path / "genome.fa"
    path.write_text("".join(f">{name}\n{bases}\n" for name, bases in meta["chromosomes"].items()))
    reference = Reference(path)
    for case in meta["items"]:
        ref, alt = allele_sequences(
            Interval.from_str(case["interval"]), [parse_variant(case["variant"])], reference
        )
        assert ref == case["reference_sequence"], case
        assert alt == case["alternate_sequence"], case


def test_a_haplotype_spelled_out(tiny):
    #               GATTACAGGCCTTAAC GTAC
    # 3 T>C, 6 CA>C (deletes the A), 9 G>GTT
    variants = [Variant("c", 9, "G", "GTT"), Variant("c", 3, "T", "C"), Variant("c", 6, "CA", "C")]
    ref, alt = allele_sequences(Interval("c", 0, 16), variants, tiny)
    assert ref == "GATTACAGGCCTTAAC"
    assert alt == "GACTACGGTTCCTTAA"


def test_the_negative_strand_turns_both_sequences_at_the_very_end(tiny):
    variants = [Variant("c", 9, "G", "GTT"), Variant("c", 3, "T", "C")]
    forward = allele_sequences(Interval("c", 0, 16), variants, tiny)
    backward = allele_sequences(Interval("c", 0, 16, "-"), variants, tiny)
    assert backward == tuple(reverse_complement(sequence) for sequence in forward)


def test_without_variants_both_are_the_genome(tiny):
    assert allele_sequences(Interval("c", -2, 4), [], tiny) == ("NNGATT", "NNGATT")


@pytest.mark.parametrize(
    "variants",
    [
        [Variant("c", 5, "ACA", "A"), Variant("c", 7, "A", "T")],
        [Variant("c", 5, "A", "T"), Variant("c", 5, "A", "G")],
        [Variant("c", 5, "A", "AT"), Variant("c", 5, "", "G")],
    ],
)
def test_variants_that_change_the_same_bases_are_refused(tiny, variants):
    with pytest.raises(errors.OverlappingVariantsError, match="change the same bases"):
        allele_sequences(Interval("c", 0, 16), variants, tiny)


def test_neighbouring_variants_do_not_overlap(tiny):
    _, alt = allele_sequences(
        Interval("c", 0, 8), [Variant("c", 3, "TT", "A"), Variant("c", 5, "A", "GG")], tiny
    )
    assert alt == "GAAGGCAG"


alleles = st.text("ACGT", min_size=1, max_size=4)


@st.composite
def haplotypes(draw):
    starts = sorted(draw(st.sets(st.integers(0, 50), min_size=1, max_size=4)))
    variants = []
    for left, right in itertools.pairwise([*starts, 60]):
        length = draw(st.integers(1, min(4, right - left)))
        variants.append(Variant("c", left + 1, GENOME[left : left + length], draw(alleles)))
    return draw(st.permutations(variants))


@settings(deadline=None)
@given(haplotypes(), st.integers(-5, 5), st.integers(20, 50))
def test_a_haplotype_is_the_whole_chromosome_with_its_bases_replaced(tiny, variants, start, width):
    # Slow version: rewrite the chromosome one base at a time. Variants on the left of the window
    # must not move it, so there only those right of its start are taken.
    inside = [v for v in variants if v.start >= start]
    pieces = list(GENOME)
    for variant in inside:
        pieces[variant.start] = variant.alternate_bases
        for at in range(variant.start + 1, variant.end):
            pieces[at] = ""
    rewritten = "N" * 50 + "".join(pieces[: max(start, 0)]) + "".join(pieces[max(start, 0) :])
    rewritten += "N" * 100

    ref, alt = allele_sequences(Interval("c", start, start + width), inside, tiny)

    assert ref == ("N" * 50 + GENOME + "N" * 100)[50 + start : 50 + start + width]
    assert alt == rewritten[50 + start : 50 + start + width]
