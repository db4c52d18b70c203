"""What several commands share."""

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

INTERVAL_HELP = (
    "chr:start-end, 0-based and half-open as in the SDK's text form (chr1:0-16384 are the first "
    "16,384 bases); add :- for the reverse strand"
)
NO_ALIGN_HELP = "leave the tracks of ALT in ALT coordinates, instead of aligning them to REF"
VARIANT_HELP = (
    "chr:position:REF>ALT, with a 1-based position as in a VCF; several lie on one ALT haplotype"
)


def split(text: str | None) -> list[str] | None:
    """The words of a list with commas or spaces; None stays None."""
    return None if text is None else [part for part in text.replace(",", " ").split() if part]
