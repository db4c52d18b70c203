"""Variants of a file, one after the other: VCF, or any text with one variant a line.

A line that cannot be used is a record with a sentence in it; reading always goes on.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from alphagenome.data.genome import Variant

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.genome.reference import Reference
from predictor.genome.variant import check_variant, parse_variant, shorten

_GZIP = b"\x1f\x8b"
_VCF_COLUMNS = 5
_MISSING = "."
# Files that are no text at all are told about too, and must not disturb a terminal.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class VariantRecord:
    """One variant of a file; a line with several alternate alleles makes several.

    Attributes:
      line: number of the line, from 1.
      text: what stands there, cut in the middle where it is long.
      name: the ID of a VCF line, such as an rsID; empty without one.
      variant: under the assembly's name of its chromosome; None where there is a problem.
      problem: why it cannot be used, one sentence; empty otherwise.
    """

    line: int
    text: str
    name: str = ""
    variant: Variant | None = None
    problem: str = ""


def read_records(path: Path, names: ChromosomeNames | None = None) -> Iterator[VariantRecord]:
    """Reads a file, plain or compressed with gzip, without holding it in memory.

    Lines that begin with # and empty ones are skipped. A line of at least five columns between
    tabs is a line of a VCF; any other one is a variant in any of its usual spellings.

    Args:
      path: the file.
      names: chromosome names of the assembly.

    Raises:
      InvalidVariantError: the file breaks off in the middle of its compression.
      OSError: it cannot be read at all.
    """
    with _opened(path) as file:
        try:
            for number, raw in enumerate(file, 1):
                text = _UNPRINTABLE.sub("\ufffd", raw.decode("utf-8", errors="replace"))
                text = text.strip("\ufeff\r\n ")
                if text and not text.startswith("#"):
                    yield from _records(number, text, names)
        except EOFError as error:
            raise errors.InvalidVariantError(
                f"{path.name} ends in the middle of its compressed data; fetch it again."
            ) from error


def checked_record(record: VariantRecord, reference: Reference) -> VariantRecord:
    """The record compared with the genome: `check_variant`, its error as the problem."""
    if record.variant is None:
        return record
    try:
        variant = check_variant(record.variant, reference)
    except errors.AllelensError as error:
        return VariantRecord(
            line=record.line, text=record.text, name=record.name, problem=error.message
        )
    return VariantRecord(line=record.line, text=record.text, name=record.name, variant=variant)


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        compressed = file.read(len(_GZIP)) == _GZIP
    return cast(BinaryIO, gzip.open(path)) if compressed else path.open("rb")


def _records(line: int, text: str, names: ChromosomeNames | None) -> Iterator[VariantRecord]:
    columns = text.split("\t")
    if len(columns) < _VCF_COLUMNS:
        yield _record(line, " ".join(columns), "", names)
        return
    chromosome, position, name, reference, alternates = map(str.strip, columns[:_VCF_COLUMNS])
    name = "" if name == _MISSING else name
    for alternate in alternates.split(","):
        shown = " ".join((chromosome, position, reference, alternate))
        if problem := _column_problem(shown, position, alternate):
            yield VariantRecord(line=line, text=shorten(shown), name=name, problem=problem)
        else:
            yield _record(line, shown, name, names)


def _column_problem(shown: str, position: str, alternate: str) -> str:
    """What is wrong with a line of a VCF that another spelling would explain wrongly."""
    if not (position.isascii() and position.isdigit()):
        return (
            f'"{shorten(shown)}" has {shorten(position) or "nothing"} in the column of the '
            "position; expected a number, 1 for the first base of a chromosome."
        )
    if alternate in (_MISSING, ""):
        return f'"{shorten(shown)}" has no alternate allele, so there is nothing to score.'
    return ""


def _record(line: int, text: str, name: str, names: ChromosomeNames | None) -> VariantRecord:
    try:
        variant = parse_variant(text, names)
    except errors.AllelensError as error:
        return VariantRecord(line=line, text=shorten(text), name=name, problem=error.message)
    return VariantRecord(line=line, text=shorten(text), name=name, variant=variant)
