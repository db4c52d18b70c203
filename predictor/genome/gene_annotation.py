"""Genes of an assembly, read from a GTF file and kept in memory."""

import bisect
import gzip
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from alphagenome.data.genome import Interval, Variant

from predictor import errors

_FEATURES = frozenset({"gene", "transcript", "mRNA", "exon", "CDS"})
_ATTRIBUTE = re.compile(r'(\w+) +(?:"([^"]*)"|([^\s;]+))')
_COLUMNS = 9

# Rows of the splice site classes: donor +, acceptor +, donor -, acceptor -, none.
SPLICE_SITE_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Transcript:
    """One transcript; spans are 0-based half-open pairs, ascending."""

    id: str
    start: int
    end: int
    exons: tuple[tuple[int, int], ...]
    cds: tuple[tuple[int, int], ...]

    @property
    def introns(self) -> tuple[tuple[int, int], ...]:
        """The gaps between neighbouring exons, 0-based half-open."""
        return tuple(
            (left[1], right[0])
            for left, right in itertools.pairwise(self.exons)
            if left[1] < right[0]
        )


@dataclass(frozen=True, slots=True)
class Gene:
    """One gene with its transcripts; 0-based half-open, `start` < `end` on both strands."""

    id: str
    name: str
    chromosome: str
    start: int
    end: int
    strand: str
    gene_type: str
    transcripts: tuple[Transcript, ...]

    @property
    def interval(self) -> Interval:
        """The body of the gene, with its strand."""
        return Interval(self.chromosome, self.start, self.end, self.strand, name=self.name)


class Annotation:
    """Genes by place and by name; queries take microseconds and change nothing."""

    def __init__(self, genes: Iterable[Gene]):
        """Sorts the genes by chromosome and start."""
        self._by_chromosome: dict[str, list[Gene]] = defaultdict(list)
        for gene in genes:
            self._by_chromosome[gene.chromosome].append(gene)
        self._starts: dict[str, list[int]] = {}
        # Largest end so far: genes left of the first larger one cannot reach a query.
        self._reach: dict[str, list[int]] = {}
        for chromosome, found in self._by_chromosome.items():
            found.sort(key=lambda gene: (gene.start, gene.end, gene.id))
            self._starts[chromosome] = [gene.start for gene in found]
            self._reach[chromosome] = list(itertools.accumulate((g.end for g in found), max))
        self._keys: list[tuple[str, int]] = []
        self._genes = [gene for found in self._by_chromosome.values() for gene in found]
        for number, gene in enumerate(self._genes):
            texts = {gene.name.upper(), gene.id.upper()} | {
                transcript.id.upper() for transcript in gene.transcripts
            }
            self._keys.extend((text, number) for text in texts if text)
        self._keys.sort()

    def __len__(self) -> int:
        return len(self._genes)

    def __iter__(self) -> Iterator[Gene]:
        return iter(self._genes)

    def genes(self, chromosome: str, start: int, end: int) -> list[Gene]:
        """The genes of which at least one base lies in [start, end), by start."""
        found = self._by_chromosome.get(chromosome, [])
        if not found:
            return []
        first = bisect.bisect_right(self._reach[chromosome], start)
        last = bisect.bisect_left(self._starts[chromosome], end)
        return [gene for gene in found[first:last] if gene.end > start]

    def overlapping(self, variant: Variant) -> list[Gene]:
        """The genes whose body overlaps the bases of a variant, anchor base included.

        The longer allele counts, as if ALT lay on the genome too.

        Source: spec/scoring.md 6.4.
        """
        end = max(variant.end, variant.start + max(len(variant.alternate_bases), 1))
        return self.genes(variant.chromosome, variant.start, end)

    def find(self, text: str) -> Gene | None:
        """The gene with exactly this name, id or transcript id, in any case of letters."""
        key = text.strip().upper()
        at = bisect.bisect_left(self._keys, (key, -1))
        if at < len(self._keys) and self._keys[at][0] == key:
            return self._genes[self._keys[at][1]]
        return None

    def search(self, prefix: str, *, limit: int = 10) -> list[Gene]:
        """Genes whose name, id or transcript id begins with `prefix`.

        Exact matches come first, then by length of the matching text and by alphabet, so that
        a short symbol is not hidden behind its longer neighbours.
        """
        key = prefix.strip().upper()
        if not key:
            return []
        first = bisect.bisect_left(self._keys, (key, -1))
        last = bisect.bisect_left(self._keys, (key + "\U0010ffff", -1))
        ranked = sorted(self._keys[first:last], key=lambda hit: (len(hit[0]), hit[0]))
        numbers = dict.fromkeys(number for _, number in ranked)
        return [self._genes[number] for number in itertools.islice(numbers, limit)]

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

        Returns:
          bool [S, 5], S = interval.width, from left to right; see `splice_site_mask`.
        """
        introns = {
            (start, end, gene.strand)
            for gene in self.genes(interval.chromosome, interval.start, interval.end)
            for transcript in gene.transcripts
            for start, end in transcript.introns
        }
        return splice_site_mask(interval, introns)


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
        left, right = (0, 1) if strand == "+" else (3, 2)
        for position, column in ((start - 1, left), (end, right)):
            if interval.start <= position < interval.end:
                mask[position - interval.start, column] = True
    mask[:, -1] = ~mask[:, :-1].any(axis=1)
    return mask


def load_annotation(path: Path) -> Annotation:
    """Reads a GTF file (plain or gzipped) of GENCODE, Ensembl, RefSeq or the demo genome.

    Genes without a line of their own get the span of their transcripts; transcripts without
    one, that of their exons.

    Raises:
      AnnotationError: the file is absent, or a line cannot be read; names the line.
    """
    try:
        with _open(path) as file:
            return Annotation(_read_genes(file))
    except (OSError, UnicodeDecodeError, EOFError) as error:
        raise errors.AnnotationError(
            f"The gene annotation {path.name} cannot be read: {error}."
        ) from error


def _open(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


@dataclass(slots=True)
class _Record:
    """What the lines of one gene or transcript have said so far."""

    chromosome: str
    strand: str
    name: str = ""
    gene_type: str = ""
    span: tuple[int, int] | None = None

    def widen(self, start: int, end: int) -> None:
        low, high = self.span or (start, end)
        self.span = (min(low, start), max(high, end))


def _read_genes(lines: Iterable[str]) -> list[Gene]:
    # A gene id may occur on two chromosomes (the pseudoautosomal region), thus the pair.
    genes: dict[tuple[str, str], _Record] = {}
    transcripts: dict[tuple[str, str], dict[str, _Record]] = defaultdict(dict)
    spans: dict[tuple[str, str, str], list[tuple[int, int]]] = defaultdict(list)
    for number, line in enumerate(lines, start=1):
        if line.startswith("#") or not line.strip():
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) < _COLUMNS:
            raise errors.AnnotationError(
                f"Line {number} of the gene annotation has {len(columns)} columns; "
                f"a GTF line has {_COLUMNS}, separated by tabs."
            )
        chromosome, _, feature, first, last, _, strand, _, text = columns[:_COLUMNS]
        if feature not in _FEATURES:
            continue
        attributes = {key: quoted or bare for key, quoted, bare in _ATTRIBUTE.findall(text)}
        try:
            start, end, gene_id = int(first) - 1, int(last), attributes["gene_id"]
        except (ValueError, KeyError) as error:
            raise errors.AnnotationError(
                f"Line {number} of the gene annotation lacks a number or its gene_id: {error}."
            ) from error
        key = (chromosome, gene_id)
        gene = genes.setdefault(key, _Record(chromosome, strand))
        gene.name = gene.name or attributes.get("gene_name") or attributes.get("gene") or ""
        gene.gene_type = gene.gene_type or (
            attributes.get("gene_type") or attributes.get("gene_biotype") or ""
        )
        gene.widen(start, end)
        transcript_id = attributes.get("transcript_id")
        if feature == "gene" or not transcript_id:
            continue
        transcripts[key].setdefault(transcript_id, _Record(chromosome, strand)).widen(start, end)
        spans[(chromosome, transcript_id, feature)].append((start, end))
    return [_gene(key, gene, transcripts.get(key, {}), spans) for key, gene in genes.items()]


def _gene(
    key: tuple[str, str],
    gene: _Record,
    transcripts: dict[str, _Record],
    spans: dict[tuple[str, str, str], list[tuple[int, int]]],
) -> Gene:
    chromosome, gene_id = key
    start, end = gene.span or (0, 0)
    return Gene(
        id=gene_id,
        name=gene.name or gene_id,
        chromosome=chromosome,
        start=start,
        end=end,
        strand=gene.strand,
        gene_type=gene.gene_type,
        transcripts=tuple(
            Transcript(
                id=transcript_id,
                start=(record.span or (start, end))[0],
                end=(record.span or (start, end))[1],
                exons=tuple(sorted(spans.get((chromosome, transcript_id, "exon"), []))),
                cds=tuple(sorted(spans.get((chromosome, transcript_id, "CDS"), []))),
            )
            for transcript_id, record in transcripts.items()
        ),
    )
