"""Genes of an assembly by place and by name."""

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from alphagenome.data.genome import Interval, Variant

from predictor.genome.annotation_rows import read_rows
from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_table import GeneTable, build, open_genes
from predictor.genome.splice_sites import SpliceSites, splice_site_mask

# A gene and its transcripts are words of this file's interface.
__all__ = ["Annotation", "Gene", "Transcript", "find_annotation", "load_annotation"]

# An installed annotation, and one as a GTF file; the first that is there counts.
STORED_GENES = "genes.feather"
_ANNOTATION_FILES = (STORED_GENES, "genes.gtf")
STORED_SPLICE_SITES = "splice_sites.feather"


class Annotation:
    """Genes by place and by name; queries take microseconds and change nothing."""

    def __init__(self, genes: GeneTable | Iterable[Gene], splice_sites: SpliceSites | None = None):
        """Takes genes, and the splice sites where they are known apart from the exons."""
        self._genes = genes if isinstance(genes, GeneTable) else GeneTable.of(genes)
        self._splice_sites = splice_sites
        self._rows = self._genes.chromosome_rows()
        # Largest end so far: genes left of the first larger one cannot reach a query.
        self._reach = {
            chromosome: np.maximum.accumulate(self._genes.ends[rows])
            for chromosome, rows in self._rows.items()
        }

    def __len__(self) -> int:
        return len(self._genes)

    def __iter__(self) -> Iterator[Gene]:
        return iter(self._genes)

    @property
    def chromosomes(self) -> tuple[str, ...]:
        """Chromosomes with a gene, in the order of the annotation."""
        return tuple(self._rows)

    def genes(self, chromosome: str, start: int, end: int) -> list[Gene]:
        """The genes of which at least one base lies in [start, end), by start."""
        if chromosome not in self._rows:
            return []
        rows = self._rows[chromosome]
        left = rows.start + int(np.searchsorted(self._reach[chromosome], start, side="right"))
        right = rows.start + int(np.searchsorted(self._genes.starts[rows], end, side="left"))
        inside = np.flatnonzero(self._genes.ends[left:right] > start)
        return [self._genes[row] for row in (left + inside).tolist()]

    def overlapping(self, variant: Variant) -> list[Gene]:
        """The genes whose body overlaps the bases of a variant, anchor base included.

        The longer allele counts, as if ALT lay on the genome too.

        Source: spec/scoring.md 6.4.
        """
        end = max(variant.end, variant.start + max(len(variant.alternate_bases), 1))
        return self.genes(variant.chromosome, variant.start, end)

    @cached_property
    def _texts(self) -> tuple[Any, np.ndarray]:
        """Names, ids and transcript ids in capital letters, sorted, and the gene of each."""
        genes = self._genes
        rows = np.arange(len(genes))
        owners = np.repeat(rows, np.diff(genes.transcript_offsets))
        texts = pa.concat_arrays([genes.names, genes.ids, genes.transcript_ids])
        table = pa.table(
            {"text": pc.utf8_upper(texts), "row": np.concatenate([rows, rows, owners])}
        ).filter(pc.greater(pc.utf8_length(pc.field("text")), 0))
        table = table.sort_by([("text", "ascending"), ("row", "ascending")]).combine_chunks()
        return table["text"].combine_chunks(), table["row"].to_numpy()

    def _first_text(self, key: str) -> int:
        """Place of the first text that does not come before `key`."""
        texts, _ = self._texts
        return bisect.bisect_left(range(len(texts)), key, key=lambda at: texts[at].as_py())

    def find(self, text: str) -> Gene | None:
        """The gene with exactly this name, id or transcript id, in any case of letters."""
        texts, rows = self._texts
        key = text.strip().upper()
        at = self._first_text(key)
        if at < len(texts) and texts[at].as_py() == key:
            return self._genes[int(rows[at])]
        return None

    def search(self, prefix: str, *, limit: int = 10) -> list[Gene]:
        """Genes whose name, id or transcript id begins with `prefix`.

        Exact matches come first, then by length of the matching text and by alphabet, so that
        a short symbol is not hidden behind its longer neighbours.
        """
        key = prefix.strip().upper()
        if not key:
            return []
        texts, rows = self._texts
        first, last = self._first_text(key), self._first_text(key + "\U0010ffff")
        lengths = pc.utf8_length(texts.slice(first, last - first)).to_numpy()
        # Stable, so that texts of one length stay in alphabetical order.
        ranked = rows[first:last][np.argsort(lengths, kind="stable")]
        found = dict.fromkeys(ranked.tolist())
        return [self._genes[row] for row in itertools.islice(found, limit)]

    def gene_mask(self, interval: Interval, variants: Sequence[Variant]) -> np.ndarray | None:
        """Marks the bodies of all genes that overlap one of the variants.

        Returns:
          bool [S], S = interval.width, from left to right; None where no gene overlaps.

        Source: spec/model.md 13.5; spec/scoring.md 5.
        """
        genes = [gene for variant in variants for gene in self.overlapping(variant)]
        if not genes:
            return None
        mask = np.zeros(interval.width, bool)
        for gene in genes:
            left, right = gene.start - interval.start, gene.end - interval.start
            mask[max(left, 0) : max(right, 0)] = True
        return mask

    def splice_sites(self, interval: Interval) -> np.ndarray:
        """Marks the annotated donors and acceptors of an interval.

        They are those of the splice junction tables where these are installed, otherwise the ends
        of the exons.

        Returns:
          bool [S, 5], S = interval.width, from left to right; see `splice_site_mask`.
        """
        if self._splice_sites is not None:
            return self._splice_sites.mask(interval)
        introns = {
            (start, end, gene.strand)
            for gene in self.genes(interval.chromosome, interval.start, interval.end)
            for transcript in gene.transcripts
            for start, end in transcript.introns
        }
        return splice_site_mask(interval, introns)


def find_annotation(folder: Path) -> Path | None:
    """The annotation in the folder of an assembly, for `load_annotation`; None without one."""
    paths = (folder / name for name in _ANNOTATION_FILES)
    return next((path for path in paths if path.is_file()), None)


def load_annotation(path: Path) -> Annotation:
    """Opens an installed annotation, or reads a file of GENCODE, Ensembl, RefSeq or the demo.

    Args:
      path: the table that `install-genome` stores, which opens at once; or a GTF or GFF3 file,
        plain or gzipped, or the Feather of a GTF, which are read line by line. Splice sites are
        taken from `splice_sites.feather` beside it, where that one is installed.

    Raises:
      AnnotationError: the file is absent, or a line cannot be read; names the line.
    """
    stored = path.name == STORED_GENES
    genes = open_genes(path) if stored else build(read_rows(path))
    sites = path.with_name(STORED_SPLICE_SITES)
    return Annotation(genes, SpliceSites.open(sites) if sites.is_file() else None)
