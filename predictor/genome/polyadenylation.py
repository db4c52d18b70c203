"""Polyadenylation sites of an assembly, from PolyA_DB, as the table of the release has them.

Source: spec/scoring.md 6.6.
"""

from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import feather

from predictor import errors
from predictor.genome.annotation_rows import check_columns, feather_columns

STORED_SITES = "polyadenylation.feather"
_COLUMNS = ("Chromosome", "Start", "End", "pas_strand", "gene_id")


def read_sites(path: Path) -> pd.DataFrame:
    """Reads the sites of the release, or those that `install-genome` has stored.

    Returns:
      Columns Chromosome, Start (0-based), End, pas_strand and gene_id, in the order of the file;
      other columns take no part.

    Raises:
      AnnotationError: the file cannot be read, or lacks columns; names them.
    """
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
    path = folder / STORED_SITES
    return read_sites(path) if path.is_file() else None
