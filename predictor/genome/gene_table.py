"""Genes as one table of columns: quick to open, shared between processes, built gene by gene.

GENCODE has 3.4 million lines; as Python objects they would take a gigabyte in every process. The
table is an Arrow file that is mapped into memory: opening reads nothing, and a gene is made when
somebody asks for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from predictor.genome.annotation_rows import CDS, EXON, GENE, TRANSCRIPT, AnnotationRows
from predictor.genome.arrow_file import open_table, runs, single_chunk, write_table
from predictor.genome.gene import Gene, Transcript

_SPANS = pa.list_(pa.struct([("start", pa.int32()), ("end", pa.int32())]))
_TRANSCRIPT = pa.struct(
    [
        ("id", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("exons", _SPANS),
        ("cds", _SPANS),
    ]
)
SCHEMA = pa.schema(
    [
        ("chromosome", pa.string()),
        ("start", pa.int32()),
        ("end", pa.int32()),
        ("strand", pa.string()),
        ("id", pa.string()),
        ("name", pa.string()),
        ("gene_type", pa.string()),
        ("number", pa.int32()),
        ("transcripts", pa.list_(_TRANSCRIPT)),
    ]
)


class GeneTable(Sequence[Gene]):
    """Genes by chromosome (in the order of the annotation), start, end and id; never changes.

    Attributes:
      table: one row a gene, with `SCHEMA`.
      starts: int32 [G], 0-based.
      ends: int32 [G], exclusive.
      names: [G] texts.
      ids: [G] texts.
      transcript_ids: [T] texts, gene by gene.
      transcript_offsets: int32 [G + 1], the transcripts of gene g are [g] to [g + 1].
    """

    def __init__(self, table: Any):
        """Takes a table with `SCHEMA`, sorted."""
        self.table = table.combine_chunks()
        columns = {name: single_chunk(self.table[name]) for name in SCHEMA.names}
        self.starts: np.ndarray = columns["start"].to_numpy()
        self.ends: np.ndarray = columns["end"].to_numpy()
        self.names, self.ids = columns["name"], columns["id"]
        self._columns = columns
        transcripts = columns["transcripts"]
        self.transcript_offsets: np.ndarray = transcripts.offsets.to_numpy()
        fields = {field.name: transcripts.values.field(field.name) for field in _TRANSCRIPT}
        self.transcript_ids = fields["id"]
        self._spans = tuple(fields[name].to_numpy() for name in ("start", "end"))
        self._parts = tuple(_Parts(fields[name]) for name in ("exons", "cds"))

    @classmethod
    def of(cls, genes: Iterable[Gene]) -> "GeneTable":
        """The table of genes that are in memory."""
        return build(_rows(list(genes)))

    def __len__(self) -> int:
        return len(self.starts)

    @overload
    def __getitem__(self, row: int) -> Gene: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[Gene]: ...
    def __getitem__(self, row: int | slice) -> Gene | Sequence[Gene]:
        if isinstance(row, slice):
            return [self[at] for at in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(row)
        row %= len(self)
        text = {
            name: self._columns[name][row].as_py()
            for name in ("id", "name", "chromosome", "strand", "gene_type")
        }
        first, last = self.transcript_offsets[row : row + 2].tolist()
        return Gene(
            start=int(self.starts[row]),
            end=int(self.ends[row]),
            transcripts=_StoredTranscripts(self, first, last),
            number=self._columns["number"][row].as_py(),
            **text,
        )

    def __iter__(self) -> Iterator[Gene]:
        return (self[row] for row in range(len(self)))

    def chromosome_rows(self) -> dict[str, slice]:
        """The rows of each chromosome, in the order of the annotation."""
        return runs(self.table["chromosome"])

    def on(self, chromosomes: Iterable[str]) -> "GeneTable":
        """The genes of these chromosomes only."""
        kept = pc.is_in(self.table["chromosome"], pa.array(list(chromosomes), pa.string()))
        return GeneTable(self.table.filter(kept))

    def transcript(self, row: int) -> Transcript:
        """One transcript, by its place among those of all genes."""
        start, end = (int(column[row]) for column in self._spans)
        exons, cds = (parts.of(row) for parts in self._parts)
        return Transcript(self.transcript_ids[row].as_py(), start, end, exons, cds)

    def write(self, path: Path) -> None:
        """Writes the table; `open_genes` maps it into memory."""
        write_table(path, self.table)


class _Parts:
    """The exons, or the coding parts, of all transcripts."""

    def __init__(self, column: Any):
        self._offsets: np.ndarray = column.offsets.to_numpy()
        self._starts, self._ends = (
            column.values.field(name).to_numpy() for name in ("start", "end")
        )

    def of(self, transcript: int) -> tuple[tuple[int, int], ...]:
        first, last = self._offsets[transcript : transcript + 2]
        return tuple(
            zip(self._starts[first:last].tolist(), self._ends[first:last].tolist(), strict=True)
        )


class _StoredTranscripts(Sequence[Transcript]):
    """The transcripts of one gene of a table, made when asked for."""

    __slots__ = ("_first", "_last", "_table")

    def __init__(self, table: GeneTable, first: int, last: int):
        self._table, self._first, self._last = table, first, last

    def __len__(self) -> int:
        return self._last - self._first

    @overload
    def __getitem__(self, at: int) -> Transcript: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Transcript]: ...
    def __getitem__(self, at: int | slice) -> Transcript | Sequence[Transcript]:
        rows = range(self._first, self._last)[at]
        if isinstance(rows, range):
            return [self._table.transcript(row) for row in rows]
        return self._table.transcript(rows)

    # Genes are compared and hashed with their transcripts, wherever these are kept.

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


def open_genes(path: Path) -> GeneTable:
    """Opens a table of `GeneTable.write`.

    Raises:
      AnnotationError: the file is absent or is no such table.
    """
    return GeneTable(open_table(path, SCHEMA, "genes"))


def build(rows: AnnotationRows) -> GeneTable:
    """The table of the lines of an annotation.

    Genes without a line of their own get the span of their transcripts; transcripts without one,
    that of their exons.
    """
    number_of_genes, number_of_transcripts = len(rows.gene_ids), len(rows.transcript_ids)
    starts, ends = _widest(rows, rows.genes, number_of_genes)
    appearance = {name: at for at, name in enumerate(dict.fromkeys(rows.gene_chromosomes))}
    order = sorted(
        range(number_of_genes),
        key=lambda gene: (
            appearance[rows.gene_chromosomes[gene]],
            starts[gene],
            ends[gene],
            rows.gene_ids[gene],
        ),
    )
    gene_place = np.empty(number_of_genes, np.int64)
    gene_place[order] = np.arange(number_of_genes)

    transcript_order = np.argsort(gene_place[rows.transcript_genes], kind="stable")
    transcript_place = np.empty(number_of_transcripts, np.int64)
    transcript_place[transcript_order] = np.arange(number_of_transcripts)
    transcript_starts, transcript_ends = _widest(rows, rows.transcripts, number_of_transcripts)
    transcripts = pa.StructArray.from_arrays(
        [
            pa.array([rows.transcript_ids[at] for at in transcript_order.tolist()], pa.string()),
            pa.array(transcript_starts[transcript_order], pa.int32()),
            pa.array(transcript_ends[transcript_order], pa.int32()),
            *(_part_lists(rows, kind, transcript_place) for kind in (EXON, CDS)),
        ],
        fields=list(_TRANSCRIPT),
    )
    per_gene = np.bincount(gene_place[rows.transcript_genes], minlength=number_of_genes)

    def ordered(texts: list[str]) -> Any:
        return pa.array([texts[gene] for gene in order], pa.string())

    names = [name or gene for name, gene in zip(rows.gene_names, rows.gene_ids, strict=True)]
    columns = [
        ordered(rows.gene_chromosomes),
        pa.array(starts[order], pa.int32()),
        pa.array(ends[order], pa.int32()),
        ordered(rows.gene_strands),
        ordered(rows.gene_ids),
        ordered(names),
        ordered(rows.gene_types),
        pa.array(order, pa.int32()),
        pa.ListArray.from_arrays(_offsets(per_gene), transcripts),
    ]
    return GeneTable(pa.Table.from_arrays(columns, schema=SCHEMA))


def _offsets(counts: np.ndarray) -> Any:
    return pa.array(np.concatenate([[0], np.cumsum(counts)]).astype(np.int32))


def _widest(rows: AnnotationRows, owners: np.ndarray, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Smallest start and largest end of the lines of each gene, or of each transcript."""
    owned = owners >= 0
    starts, ends = np.full(number, np.iinfo(np.int32).max, np.int64), np.zeros(number, np.int64)
    np.minimum.at(starts, owners[owned], rows.starts[owned])
    np.maximum.at(ends, owners[owned], rows.ends[owned])
    return starts, ends


def _part_lists(rows: AnnotationRows, feature: int, transcript_place: np.ndarray) -> Any:
    """The spans of one feature, ascending, transcript by transcript."""
    chosen = (rows.features == feature) & (rows.transcripts >= 0)
    owners = transcript_place[rows.transcripts[chosen]]
    starts, ends = rows.starts[chosen], rows.ends[chosen]
    order = np.lexsort((ends, starts, owners))
    spans = pa.StructArray.from_arrays(
        [pa.array(column[order], pa.int32()) for column in (starts, ends)],
        fields=list(_SPANS.value_type),
    )
    counts = np.bincount(owners, minlength=len(transcript_place))
    return pa.ListArray.from_arrays(_offsets(counts), spans)


def _rows(genes: list[Gene]) -> AnnotationRows:
    """The lines that an annotation of these genes would have."""
    lines: list[tuple[int, int, int, int, int]] = []
    transcripts: list[tuple[str, int]] = []
    for number, gene in enumerate(genes):
        lines.append((GENE, number, -1, gene.start, gene.end))
        for transcript in gene.transcripts:
            at = len(transcripts)
            transcripts.append((transcript.id, number))
            lines.append((TRANSCRIPT, number, at, transcript.start, transcript.end))
            lines.extend((EXON, number, at, *span) for span in transcript.exons)
            lines.extend((CDS, number, at, *span) for span in transcript.cds)
    columns = np.array(lines, np.int64).reshape(-1, 5).T
    return AnnotationRows(
        gene_ids=[gene.id for gene in genes],
        gene_names=[gene.name for gene in genes],
        gene_types=[gene.gene_type for gene in genes],
        gene_chromosomes=[gene.chromosome for gene in genes],
        gene_strands=[gene.strand for gene in genes],
        transcript_ids=[identity for identity, _ in transcripts],
        transcript_genes=np.array([gene for _, gene in transcripts], np.int32),
        features=columns[0],
        genes=columns[1],
        transcripts=columns[2],
        starts=columns[3],
        ends=columns[4],
    )
