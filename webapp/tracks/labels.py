"""Tracks in plain words."""

from collections.abc import Mapping
from typing import Any

from webapp.tracks.output_types import OUTPUT_TYPES

_STRANDS = {"+": " +", "-": " −"}


def track_label(output_type: str, row: Mapping[Any, Any]) -> str:
    """A row of the SDK's metadata as a person would say it.

    `H3K27ac, hepatocyte-like`; `RNA-seq −, erythroid-like`; `Splice donor +`.
    """
    strand = _STRANDS.get(text_of(row, "strand"), "")
    target = text_of(row, "histone_mark") or text_of(row, "transcription_factor")
    biosample = text_of(row, "biosample_name")
    if not biosample and output_type == "SPLICE_SITES":
        # The name is `donor` or `acceptor`; in the demo world all names begin with `D-`.
        target = f"Splice {text_of(row, 'name').removeprefix('D-')}"
    label = f"{target or OUTPUT_TYPES[output_type].title}{strand}"
    return f"{label}, {biosample}" if biosample else label


def text_of(row: Mapping[Any, Any], column: str) -> str:
    """A text column of a metadata row; empty where it is absent (pandas has NaN there)."""
    value = row.get(column)
    return value if isinstance(value, str) else ""
