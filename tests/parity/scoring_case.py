"""One golden case of scoring: its arrays and its description, in the words of the project."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant

from predictor.genome.gene import Gene, Transcript
from predictor.genome.gene_annotation import Annotation
from predictor.scoring import interval_scores, variant_scores
from predictor.tracks.catalogue import TrackTable


@dataclass(frozen=True)
class Case:
    """A file of golden numbers.

    Attributes:
      arrays: everything but the description.
      meta: the description.
    """

    arrays: dict[str, np.ndarray]
    meta: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Case":
        with np.load(path) as file:
            arrays = dict(file)
        meta = json.loads(str(arrays.pop("meta")))
        return cls(arrays, meta)

    @property
    def kind(self) -> str:
        return self.meta["kind"]

    @property
    def interval(self) -> Interval:
        return Interval.from_str(self.meta["interval"])

    @property
    def variant(self) -> Variant:
        return variant(self.meta["variant"])

    @property
    def annotation(self) -> Annotation:
        return Annotation(genes(table(self.meta["gtf"])))

    def frame(self, name: str) -> pd.DataFrame:
        return table(self.meta[name])

    def tracks(self, name: str = "track_metadata") -> TrackTable:
        rows = self.frame(name)
        return TrackTable(rows=rows, real=np.ones(len(rows), bool), shifts=np.zeros(len(rows), int))


def variant(text: str) -> Variant:
    """`chr7:position:REF>ALT`, both alleles possibly empty."""
    chromosome, position, alleles = text.split(":")
    reference, alternate = alleles.split(">")
    return Variant(chromosome, int(position), reference, alternate)


def table(described: dict[str, list[Any]]) -> pd.DataFrame:
    return pd.DataFrame(described["rows"], columns=described["columns"])


def genes(gtf: pd.DataFrame) -> list[Gene]:
    """Genes, transcripts and exons of a table, in its order."""
    exons: dict[str, list[tuple[int, int]]] = {}
    for row in gtf[gtf["Feature"] == "exon"].itertuples():
        exons.setdefault(row.transcript_id, []).append((row.Start, row.End))
    transcripts: dict[str, list[Transcript]] = {}
    for row in gtf[gtf["Feature"] == "transcript"].itertuples():
        parts = tuple(sorted(exons.get(row.transcript_id, [])))
        transcripts.setdefault(row.gene_id, []).append(
            Transcript(row.transcript_id, row.Start, row.End, parts, ())
        )
    return [
        Gene(
            id=row.gene_id,
            name=row.gene_name,
            chromosome=row.Chromosome,
            start=row.Start,
            end=row.End,
            strand=row.Strand,
            gene_type=row.gene_type,
            transcripts=tuple(transcripts.get(row.gene_id, ())),
        )
        for row in gtf[gtf["Feature"] == "gene"].itertuples()
    ]


class TableOrder:
    """Polyadenylation sites in the order of their table, as the official code takes them."""

    def __init__(self, rows: pd.DataFrame):
        self.rows = rows.assign(gene_id=rows["gene_id"].str.split(".").str[0])

    def of_gene(self, gene_id: str, strand: str) -> np.ndarray:
        rows = self.rows
        chosen = (rows["gene_id"] == gene_id.split(".")[0]) & (rows["pas_strand"] == strand)
        return rows.loc[chosen, ["Start", "End"]].to_numpy(int).reshape(-1, 2)


_compiled_variant = jax.jit(variant_scores.compute, static_argnums=0)
_compiled_interval = jax.jit(interval_scores.compute, static_argnums=0)


def score_variant(device, scorers, site, reference, alternate, tracks, **settings):
    """Through the steps of the engine; on the device everything between them is compiled."""
    if not device:
        return variant_scores.score_variant(scorers, site, reference, alternate, tracks, **settings)
    prepared = variant_scores.prepare(scorers, site)
    numbers = _compiled_variant(
        tuple(scorers),
        reference,
        alternate,
        [own.arrays for own in prepared],
        variant_scores.alignment(site)
        if variant_scores.needs_alignment(scorers, site.variant)
        else None,
    )
    return variant_scores.assemble(scorers, prepared, numbers, site, tracks, **settings)


def score_interval(device, scorers, site, predictions, tracks):
    if not device:
        return interval_scores.score_interval(scorers, site, predictions, tracks)
    prepared = interval_scores.prepare(scorers, site)
    numbers = _compiled_interval(tuple(scorers), predictions, [own.arrays for own in prepared])
    return interval_scores.assemble(scorers, prepared, numbers, site, tracks)
