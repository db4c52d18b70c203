"""A long table as a file: Parquet, or text with commas or tabs; it appears whole or not at all."""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from predictor import errors

Write = Callable[[Iterable[pa.Table]], None]

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_ENDINGS = (".parquet", *_DELIMITERS)


def writer(out: Path, schema: pa.Schema) -> Write:
    """What writes a table in the format that the name of its file says.

    Args:
      out: the file; its folder is made where it is missing.
      schema: of all pieces.

    Returns:
      A function of the pieces of the table, which are taken one by one.

    Raises:
      InvalidScoringRequestError: no format of that name.
    """
    if out.suffix not in _ENDINGS:
        raise errors.InvalidScoringRequestError(
            f"{out.name} ends in none of {', '.join(_ENDINGS)}; choose one of these formats.",
            field="out",
        )

    def write(tables: Iterable[pa.Table]) -> None:
        out.parent.mkdir(parents=True, exist_ok=True)
        with appearing(out) as temporary:
            if out.suffix in _DELIMITERS:
                _write_text(temporary, tables, _DELIMITERS[out.suffix])
            else:
                _write_parquet(temporary, tables, schema)

    return write


@contextlib.contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A temporary name that becomes the path at the end, and is gone if something goes wrong."""
    temporary = path.with_name(f".{path.name}.new")
    try:
        yield temporary
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_parquet(path: Path, tables: Iterable[pa.Table], schema: pa.Schema) -> None:
    with pq.ParquetWriter(path, schema, compression="zstd") as file:
        for table in tables:
            file.write_table(table)


def _write_text(path: Path, tables: Iterable[pa.Table], delimiter: str) -> None:
    with path.open("wb") as file:
        for number, table in enumerate(tables):
            options = pyarrow.csv.WriteOptions(
                include_header=number == 0, delimiter=delimiter, quoting_style="needed"
            )
            pyarrow.csv.write_csv(table, file, options)
