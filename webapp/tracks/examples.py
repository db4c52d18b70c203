"""Examples to click: the show-case loci of the demo genome, with what to look for."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from alphagenome.data.genome import Interval
from alphagenome.models.dna_output import OutputType

from predictor.engines.registry import ENGINES
from predictor.simulator import grammar
from predictor.simulator.showcase import SHOWCASE, VARIANT, Expectation, Showcase, ShowcaseVariant
from predictor.simulator.showcase_loci import ORGANISM
from predictor.simulator.track_table import tracks
from predictor.tracks.output_types import organism_name
from webapp.tracks.output_types import OUTPUT_TYPES

_ENGINE = ENGINES["demo"]
_LONGEST_CHANGE = 17
# The real findings that the loci are built after.
_LIKE = {
    "d-tal1": "the TAL1 enhancer insertions of T-cell leukaemia",
    "d-smn2": "exon 7 of SMN1 and SMN2",
    "d-sort1": "rs12740374 at SORT1",
    "d-tad": "boundary deletions that rewire enhancers",
    "d-pas": "polyA variants of TP53, RIGI and HBA2",
    "d-prom": "promoter variants of APOA1 and TERT",
    "d-splice": "splice variants of COL6A2, APOL4 and DLG1",
    "d-neuro": "RBFOX exons, REST silencing, enhancer screens",
}
# Beside what a locus is about, these make the picture whole.
_ALWAYS = (
    *(OutputType.DNASE, OutputType.RNA_SEQ, OutputType.CHIP_HISTONE),
    *(OutputType.SPLICE_JUNCTIONS, OutputType.CONTACT_MAPS),
)
_CELL_TYPES = {cell.key: cell for cell in (grammar.T, grammar.HEP, grammar.NEU, grammar.ERY)}


@cache
def examples() -> list[dict[str, Any]]:
    """Variants with a known answer, in the order in which a page shows them."""
    return [_example(slot) for slot in SHOWCASE]


def _example(slot: Showcase) -> dict[str, Any]:
    main, *others = slot.variants
    focus = slot.focus_interval
    return {
        "slug": slot.slug,
        "title": slot.title,
        "sentence": slot.sentence,
        "like": _LIKE.get(slot.slug, ""),
        "engine": _ENGINE.name,
        "organism": organism_name(ORGANISM),
        "assembly": _ENGINE.assemblies[ORGANISM],
        "variants": [str(main.variant)],
        "alternatives": [
            {"label": _label(variant), "variants": [str(variant.variant)]} for variant in others
        ],
        "interval": {
            "chromosome": focus.chromosome,
            "start": focus.start,
            "end": focus.end,
            "strand": ".",
        },
        "window": _window(main, focus),
        "output_types": _available((*slot.look_at, *_ALWAYS), slot.curies),
        "ontology_curies": list(slot.curies),
        "look_at": _look_at(main.expected),
    }


def _label(variant: ShowcaseVariant) -> str:
    change = f"{variant.reference}>{variant.alternate}"
    return change if len(change) <= _LONGEST_CHANGE else variant.title


def _window(variant: ShowcaseVariant, focus: Interval) -> int:
    """The shortest window around the variant that holds what is to be seen."""
    for length in _ENGINE.windows:
        window = variant.variant.reference_interval.resize(length)
        if length >= _ENGINE.default_window and window.contains(focus):
            return length
    return _ENGINE.windows[-1]


def _available(wanted: Iterable[OutputType], curies: Sequence[str]) -> list[str]:
    """Output types of which one of the cell types has a track."""
    tables = tracks(ORGANISM)
    found = {
        output_type.name: None
        for output_type in wanted
        if "ontology_curie" not in tables[output_type]
        or tables[output_type]["ontology_curie"].isin(curies).any()
    }
    return list(found)


def _look_at(expected: Iterable[Expectation]) -> str:
    """`DNase-seq rises at the variant in T-lymphoblast-like cells; …`."""
    return "; ".join(_expectation(one) for one in expected if one.direction)


def _expectation(one: Expectation) -> str:
    what = one.target or OUTPUT_TYPES[one.output_type.name].title
    verb = "rise" if one.direction > 0 else "fall"
    verb += "" if what.endswith("s") else "s"
    where = "at the variant" if one.where == VARIANT else f"at {one.where}"
    names = [_CELL_TYPES[key].title.removesuffix(" (demo)") for key in one.cell_types]
    if len(names) == len(_CELL_TYPES):
        cells = " in all cell types"
    else:
        cells = f" in {' and '.join(names)} cells" if names else ""
    return f"{what} {verb} {where}{cells}"
