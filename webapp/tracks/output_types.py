"""What a page says about the eleven output types: unit, summary rule, one sentence each."""

from dataclasses import dataclass
from typing import Literal

from alphagenome.models.dna_output import OutputType

from predictor.tracks.output_types import OUTPUTS, Kind

Summary = Literal["mean", "max"]


@dataclass(frozen=True)
class OutputTypeText:
    """How an output type is shown.

    Attributes:
      summary: how several bins become one. Peaks of one base (start sites, splice sites) vanish
        in a mean, so these take the maximum.
      unit: of one value of a track.
      sentence: what the assay measures.
    """

    summary: Summary
    unit: str
    sentence: str


# In the order in which a page lists them.
_TEXTS: dict[OutputType, OutputTypeText] = {
    OutputType.RNA_SEQ: OutputTypeText(
        "mean", "normalised read signal", "Amount of RNA from each base: which genes are read."
    ),
    OutputType.CAGE: OutputTypeText(
        "max", "normalised read signal", "Caps of RNA: where transcription starts, and how much."
    ),
    OutputType.PROCAP: OutputTypeText(
        "max",
        "normalised read signal",
        "Caps of RNA that is being made: active start sites of genes and enhancers.",
    ),
    OutputType.ATAC: OutputTypeText(
        "mean", "normalised insertion signal", "Open chromatin, measured with a transposase."
    ),
    OutputType.DNASE: OutputTypeText(
        "mean", "normalised insertion signal", "Open chromatin, measured with DNase I."
    ),
    OutputType.CHIP_HISTONE: OutputTypeText(
        "mean",
        "fold change over control",
        "Marks on histones: active enhancers and promoters, gene bodies, silenced regions.",
    ),
    OutputType.CHIP_TF: OutputTypeText(
        "mean", "fold change over control", "Where a transcription factor is bound."
    ),
    OutputType.SPLICE_SITES: OutputTypeText(
        "max", "probability", "Bases at which an intron may begin (donor) or end (acceptor)."
    ),
    OutputType.SPLICE_SITE_USAGE: OutputTypeText(
        "max", "fraction of transcripts", "How often each splice site is used."
    ),
    OutputType.SPLICE_JUNCTIONS: OutputTypeText(
        "max", "normalised split-read count", "Which exons are joined, and how often."
    ),
    OutputType.CONTACT_MAPS: OutputTypeText(
        "mean",
        "log fold over the expectation at that distance",
        "Which stretches of the chromosome touch in space.",
    ),
}


@dataclass(frozen=True)
class OutputTypeInfo:
    """Everything that is the same for all tracks of an output type."""

    output_type: str
    title: str
    resolution: int
    kind: Kind
    summary: Summary
    unit: str
    sentence: str


OUTPUT_TYPES: dict[str, OutputTypeInfo] = {
    output_type.name: OutputTypeInfo(
        output_type=output_type.name,
        title=OUTPUTS[output_type].title,
        resolution=OUTPUTS[output_type].resolution,
        kind=OUTPUTS[output_type].kind,
        summary=text.summary,
        unit=text.unit,
        sentence=text.sentence,
    )
    for output_type, text in _TEXTS.items()
}
