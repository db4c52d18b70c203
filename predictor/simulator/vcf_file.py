"""Writes a VCF of invented variants."""

import dataclasses
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_COLUMNS = ("chromosome", "position", "name", "reference", "alternate")
# INFO values may hold neither spaces nor separators.
_SAFE = str.maketrans(" ;,=", "_---")


@dataclasses.dataclass(frozen=True)
class Info:
    """One key of the INFO column.

    Attributes:
      column: of the records' values.
      kind: String, Float, Integer.
      about: description.
    """

    column: str
    kind: str
    about: str


def write_vcf(
    path: Path,
    contigs: Mapping[str, int],
    info: Mapping[str, Info],
    rows: Iterable[Mapping[str, Any]],
) -> None:
    """Writes variants in the order of the contigs and of their positions.

    Args:
      path: the file.
      contigs: length by name.
      info: by the key in the INFO column.
      rows: with the columns name (the ID), chromosome, position (1-based), reference and
        alternate, and those that `info` names.
    """
    lines = ["##fileformat=VCFv4.2", "##source=allelens demo simulator (an invented genome)"]
    lines += [f"##contig=<ID={name},length={length}>" for name, length in contigs.items()]
    lines += [
        f'##INFO=<ID={key},Number=1,Type={each.kind},Description="{each.about}">'
        for key, each in info.items()
    ]
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    order = {name: number for number, name in enumerate(contigs)}
    for row in sorted(rows, key=lambda row: (order[row["chromosome"]], row["position"])):
        described = ";".join(
            f"{key}={str(row[each.column]).translate(_SAFE)}" for key, each in info.items()
        )
        fields = [row[column] for column in _COLUMNS] + [".", ".", described]
        lines.append("\t".join(map(str, fields)))
    path.write_text("\n".join(lines) + "\n", encoding="ascii", newline="\n")
