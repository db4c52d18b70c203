"""The demo's tracks as a table: which assay exists for which cell type, in head order.

A head is named as in the network; `OUTPUT_TYPE` gives the SDK's name of each. The mouse has
fewer tracks: it fills its rows first, the rest are rows named "Padding". In the junction
head, which has two halves (plus, minus) of tissues, each half is filled and padded alike.

Source: specification of the demo genome, section 6 (66 human and 32 mouse tracks).
"""

import dataclasses
import functools

import numpy as np
import pandas as pd
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from jaxtyping import Bool

from predictor.simulator import grammar

PADDING = "Padding"
JUNCTION_HEAD = "splice_sites_junction"

OUTPUT_TYPE = {
    "atac": OutputType.ATAC,
    "dnase": OutputType.DNASE,
    "procap": OutputType.PROCAP,
    "cage": OutputType.CAGE,
    "rna_seq": OutputType.RNA_SEQ,
    "chip_tf": OutputType.CHIP_TF,
    "chip_histone": OutputType.CHIP_HISTONE,
    "contact_maps": OutputType.CONTACT_MAPS,
    "splice_sites_classification": OutputType.SPLICE_SITES,
    "splice_sites_usage": OutputType.SPLICE_SITE_USAGE,
    JUNCTION_HEAD: OutputType.SPLICE_JUNCTIONS,
}
RESOLUTION = dict.fromkeys(OUTPUT_TYPE, 1) | {
    "chip_tf": 128, "chip_histone": 128, "contact_maps": 2048,
}  # fmt: skip
ASSAY = {
    "atac": "ATAC-seq",
    "dnase": "DNase-seq",
    "procap": "PRO-cap",
    "cage": "hCAGE",
    "rna_seq": "total RNA-seq",
    "chip_tf": "TF ChIP-seq",
    "chip_histone": "Histone ChIP-seq",
    "contact_maps": "in situ Hi-C",
    "splice_sites_usage": "splice site usage",
    JUNCTION_HEAD: "splice junctions",
}
BIOSAMPLE_TYPE = {
    "T": "cell_line", "HEP": "primary_cell", "NEU": "in_vitro_differentiated_cells",
    "ERY": "cell_line",
}  # fmt: skip

HISTONE_MARKS = ("H3K27ac", "H3K4me1", "H3K4me3", "H3K36me3", "H3K27me3", "H3K9me3")


@dataclasses.dataclass(frozen=True)
class Track:
    """One row of a head.

    Attributes:
      cell_type: key of the cell type; None for a splice site class.
      strand: "+", "-" or ".".
      target: histone mark, factor or splice site class, where the head has such.
    """

    cell_type: str | None
    strand: str = "."
    target: str | None = None


def _unstranded(*cell_types: str) -> tuple[Track, ...]:
    return tuple(Track(cell_type) for cell_type in cell_types)


def _stranded(*cell_types: str) -> tuple[Track, ...]:
    """All plus rows first; the n-th minus row is the same experiment as the n-th plus row."""
    return tuple(Track(cell_type, strand) for strand in "+-" for cell_type in cell_types)


def _marks(*cell_types: str) -> tuple[Track, ...]:
    return tuple(Track(c, target=mark) for c in cell_types for mark in HISTONE_MARKS[:3])


def _factors(*pairs: tuple[str, str]) -> tuple[Track, ...]:
    return tuple(Track(cell_type, target=factor) for factor, cell_type in pairs)


_SPLICE_CLASSES = tuple(
    Track(None, strand, site) for strand in "+-" for site in ("donor", "acceptor")
)

TRACKS = {
    Organism.HOMO_SAPIENS: {
        "atac": _unstranded("HEP", "NEU"),
        "dnase": _unstranded("T", "HEP", "NEU", "ERY"),
        "procap": _stranded("ERY"),
        "cage": _stranded("HEP", "NEU", "ERY"),
        "rna_seq": (*_stranded("T", "HEP", "ERY"), Track("NEU")),
        "chip_tf": _factors(
            ("CTCF", "T"), ("CTCF", "HEP"), ("MYB", "T"), ("GATA", "ERY"), ("TAL", "ERY"),
            ("CEBP", "HEP"), ("HNF4", "HEP"), ("REST", "HEP"),
        ),
        "chip_histone": (
            *(Track("T", target=mark) for mark in HISTONE_MARKS),
            *_marks("HEP", "NEU", "ERY"),
        ),
        "contact_maps": _unstranded("T", "ERY"),
        "splice_sites_classification": _SPLICE_CLASSES,
        "splice_sites_usage": _stranded("T", "HEP", "NEU", "ERY"),
        JUNCTION_HEAD: _unstranded("T", "HEP", "NEU", "ERY"),
    },
    Organism.MUS_MUSCULUS: {
        "atac": _unstranded("HEP"),
        "dnase": _unstranded("HEP", "ERY"),
        "procap": (),
        "cage": _stranded("HEP", "ERY"),
        "rna_seq": _stranded("HEP", "ERY"),
        "chip_tf": _factors(("CTCF", "HEP"), ("GATA", "ERY")),
        "chip_histone": _marks("HEP", "ERY"),
        "contact_maps": _unstranded("ERY"),
        "splice_sites_classification": _SPLICE_CLASSES,
        "splice_sites_usage": _stranded("HEP", "ERY"),
        JUNCTION_HEAD: _unstranded("HEP", "ERY"),
    },
}  # fmt: skip


def width(head: str) -> int:
    """Number of rows of a head, padding included: the human number, plus "none" for classes."""
    rows = len(TRACKS[Organism.HOMO_SAPIENS][head])
    return rows + 1 if head == "splice_sites_classification" else rows


@functools.cache
def tracks(organism: Organism) -> dict[OutputType, pd.DataFrame]:
    """Metadata of every head in head order, with padding rows.

    Columns are those of the SDK that any row of the table fills. Splice junctions have one
    row per tissue and no strand. The fifth splice site class ("none") is named "Padding".
    """
    cell_types = {cell.key: cell for cell in grammar.ORGANISMS[organism].cell_types}
    return {
        OUTPUT_TYPE[head]: _table(head, rows, cell_types) for head, rows in TRACKS[organism].items()
    }


def _table(
    head: str, rows: tuple[Track, ...], cell_types: dict[str, grammar.CellType]
) -> pd.DataFrame:
    described = [_describe(head, row, cell_types) for row in rows]
    described += [{"name": PADDING, "strand": "."}] * (width(head) - len(rows))
    columns = list(dict.fromkeys(key for row in described for key in row))
    table = pd.DataFrame(described, columns=columns)
    return table.drop(columns="strand") if head == JUNCTION_HEAD else table


def _describe(
    head: str, row: Track, cell_types: dict[str, grammar.CellType]
) -> dict[str, str | float]:
    if row.cell_type is None:
        return {"name": f"D-{row.target}", "strand": row.strand}
    cell_type = cell_types[row.cell_type]
    name = f"D-{cell_type.key} {ASSAY[head]}"
    described: dict[str, str | float] = {
        "name": f"{name} {row.target}" if row.target else name,
        "strand": row.strand,
        "Assay title": ASSAY[head],
        "ontology_curie": cell_type.curie,
        "biosample_name": cell_type.title,
        "biosample_type": BIOSAMPLE_TYPE[cell_type.key],
        "data_source": "demo simulator",
    }
    if head == "chip_tf":
        described["transcription_factor"] = f"D-{row.target}"
    if head == "chip_histone":
        described["histone_mark"] = str(row.target)
    return described


def track_mask(organism: Organism) -> dict[str, Bool[np.ndarray, " T"]]:
    """True for the rows of each head that are tracks of the organism, False for padding.

    The mask of `splice_sites_junction` covers both halves (plus tissues, minus tissues);
    "none" of the splice site classes counts as padding here although it is a class.
    """
    masks = {}
    for head, rows in TRACKS[organism].items():
        mask = np.arange(width(head)) < len(rows)
        masks[head] = np.tile(mask, 2) if head == JUNCTION_HEAD else mask
    return masks
