"""The show-case: eight loci of `demoS`, what happens there, and where to look.

A slot is 32,768 bp, the window that its truth is computed on. Positions of variants are
1-based, as in the VCF; intervals are 0-based half-open.

Source: specification of the demo genome, section 7.
"""

from pathlib import Path

from alphagenome.models.dna_output import OutputType

from predictor.simulator import grammar
from predictor.simulator import showcase_loci as loci
from predictor.simulator.showcase_entry import (
    CHROMOSOME,
    VARIANT,
    Expectation,
    Showcase,
    ShowcaseVariant,
)

__all__ = [
    "CHROMOSOME",
    "SHOWCASE",
    "VARIANT",
    "Expectation",
    "Showcase",
    "ShowcaseVariant",
    "find",
    "write_vcf",
]

_O = OutputType
_ALL = ("T", "HEP", "NEU", "ERY")


def _variant(
    slot: int,
    name: str,
    offset: int,
    change: str,
    title: str,
    expected: tuple[Expectation, ...] = (),
) -> ShowcaseVariant:
    """A variant given by its 0-based offset in the slot and a change such as "C>ACG"."""
    reference, alternate = change.split(">")
    return ShowcaseVariant(
        name=name,
        position=slot * loci.SLOT + offset + 1,
        reference=reference,
        alternate=alternate,
        title=title,
        expected=expected,
    )


def _expect(
    output_type: OutputType,
    cell_types: tuple[str, ...],
    direction: int,
    where: str = VARIANT,
    target: str | None = None,
) -> Expectation:
    return Expectation(
        output_type=output_type,
        cell_types=cell_types,
        direction=direction,
        where=where,
        target=target,
    )


_TAL1_UP = (
    _expect(_O.DNASE, ("T",), +1),
    _expect(_O.CHIP_HISTONE, ("T",), +1, target="H3K27ac"),
    _expect(_O.CHIP_HISTONE, ("T",), +1, target="H3K4me1"),
    _expect(_O.CHIP_TF, ("T",), +1, target="MYB"),
    _expect(_O.RNA_SEQ, ("T",), +1, "D-TAL1"),
    _expect(_O.CHIP_HISTONE, ("T",), +1, "D-TAL1", "H3K4me3"),
    _expect(_O.CHIP_HISTONE, ("T",), +1, "D-TAL1", "H3K36me3"),
    _expect(_O.CHIP_HISTONE, ("T",), -1, "D-TAL1", "H3K27me3"),
)
_TAL1_INSERTIONS = (
    ("d-tal1-acg", "C>ACG", "insertion that writes a MYB site (as in patients 3-5)", True),
    ("d-tal1-main", "C>CCGTTTCCTAACC", "12-bp insertion that writes a MYB site", True),
    ("d-tal1-acc", "C>ACC", "insertion that writes a MYB site", True),
    ("d-tal1-aacc", "C>AACC", "insertion that writes a MYB site", True),
    ("d-tal1-11", "C>ACGGATATAACC", "11-bp insertion that writes a MYB site", True),
    ("d-tal1-14", "C>ACGGAATTTCTAACC", "14-bp insertion that writes a MYB site", True),
    ("d-tal1-ac", "C>AC", "insertion that writes no MYB site here, unlike in nature", False),
)
# Whole sites that a deletion removes but for their first base.
_REVERSE_SITE = grammar.decode(grammar.reverse_complement(grammar.encode(loci.CTCF_SITE)))
_ENHANCER = loci.SPACER.join(loci.HEPATIC_ELEMENT)

_TAD_UP = (
    _expect(_O.RNA_SEQ, ("ERY",), +1, "D-TAD1"),
    _expect(_O.CAGE, ("ERY",), +1, "D-TAD1"),
    _expect(_O.CHIP_TF, ("T", "HEP"), -1, target="CTCF"),
    _expect(_O.CONTACT_MAPS, ("T", "ERY"), +1),
)
_EVERYWHERE_DOWN = tuple(_expect(o, _ALL, -1, "D-PROM1") for o in (_O.RNA_SEQ, _O.CAGE))

SHOWCASE: tuple[Showcase, ...] = (
    Showcase(
        slug="d-tal1",
        title="D-TAL1: an insertion writes an enhancer",
        sentence=(
            "A few inserted bases complete a MYB site between a RUNX and an ETS site; a silent "
            "element 2.5 kb from D-TAL1 opens in T-lymphoblast-like cells only, and the gene "
            "goes up about two and a half times."
        ),
        number=0,
        focus=(loci.TAL1_START - 3_000, loci.TAL1_VARIANT + 1_500),
        genes=("D-TAL1",),
        variants=(
            *(
                _variant(0, name, loci.TAL1_VARIANT, change, title, _TAL1_UP if works else ())
                for name, change, title, works in _TAL1_INSERTIONS
            ),
            _variant(
                0, "d-tal1-ttc", loci.TAL1_VARIANT - 3, "TTA>CTAACGG",
                "insertion that writes no MYB site here, unlike in nature",
            ),
        ),
        look_at=(_O.DNASE, _O.CHIP_HISTONE, _O.CHIP_TF, _O.RNA_SEQ),
        cell_types=("T", "HEP"),
    ),
    Showcase(
        slug="d-smn2",
        title="D-SMN2: one base makes an exon disappear",
        sentence=(
            "C>T at the sixth base of the middle exon turns a splicing enhancer into a silencer; "
            "the exon is skipped in every cell type."
        ),
        number=1,
        focus=(loci.SMN2_START - 300, loci.SMN2_START + 2_800),
        genes=("D-SMN2",),
        variants=(
            _variant(
                1, "d-smn2-c6t", loci.SMN2_VARIANT, "C>T",
                "sixth exon base: CAGACAA becomes TAGACAA",
                (
                    _expect(_O.SPLICE_SITE_USAGE, _ALL, -1),
                    _expect(_O.RNA_SEQ, _ALL, -1),
                ),
            ),
        ),
        look_at=(_O.SPLICE_JUNCTIONS, _O.SPLICE_SITE_USAGE, _O.RNA_SEQ),
        cell_types=("T", "HEP", "NEU", "ERY"),
    ),
    Showcase(
        slug="d-sort1",
        title="D-SORT1: a common variant completes a liver element",
        sentence=(
            "G>T completes a CEBP site beside an HNF4 site 3 kb from the start; D-SORT1 rises in "
            "hepatocyte-like cells and nowhere else."
        ),
        number=2,
        focus=(loci.SORT1_SITE - 1_500, loci.SORT1_START + 2_500),
        genes=("D-SORT1",),
        variants=(
            _variant(
                2, "d-sort1-g-t", loci.SORT1_VARIANT, "G>T", "TGGCGCAAC becomes TTGCGCAAC",
                (
                    _expect(_O.DNASE, ("HEP",), +1),
                    _expect(_O.ATAC, ("HEP",), +1),
                    _expect(_O.CHIP_HISTONE, ("HEP",), +1, target="H3K27ac"),
                    _expect(_O.CHIP_TF, ("HEP",), +1, target="CEBP"),
                    _expect(_O.RNA_SEQ, ("HEP",), +1, "D-SORT1"),
                    _expect(_O.CAGE, ("HEP",), +1, "D-SORT1"),
                ),
            ),
        ),
        look_at=(_O.DNASE, _O.CHIP_TF, _O.CHIP_HISTONE, _O.RNA_SEQ, _O.CAGE),
        cell_types=("HEP", "T"),
    ),
    Showcase(
        slug="d-tad",
        title="D-TAD: a lost boundary lets an enhancer reach the wrong gene",
        sentence=(
            "Without the CTCF site the loop is gone, contacts cross the boundary, and the "
            "erythroid enhancer doubles the expression of D-TAD1."
        ),
        number=3,
        focus=(loci.TAD_FORWARD - 1_500, loci.TAD_START + 3_000),
        genes=("D-TAD1",),
        variants=(
            _variant(
                3, "d-tad-del", loci.TAD_REVERSE, f"{_REVERSE_SITE}>{_REVERSE_SITE[0]}",
                "deletion of the CTCF site", _TAD_UP,
            ),
            _variant(
                3, "d-tad-snv", loci.TAD_REVERSE + 6, f"{_REVERSE_SITE[6]}>T",
                "one base in the core of the CTCF site", _TAD_UP,
            ),
        ),
        look_at=(_O.CONTACT_MAPS, _O.CHIP_TF, _O.RNA_SEQ, _O.DNASE),
        cell_types=("ERY", "T"),
    ),
    Showcase(
        slug="d-pas",
        title="D-PAS: where a transcript ends",
        sentence=(
            "Losing the distal polyA signal lets transcription run on; gaining one upstream "
            "shortens the 3' end."
        ),
        number=4,
        focus=(loci.PAS_START - 300, loci.PAS_LAST_EXON + 4_000),
        genes=("D-PAS1",),
        variants=(
            _variant(
                4, "d-pas-loss", loci.PAS_LAST_EXON + loci.PAS_DISTAL + 3, "A>G",
                "distal AATAAA becomes AATGAA", (_expect(_O.RNA_SEQ, _ALL, -1, "D-PAS1"),),
            ),
            _variant(
                4, "d-pas-gain", loci.PAS_LAST_EXON + loci.PAS_NEAR + 4, "C>A",
                "AATACA becomes AATAAA", (_expect(_O.RNA_SEQ, _ALL, -1, "D-PAS1"),),
            ),
        ),
        look_at=(_O.RNA_SEQ, _O.CHIP_HISTONE),
        cell_types=("T", "HEP", "ERY"),
    ),
    Showcase(
        slug="d-prom",
        title="D-PROM: a promoter broken, another completed",
        sentence=(
            "One base in the TATA box silences D-PROM1 everywhere; one base that completes an "
            "ETS site raises D-PROM2, most where its partners work."
        ),
        number=5,
        focus=(loci.PROM_START - 1_500, loci.PROM_SECOND_START + 2_200),
        genes=("D-PROM1", "D-PROM2"),
        variants=(
            _variant(
                5, "d-prom-tata", loci.PROM_TATA + 2, "T>G", "TATAAAAG becomes TAGAAAAG",
                _EVERYWHERE_DOWN,
            ),
            _variant(
                5, "d-prom-ets", loci.PROM_ETS + 7, "C>T", "CCGGAAGC becomes CCGGAAGT",
                (
                    _expect(_O.DNASE, _ALL, +1),
                    _expect(_O.RNA_SEQ, _ALL, +1, "D-PROM2"),
                ),
            ),
        ),
        look_at=(_O.CAGE, _O.RNA_SEQ, _O.DNASE, _O.CHIP_HISTONE),
        cell_types=("T", "HEP", "NEU", "ERY"),
    ),
    Showcase(
        slug="d-splice",
        title="D-SPLICE: donors and acceptors",
        sentence=(
            "A broken donor skips its exon, a broken donor with a spare behind it makes the exon "
            "60 bp longer, and a broken acceptor gives a new bypass junction."
        ),
        number=6,
        focus=(loci.SPLICE_START - 300, loci.SPLICE_START + 2_900),
        genes=("D-SPLICE1",),
        variants=(
            _variant(
                6, "d-splice-skip", loci.SPLICE_FIRST_DONOR, "G>A",
                "donor of the first internal exon broken",
                (
                    _expect(_O.SPLICE_SITE_USAGE, _ALL, -1),
                    _expect(_O.SPLICE_SITES, (), -1),
                ),
            ),
            _variant(
                6, "d-splice-shift", loci.SPLICE_SECOND_DONOR, "G>C",
                "donor of the second internal exon broken; a spare stands 60 bp behind it",
                (_expect(_O.RNA_SEQ, _ALL, +1),),
            ),
            _variant(
                6, "d-splice-del", loci.SPLICE_THIRD_ACCEPTOR - 4, "TCAGG>T",
                "4 bp with the acceptor's YAG deleted",
                (
                    _expect(_O.SPLICE_SITE_USAGE, _ALL, -1),
                    _expect(_O.SPLICE_SITES, (), -1),
                ),
            ),
        ),
        look_at=(_O.SPLICE_JUNCTIONS, _O.SPLICE_SITES, _O.SPLICE_SITE_USAGE, _O.RNA_SEQ),
        cell_types=("T", "HEP", "NEU", "ERY"),
    ),
    Showcase(
        slug="d-neuro",
        title="D-NEURO: neurons, a silencer, and three enhancers",
        sentence=(
            "An RBFOX site keeps an exon in neuron-like cells only; one base completes a REST "
            "site that silences D-NEURO1 outside neurons; and of three enhancers of D-NEURO2 the "
            "nearest matters most."
        ),
        number=7,
        focus=(loci.NEURO_START - 1_800, loci.RANKED_ENHANCERS[-1] + 800),
        genes=("D-NEURO1", "D-NEURO2"),
        variants=(
            _variant(
                7, "d-neuro-rbfox", loci.NEURO_RBFOX + 4, "T>C", "TGCATG becomes TGCACG",
                (_expect(_O.SPLICE_SITE_USAGE, ("NEU",), -1),),
            ),
            _variant(
                7, "d-neuro-rest", loci.NEURO_REST + 10, "T>C",
                "TTCAGCACCATG becomes TTCAGCACCACG",
                (
                    _expect(_O.DNASE, ("HEP",), -1),
                    _expect(_O.CHIP_TF, ("HEP",), +1, target="REST"),
                    _expect(_O.RNA_SEQ, ("HEP",), -1, "D-NEURO1"),
                ),
            ),
            *(
                _variant(
                    7, f"d-neuro-enhancer-{number}", start, f"{_ENHANCER}>{_ENHANCER[0]}",
                    f"deletion of the enhancer at {distance} kb",
                    (
                        _expect(_O.DNASE, ("HEP",), -1),
                        _expect(_O.RNA_SEQ, ("HEP",), -1, "D-NEURO2"),
                    ),
                )
                for number, start, distance in zip(
                    (1, 2, 3), loci.RANKED_ENHANCERS, (1, 3, 6), strict=True
                )
            ),
        ),
        look_at=(_O.SPLICE_SITE_USAGE, _O.RNA_SEQ, _O.DNASE, _O.CHIP_TF),
        cell_types=("NEU", "HEP"),
    ),
)  # fmt: skip


def find(slug: str) -> Showcase:
    """The slot of a slug.

    Raises:
      KeyError: there is none.
    """
    return {slot.slug: slot for slot in SHOWCASE}[slug]


def write_vcf(path: Path) -> None:
    """Writes all show-case variants as a VCF on `demoS`, ordered by position."""
    length = len(SHOWCASE) * loci.SLOT
    lines = [
        "##fileformat=VCFv4.2",
        "##source=allelens demo simulator (an invented genome)",
        "##reference=demoH1",
        f"##contig=<ID={CHROMOSOME},length={length},assembly=demoH1>",
        '##INFO=<ID=LOCUS,Number=1,Type=String,Description="Show-case locus">',
        '##INFO=<ID=TITLE,Number=1,Type=String,Description="What the variant is">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO",
    ]
    rows = [(slot, variant) for slot in SHOWCASE for variant in slot.variants]
    for slot, variant in sorted(rows, key=lambda row: (row[1].position, row[1].name)):
        # INFO values may hold neither spaces nor separators.
        title = variant.title.translate(str.maketrans(" ;,=", "_---"))
        fields = (CHROMOSOME, str(variant.position), variant.name, variant.reference)
        info = f"LOCUS={slot.slug};TITLE={title}"
        lines.append("\t".join((*fields, variant.alternate, ".", ".", info)))
    path.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
