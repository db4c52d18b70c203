"""The lines of a gene annotation as columns, read from GTF, GFF3 or the Feather of a GTF.

Only what the browser and the scorers ask for is kept: genes, transcripts, exons and coding parts.
Axes: G genes, T transcripts, L lines.
"""

import gzip
import re
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import feather

from predictor import errors

GENE, TRANSCRIPT, EXON, CDS = range(4)
_FEATURES = {"gene": GENE, "transcript": TRANSCRIPT, "mRNA": TRANSCRIPT, "exon": EXON, "CDS": CDS}
_PARTS = frozenset({EXON, CDS})

_COLUMNS = 9
_GTF_ATTRIBUTE = re.compile(r'(\w+) +(?:"([^"]*)"|([^\s;]+))')
_GFF3_ATTRIBUTES = re.compile(r"\s*[^\s=;\"]+=")
# Ensembl and RefSeq put the kind of thing before its name: gene:ENSG00000136997, rna-NM_002467.6.
_ID_PREFIX = re.compile(r"^(?:gene|transcript|rna|id)[:-]")

# What may lie below a transcript and be one itself: a miRNA in its primary transcript.
_NESTED_KINDS = ("RNA", "transcript")

_GZIP_MAGIC = b"\x1f\x8b"
_FEATHER_MAGICS = (b"ARROW1", b"FEA1")

# Columns as PyRanges names them when it reads a GTF; there `Start` is 0-based.
_NEEDED = ("Chromosome", "Feature", "Start", "End", "Strand", "gene_id", "transcript_id")
_NAMES = ("gene_name", "gene")
_TYPES = ("gene_type", "gene_biotype")


@dataclass(frozen=True, kw_only=True)
class AnnotationRows:
    """Lines that belong to genes; positions are 0-based half-open.

    Attributes:
      gene_ids: [G] in the order of the file; one id on two chromosomes is two genes.
      gene_names: [G], empty where the file gives none.
      gene_types: [G], empty where the file gives none.
      gene_chromosomes: [G].
      gene_strands: [G], `+`, `-` or `.`.
      transcript_ids: [T] in the order of the file.
      transcript_genes: [T] number of the gene.
      features: [L] GENE, TRANSCRIPT, EXON or CDS.
      genes: [L] number of the gene.
      transcripts: [L] number of the transcript, -1 where the line belongs to none.
      starts: [L].
      ends: [L].
    """

    gene_ids: list[str]
    gene_names: list[str]
    gene_types: list[str]
    gene_chromosomes: list[str]
    gene_strands: list[str]
    transcript_ids: list[str]
    transcript_genes: np.ndarray
    features: np.ndarray
    genes: np.ndarray
    transcripts: np.ndarray
    starts: np.ndarray
    ends: np.ndarray


def read_rows(path: Path) -> AnnotationRows:
    """Reads an annotation file of any of the three forms; what it is, its first bytes tell.

    Raises:
      AnnotationError: the file is absent or cannot be read; names the line or the column.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(6)
        if magic.startswith(_FEATHER_MAGICS):
            return _read_feather(path)
        with _open_text(path, compressed=magic.startswith(_GZIP_MAGIC)) as text:
            return _read_text(text)
    except (OSError, UnicodeDecodeError, EOFError, pa.ArrowException) as error:
        raise errors.AnnotationError(
            f"The gene annotation {path.name} cannot be read: {error}."
        ) from error


def _open_text(path: Path, *, compressed: bool) -> IO[str]:
    return gzip.open(path, "rt", encoding="utf-8") if compressed else path.open(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class _Identity:
    """To which gene and transcript a line belongs; `transcript` is empty for none."""

    feature: int
    gene: str
    transcript: str = ""


@dataclass(slots=True)
class _Collector:
    """What the lines have said so far."""

    gene_numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    strands: list[str] = field(default_factory=list)
    transcript_numbers: dict[tuple[int, str], int] = field(default_factory=dict)
    features: "array[int]" = field(default_factory=lambda: array("b"))
    genes: "array[int]" = field(default_factory=lambda: array("i"))
    transcripts: "array[int]" = field(default_factory=lambda: array("i"))
    starts: "array[int]" = field(default_factory=lambda: array("q"))
    ends: "array[int]" = field(default_factory=lambda: array("q"))

    def add(
        self,
        found: _Identity,
        place: tuple[str, str, int, int],
        attributes: Mapping[str, str],
    ) -> None:
        """Takes one line; `place` is chromosome, strand, start and end."""
        chromosome, strand, start, end = place
        gene = self.gene_numbers.setdefault((chromosome, found.gene), len(self.names))
        if gene == len(self.names):
            self.names.append("")
            self.types.append("")
            self.strands.append(strand)
        if not self.names[gene]:
            self.names[gene] = _first_of(attributes, _NAMES)
        if not self.types[gene]:
            self.types[gene] = _first_of(attributes, _TYPES)
        transcript = -1
        if found.transcript:
            transcript = self.transcript_numbers.setdefault(
                (gene, found.transcript), len(self.transcript_numbers)
            )
        self.features.append(found.feature)
        self.genes.append(gene)
        self.transcripts.append(transcript)
        self.starts.append(start)
        self.ends.append(end)

    def rows(self) -> AnnotationRows:
        return AnnotationRows(
            gene_ids=[gene for _, gene in self.gene_numbers],
            gene_names=self.names,
            gene_types=self.types,
            gene_chromosomes=[chromosome for chromosome, _ in self.gene_numbers],
            gene_strands=self.strands,
            transcript_ids=[transcript for _, transcript in self.transcript_numbers],
            transcript_genes=np.array([gene for gene, _ in self.transcript_numbers], np.int32),
            features=np.array(self.features, np.int8),
            genes=np.array(self.genes, np.int32),
            transcripts=np.array(self.transcripts, np.int32),
            starts=np.array(self.starts, np.int64),
            ends=np.array(self.ends, np.int64),
        )


def _first_of(attributes: Mapping[str, str], names: Iterable[str]) -> str:
    return next((attributes[name] for name in names if attributes.get(name)), "")


def _read_text(lines: Iterable[str]) -> AnnotationRows:
    collector, links = _Collector(), _Links()
    for number, line in enumerate(lines, start=1):
        if line.startswith("##FASTA"):  # A GFF3 file may carry the sequence behind the lines.
            break
        if line.startswith("#") or not line.strip():
            continue
        columns = line.rstrip("\r\n").split("\t")
        if len(columns) < _COLUMNS:
            raise errors.AnnotationError(
                f"Line {number} of the gene annotation has {len(columns)} columns; "
                f"a GTF or GFF3 line has {_COLUMNS}, separated by tabs."
            )
        chromosome, _, kind, first, last, _, strand, _, text = columns[:_COLUMNS]
        if _GFF3_ATTRIBUTES.match(text):
            attributes = _gff3_attributes(text)
            found = links.identity(kind, attributes, number)
            if found is not None and found.feature == GENE:
                _add_gene_words(attributes)
        elif kind in _FEATURES:
            attributes = {key: quoted or bare for key, quoted, bare in _GTF_ATTRIBUTE.findall(text)}
            found = _named_identity(_FEATURES[kind], attributes, number)
        else:
            continue
        if found is not None:
            start, end = _span(first, last, number)
            collector.add(found, (chromosome, strand, start, end), attributes)
    return collector.rows()


def _span(first: str, last: str, line: int) -> tuple[int, int]:
    try:
        start, end = int(first) - 1, int(last)
    except ValueError as error:
        raise errors.AnnotationError(
            f"Line {line} of the gene annotation lacks a number: {error}."
        ) from error
    if not 0 <= start < end:
        raise errors.AnnotationError(
            f"Line {line} of the gene annotation goes from {first} to {last}; the first base is 1, "
            "and a line ends where it begins or later."
        )
    return start, end


def _named_identity(feature: int, attributes: Mapping[str, str], line: int) -> _Identity:
    if not attributes.get("gene_id"):
        raise errors.AnnotationError(f"Line {line} of the gene annotation lacks its gene_id.")
    transcript = "" if feature == GENE else attributes.get("transcript_id", "")
    return _Identity(feature, attributes["gene_id"], transcript)


def _gff3_attributes(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {key.strip(): unquote(value.strip()) for key, _, value in pairs}


@dataclass(slots=True)
class _Links:
    """Follows `Parent` in GFF3 files; GENCODE names gene and transcript in every line as well."""

    known: dict[str, _Identity] = field(default_factory=dict)

    def identity(self, kind: str, attributes: Mapping[str, str], line: int) -> _Identity | None:
        """To what the line belongs; None for a line that is of no use here."""
        feature = _FEATURES.get(kind)
        if feature is not None and attributes.get("gene_id") and attributes.get("transcript_id"):
            return _named_identity(feature, attributes, line)
        own_id = attributes.get("ID", "")
        if "Parent" not in attributes:
            if not kind.endswith("gene") or not own_id:
                return None
            found = _Identity(GENE, attributes.get("gene_id") or _bare(own_id))
        else:
            # Several parents (an exon shared by transcripts) stand in files of other organisms
            # only; human and mouse releases repeat the line.
            parent = self.known.get(attributes["Parent"].split(",")[0])
            if parent is None:
                return self._orphan(feature, attributes, line)
            transcript = parent.transcript or parent.gene
            if feature not in _PARTS:
                if parent.transcript and not kind.endswith(_NESTED_KINDS):
                    return None
                feature = TRANSCRIPT
                transcript = attributes.get("transcript_id") or _bare(own_id) or transcript
            found = _Identity(feature or TRANSCRIPT, parent.gene, transcript)
        if own_id and found.feature not in _PARTS:
            self.known[own_id] = found
        return found

    @staticmethod
    def _orphan(feature: int | None, attributes: Mapping[str, str], line: int) -> None:
        if feature in _PARTS:
            raise errors.AnnotationError(
                f"Line {line} of the gene annotation names the parent {attributes['Parent']}, "
                "which no line before it has; sort the file so that genes come before their parts."
            )


def _add_gene_words(attributes: dict[str, str]) -> None:
    """Ensembl writes the name and the kind of a gene in words that elsewhere mean others."""
    for word, ours in (("Name", "gene_name"), ("biotype", "gene_type")):
        if word in attributes:
            attributes.setdefault(ours, attributes[word])


def _bare(identity: str) -> str:
    return _ID_PREFIX.sub("", identity)


def _read_feather(path: Path) -> AnnotationRows:
    available = feather_columns(path)
    check_columns(path, available, _NEEDED)
    name, gene_type = (
        next((column for column in columns if column in available), None)
        for columns in (_NAMES, _TYPES)
    )
    wanted = [*_NEEDED, *(column for column in (name, gene_type) if column)]
    table = feather.read_table(path, columns=wanted, memory_map=True)
    table = table.filter(pc.is_in(_text(table["Feature"]), pa.array(list(_FEATURES))))
    chromosomes, chromosome_names = _codes(table["Chromosome"])
    gene_codes, gene_ids = _codes(table["gene_id"])
    if len(gene_codes) and min(chromosomes.min(), gene_codes.min()) < 0:
        raise errors.AnnotationError(
            f"The gene annotation {path.name} has lines without Chromosome or gene_id."
        )
    kinds, kind_names = _codes(table["Feature"])
    features = np.array([_FEATURES[kind] for kind in kind_names], np.int8)[kinds]
    genes, keys = pd.factorize(chromosomes.astype(np.int64) * max(len(gene_ids), 1) + gene_codes)
    transcripts, transcript_ids, transcript_genes = _transcripts(
        table["transcript_id"], genes, features
    )
    number = len(keys)
    return AnnotationRows(
        gene_ids=[gene_ids[key % len(gene_ids)] for key in keys],
        gene_names=_first_texts(table, name, genes, number),
        gene_types=_first_texts(table, gene_type, genes, number),
        gene_chromosomes=[chromosome_names[key // len(gene_ids)] for key in keys],
        gene_strands=_first_texts(table, "Strand", genes, number),
        transcript_ids=transcript_ids,
        transcript_genes=transcript_genes,
        features=features,
        genes=genes.astype(np.int32),
        transcripts=transcripts,
        starts=table["Start"].to_numpy().astype(np.int64),
        ends=table["End"].to_numpy().astype(np.int64),
    )


def feather_columns(path: Path) -> list[str]:
    """Names of the columns of a Feather file; reads no data.

    Raises:
      pyarrow.ArrowException, OSError: it is none, or cannot be read.
    """
    with path.open("rb") as file:
        if file.read(4) == _FEATHER_MAGICS[1]:  # The first version of the format.
            return list(feather.read_table(path).column_names)
    with pa.memory_map(str(path)) as source:
        return list(pa.ipc.open_file(source).schema.names)


def check_columns(path: Path, available: Iterable[str], needed: Iterable[str]) -> None:
    """Raises AnnotationError, naming all columns that a Feather file lacks."""
    available = list(available)
    if lacking := [column for column in needed if column not in available]:
        raise errors.AnnotationError(
            f"{path.name} lacks the columns {', '.join(lacking)}; it has "
            f"{', '.join(available) or 'none'}."
        )


def _text(column: Any) -> Any:
    return column.cast(pa.string())


def _codes(column: Any) -> tuple[np.ndarray, list[str]]:
    """The column as numbers of its distinct texts; -1 where it is empty."""
    encoded = _text(column).combine_chunks().dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    return codes, encoded.dictionary.to_pylist()


def _transcripts(
    column: Any, genes: np.ndarray, features: np.ndarray
) -> tuple[np.ndarray, list[str], np.ndarray]:
    codes, ids = _codes(column)
    named = (codes >= 0) & (features != GENE)
    if "" in ids:
        named &= codes != ids.index("")
    keys = genes[named].astype(np.int64) * max(len(ids), 1) + codes[named]
    numbers, distinct = pd.factorize(keys)
    transcripts = np.full(len(codes), -1, np.int32)
    transcripts[named] = numbers
    return (
        transcripts,
        [ids[key % len(ids)] for key in distinct],
        np.array([key // len(ids) for key in distinct], np.int32),
    )


def _first_texts(table: Any, column: str | None, genes: np.ndarray, number: int) -> list[str]:
    """The first text that a line of each gene has in a column; empty where none has."""
    texts = [""] * number
    if column is None:
        return texts
    codes, distinct = _codes(table[column])
    filled = np.flatnonzero(np.array([bool(text) for text in distinct] or [False])[codes])
    filled = filled[codes[filled] >= 0]
    found, first = np.unique(genes[filled], return_index=True)
    for gene, row in zip(found.tolist(), filled[first].tolist(), strict=True):
        texts[gene] = distinct[codes[row]]
    return texts
