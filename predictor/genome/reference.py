"""The reference sequence of an assembly, read from an indexed FASTA file."""

import contextlib
import hashlib
import json
from pathlib import Path

import pyfaidx
from alphagenome.data.genome import Interval

from predictor import errors
from predictor.genome.chromosome_names import ChromosomeNames

_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_READ_SIZE = 1 << 22


def reverse_complement(sequence: str) -> str:
    """The other strand, 5' to 3'; letters other than upper-case ACGT stay as they are."""
    return sequence.translate(_COMPLEMENT)[::-1]


class Reference:
    """Sequence of one assembly; safe to use from several threads.

    Attributes:
      path: the FASTA file; its index lies beside it (`.fai`) and is made where absent.
      assembly: name shown to people and used in keys of results.
      names: chromosome names and their aliases.
    """

    def __init__(self, path: Path, *, assembly: str | None = None):
        """Opens a FASTA file, not compressed.

        Args:
          path: the FASTA file.
          assembly: name of the assembly; the name of the folder where not given.

        Raises:
          GenomeMissingError: there is no readable FASTA file at `path`.
        """
        self.path = Path(path)
        self.assembly = assembly or self.path.resolve().parent.name
        try:
            self._fasta = pyfaidx.Faidx(str(self.path), as_raw=True, sequence_always_upper=True)
        except ImportError as error:
            raise errors.GenomeMissingError(
                f"The FASTA file of {self.assembly} is compressed ({self.path.name}); "
                "unpack it, for example with gzip -d."
            ) from error
        except (OSError, pyfaidx.FastaNotFoundError, pyfaidx.FastaIndexingError) as error:
            raise errors.GenomeMissingError(
                f"The FASTA file of {self.assembly} cannot be read ({self.path}): {error}."
            ) from error
        self.names = ChromosomeNames(
            {name: record.rlen for name, record in self._fasta.index.items()}, self.assembly
        )

    @property
    def chromosome_sizes(self) -> dict[str, int]:
        """Length in bp of each chromosome, in the order of the file."""
        return self.names.sizes

    def sequence(self, interval: Interval) -> str:
        """Upper-case bases of an interval (0-based, half-open).

        Bases beyond the ends of the chromosome are N. Strand '-' gives the reverse complement.

        Raises:
          UnknownChromosomeError: the assembly has no such chromosome.
          PositionOutsideChromosomeError: the interval lies wholly outside the chromosome.

        Source: spec/scoring.md 2.
        """
        chromosome = self.names.resolve(interval.chromosome)
        size = self.chromosome_sizes[chromosome]
        if interval.start >= size or interval.end <= 0:
            raise errors.PositionOutsideChromosomeError(
                f"{chromosome}:{interval.start + 1:,}-{interval.end:,} lies outside {chromosome} "
                f"of {self.assembly}, which has {size:,} bp."
            )
        start, end = max(interval.start, 0), min(interval.end, size)
        bases = self._fasta.fetch(chromosome, start + 1, end) if end > start else ""
        sequence = "N" * (start - interval.start) + str(bases) + "N" * (interval.end - end)
        return reverse_complement(sequence) if interval.negative_strand else sequence

    @property
    def digest(self) -> str:
        """SHA-256 of the FASTA file, in hexadecimal.

        Kept in a file beside the FASTA, so that a genome of 3 GB is read once only.
        """
        status = self.path.stat()
        signature = {"size": status.st_size, "modified": status.st_mtime_ns}
        kept = self.path.with_name(self.path.name + ".sha256.json")
        with contextlib.suppress(OSError, ValueError, KeyError, AttributeError):
            found = json.loads(kept.read_text())
            if {key: found.get(key) for key in signature} == signature:
                return str(found["sha256"])
        digest = _sha256(self.path)
        with contextlib.suppress(OSError):  # A read-only genome folder only costs time.
            kept.write_text(json.dumps(signature | {"sha256": digest}))
        return digest


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_READ_SIZE):
            digest.update(block)
    return digest.hexdigest()
