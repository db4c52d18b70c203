"""Makes an indexed, uncompressed FASTA file of whatever FASTA file there is."""

import contextlib
import gzip
import os
import shutil
import zlib
from pathlib import Path

import pyfaidx

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames
from predictor.weights import disk

_GZIP_MAGIC = b"\x1f\x8b"
# Four letters in two bits each; names and lower case make it a little less.
_COMPRESSION = 4


def write_fasta(source: Path, target: Path, *, assembly: str, link: bool) -> ChromosomeNames:
    """Writes a FASTA file and its index (`.fai`).

    Args:
      source: plain, gzip or bgzip; never changed.
      target: written.
      assembly: name for people.
      link: `source` is ours, so that a plain one need not be copied.

    Returns:
      The chromosomes.

    Raises:
      InvalidFastaError: it is no FASTA file, or its lines do not allow an index.
      DiskFullError: there is too little room.
    """
    name = source.name
    target.unlink(missing_ok=True)
    index_path(target).unlink(missing_ok=True)
    with disk.told_when_full(target.parent):
        try:
            _copy(source, target, link=link)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise errors.InvalidFastaError(
                f"{name} cannot be unpacked ({error}); is it complete?"
            ) from error
        _check_beginning(target, name)
        return _index(target, name, assembly)


def looks_like_fasta(path: Path) -> bool:
    """Whether a file, plain or compressed, begins as a FASTA file does."""
    with path.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    with gzip.open(path, "rb") if compressed else path.open("rb") as content:
        try:
            return content.read(1) == b">"
        except (EOFError, OSError, zlib.error):
            return False


def index_path(fasta: Path) -> Path:
    """Where the index of a FASTA file lies."""
    return fasta.with_name(fasta.name + ".fai")


def chromosomes(fasta: Path, *, assembly: str) -> ChromosomeNames:
    """The chromosomes of a FASTA file, from its index, which is made where absent.

    Raises:
      InvalidFastaError: it cannot be indexed.
    """
    return _index(fasta, fasta.name, assembly)


def _copy(source: Path, target: Path, *, link: bool) -> None:
    size = source.stat().st_size
    with source.open("rb") as file:
        compressed = file.read(2) == _GZIP_MAGIC
    if compressed:
        disk.check_room(target.parent, _COMPRESSION * size)
        with gzip.open(source, "rb") as packed, target.open("wb") as plain:
            shutil.copyfileobj(packed, plain, 1 << 20)
        return
    if link:
        with contextlib.suppress(OSError):  # Not every file system has links.
            os.link(source, target)
            return
    disk.check_room(target.parent, size)
    shutil.copyfile(source, target)


def _check_beginning(path: Path, name: str) -> None:
    with path.open("rb") as file:
        beginning = file.read(20)
    if not beginning:
        raise errors.InvalidFastaError(f"{name} is empty; a FASTA file begins with >.")
    if beginning[:1] not in (b">", b";"):
        shown = beginning.decode("ascii", "replace").split("\n")[0]
        raise errors.InvalidFastaError(
            f'{name} is not a FASTA file: it begins with "{shown}", not with >.'
        )


def _index(path: Path, name: str, assembly: str) -> ChromosomeNames:
    try:
        with contextlib.closing(pyfaidx.Faidx(str(path))) as fasta:
            sizes = {name: record.rlen for name, record in fasta.index.items()}
    except UnicodeDecodeError as error:
        raise errors.InvalidFastaError(
            f"{name} is not a FASTA file: it holds bytes that are not text."
        ) from error
    except (ValueError, pyfaidx.FastaIndexingError) as error:
        raise errors.InvalidFastaError(
            f"{name} cannot be indexed: {str(error).rstrip('.!')}; in each sequence all lines but "
            "the last must be equally long, and no two sequences may have one name."
        ) from error
    return ChromosomeNames(sizes, assembly)
