"""Tables on disk that are mapped into memory: opening one reads nothing, processes share it."""

import itertools
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from predictor import errors


def write_table(path: Path, table: Any) -> None:
    """Writes a table, not compressed, since only such a one can be mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def open_table(path: Path, schema: Any, what: str) -> Any:
    """Maps a table of `write_table` into memory.

    Args:
      path: the file.
      schema: what its columns must be.
      what: names the content for people, such as `genes`.

    Raises:
      AnnotationError: the file is absent, or is no such table.
    """
    try:
        table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (OSError, pa.ArrowException) as error:
        raise errors.AnnotationError(
            f"The {what} in {path} cannot be read: {error}; install the genome again."
        ) from error
    if not table.schema.equals(schema):
        raise errors.AnnotationError(
            f"The {what} in {path} were stored by another version; install the genome again."
        )
    return table.combine_chunks()


def single_chunk(column: Any) -> Any:
    """A column as one array, also where the table has no rows and thus no chunks."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def runs(column: Any) -> dict[str, slice]:
    """The rows of each text of a column in which equal texts stand together."""
    encoded = pc.run_end_encode(single_chunk(column))
    ends = encoded.run_ends.to_pylist()
    spans = itertools.starmap(slice, itertools.pairwise([0, *ends]))
    return dict(zip(encoded.values.to_pylist(), spans, strict=True))
