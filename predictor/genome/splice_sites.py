"""Annotated splice sites: from introns, or from tables of the starts and ends of introns.

A donor is labelled at the last base of the exon before the intron, an acceptor at the first base
of the exon behind it, in reading direction.

Source: spec/scoring.md 5; spec/model.md 13.5.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from alphagenome.data.genome import Interval
from pyarrow import feather

from predictor import errors
from predictor.genome.annotation_rows import check_columns, feather_columns
from predictor.genome.arrow_file import open_table, runs, write_table

# Classes of a base: donor +, acceptor +, donor -, acceptor -, none.
SPLICE_SITE_CLASSES = 5
# Class of the site at the left and at the right end of an intron.
_LEFT, _RIGHT = {"+": 0, "-": 3}, {"+": 1, "-": 2}

SCHEMA = pa.schema(
    [("chromosome", pa.string()), ("position", pa.int32()), ("site_class", pa.int8())]
)


def splice_site_mask(interval: Interval, introns: Iterable[tuple[int, int, str]]) -> np.ndarray:
    """Marks donors (last exon base) and acceptors (first exon base) of introns.

    Args:
      interval: its strand is ignored.
      introns: (start, end, strand), 0-based half-open.

    Returns:
      bool [S, 5], S = interval.width, from left to right; columns donor +, acceptor +, donor -,
      acceptor -, none of them.

    Source: spec/scoring.md 5.
    """
    mask = np.zeros((interval.width, SPLICE_SITE_CLASSES), bool)
    for start, end, strand in introns:
        side = "+" if strand == "+" else "-"
        for position, column in ((start - 1, _LEFT[side]), (end, _RIGHT[side])):
            if interval.start <= position < interval.end:
                mask[position - interval.start, column] = True
    mask[:, -1] = ~mask[:, :-1].any(axis=1)
    return mask


class SpliceSites:
    """All splice sites of an assembly, by chromosome and position."""

    def __init__(self, table: Any):
        """Takes a table with `SCHEMA`, sorted by chromosome and position."""
        self.table = table.combine_chunks()
        position, site_class = (self.table[name].to_numpy() for name in SCHEMA.names[1:])
        self._by_chromosome = {
            name: (position[rows], site_class[rows])
            for name, rows in runs(self.table["chromosome"]).items()
        }

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @classmethod
    def open(cls, path: Path) -> "SpliceSites":
        """Maps a table of `write` into memory.

        Raises:
          AnnotationError: the file is absent or is no such table.
        """
        return cls(open_table(path, SCHEMA, "splice sites"))

    @classmethod
    def from_junction_tables(cls, starts: Path, ends: Path) -> "SpliceSites":
        """Reads the two tables of the release; columns of tissues take no part.

        Args:
          starts: Feather with Chromosome, Strand and Start, the first base of each intron, 0-based.
          ends: Feather with Chromosome, Strand and End, one past the last base of each intron.

        Raises:
          AnnotationError: names what cannot be read, or the columns that are lacking.
        """
        found = pa.concat_tables(
            [
                _sites(starts, "Start", shift=-1, classes=_LEFT),
                _sites(ends, "End", shift=0, classes=_RIGHT),
            ]
        )
        return cls(_sorted(found))

    @property
    def last_positions(self) -> dict[str, int]:
        """The last site of each chromosome, 0-based."""
        return {name: int(found[0][-1]) for name, found in self._by_chromosome.items()}

    def renamed(self, names: Mapping[str, str]) -> "SpliceSites":
        """The sites of the chromosomes in `names`, under their new names."""
        kept = self.table.filter(pc.is_in(self.table["chromosome"], pa.array(list(names))))
        new = pa.array([names[name] for name in kept["chromosome"].to_pylist()], pa.string())
        return SpliceSites(_sorted(kept.set_column(0, SCHEMA.field(0), new)))

    def write(self, path: Path) -> None:
        """Writes the table; `open` maps it into memory."""
        write_table(path, self.table)

    def mask(self, interval: Interval) -> np.ndarray:
        """Marks the sites of an interval, whose strand is ignored; see `splice_site_mask`."""
        mask = np.zeros((interval.width, SPLICE_SITE_CLASSES), bool)
        if interval.chromosome in self._by_chromosome:
            position, site_class = self._by_chromosome[interval.chromosome]
            first, last = np.searchsorted(position, [interval.start, interval.end])
            mask[position[first:last] - interval.start, site_class[first:last]] = True
        mask[:, -1] = ~mask[:, :-1].any(axis=1)
        return mask


def _sorted(table: Any) -> Any:
    """Each site once, by chromosome and position."""
    distinct = table.group_by(SCHEMA.names).aggregate([]).select(SCHEMA.names)
    return distinct.sort_by([(name, "ascending") for name in SCHEMA.names]).cast(SCHEMA)


def _sites(path: Path, column: str, *, shift: int, classes: dict[str, int]) -> Any:
    needed = ("Chromosome", "Strand", column)
    try:
        check_columns(path, feather_columns(path), needed)
        table = feather.read_table(path, columns=list(needed), memory_map=True)
    except (OSError, pa.ArrowException) as error:
        raise errors.AnnotationError(
            f"The splice sites {path.name} cannot be read as Feather: {error}."
        ) from error
    strand = table["Strand"].cast(pa.string())
    plus = pc.equal(strand, "+")
    if not pc.all(pc.or_(plus, pc.equal(strand, "-"))).as_py():
        raise errors.AnnotationError(
            f"{path.name} has splice sites whose Strand is neither + nor -."
        )
    return pa.table(
        {
            "chromosome": table["Chromosome"].cast(pa.string()),
            "position": pc.add(table[column].cast(pa.int32()), pa.scalar(shift, pa.int32())),
            "site_class": pc.if_else(
                plus, pa.scalar(classes["+"], pa.int8()), pa.scalar(classes["-"], pa.int8())
            ),
        }
    )
