"""Polyadenylation sites of an assembly, gene by gene.

Source: spec/scoring.md 6.6.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from jaxtyping import Int
from pyarrow import feather

from predictor import errors
from predictor.genome.annotation_rows import check_columns, feather_columns

STORED_SITES = "polyadenylation.feather"
# The demo assemblies have theirs as a text.
_TEXT_SITES = "polya.tsv"
_COLUMNS = ("Chromosome", "Start", "End", "pas_strand", "gene_id")


class PolyadenylationSites:
    """The sites of each gene, from 5' to 3'."""

    def __init__(self, table: pd.DataFrame):
        """Takes a table with the columns that `read_sites` gives."""
        ids = table["gene_id"].astype(str).map(_without_version)
        self._rows = table.groupby([ids, table["pas_strand"]]).indices
        self._spans = table[["Start", "End"]].to_numpy(int)

    def of_gene(self, gene_id: str, strand: str) -> Int[np.ndarray, "P 2"]:
        """Start and end of the sites of a gene on its strand, in reading direction.

        The official code takes them in the order of its table, which is the order of the genome
        and so the same on +; on - the splits are the same ones, counted from the other end
        (spec/scoring.md 6.6, recommendation).

        Args:
          gene_id: its version plays no part.
          strand: '+' or '-'.

        Returns:
          0-based half-open; no rows for a gene without sites.
        """
        rows = self._rows.get((_without_version(gene_id), strand), np.zeros(0, int))
        spans: np.ndarray = self._spans[rows]
        order = np.argsort(spans[:, 0], kind="stable")
        return spans[order[::-1] if strand == "-" else order]


def read_sites(path: Path) -> pd.DataFrame:
    """Reads the sites of the release, those that `install-genome` has stored, or the demo's.

    Returns:
      Columns Chromosome, Start (0-based), End, pas_strand and gene_id, in the order of the file;
      other columns take no part.

    Raises:
      AnnotationError: the file cannot be read, or lacks columns; names them.
    """
    if path.suffix == ".tsv":
        return _read_text(path)
    try:
        check_columns(path, feather_columns(path), _COLUMNS)
        found: pd.DataFrame = feather.read_feather(path, columns=list(_COLUMNS))
    except (OSError, pa.ArrowException) as error:
        raise errors.AnnotationError(
            f"The polyadenylation sites {path.name} cannot be read as Feather: {error}."
        ) from error
    return found


def installed_sites(folder: Path) -> pd.DataFrame | None:
    """The sites in the folder of an assembly; None where none are installed.

    Raises:
      AnnotationError: they cannot be read.
    """
    paths = (folder / name for name in (STORED_SITES, _TEXT_SITES))
    found = next((path for path in paths if path.is_file()), None)
    return None if found is None else read_sites(found)


def _read_text(path: Path) -> pd.DataFrame:
    try:
        found = pd.read_csv(path, sep="\t", dtype={"gene_id": str, "pas_strand": str})
    except (OSError, ValueError) as error:
        raise errors.AnnotationError(
            f"The polyadenylation sites {path.name} cannot be read as a table: {error}."
        ) from error
    check_columns(path, list(found.columns), _COLUMNS)
    return found[list(_COLUMNS)]


def _without_version(gene_id: str) -> str:
    return gene_id.split(".", 1)[0]
