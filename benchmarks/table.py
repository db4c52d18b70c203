"""Rows of a benchmark and their print-out."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured number.

    Attributes:
      name: what was measured.
      value: the number.
      unit: its unit.
      aim: what the project asks for, where it asks for something.
    """

    name: str
    value: float
    unit: str
    aim: str = ""


def print_table(title: str, rows: Sequence[Row]) -> None:
    width = max(len(row.name) for row in rows)
    print(f"\n{title}\n{'-' * len(title)}")
    for row in rows:
        aim = f"   (aim: {row.aim})" if row.aim else ""
        print(f"{row.name:<{width}}  {row.value:>10.3f} {row.unit}{aim}")
