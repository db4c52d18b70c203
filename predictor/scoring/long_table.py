"""Scores of many variants as one long table, for files: `tidy_scores` with fixed columns, faster.

Axes: R rows of a result (genes, junctions, or 1), T tracks.

Source: spec/scoring.md 13.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from anndata import AnnData

from predictor.scoring.calibration_table import QUANTILES

_GENES = ("gene_id", "gene_name", "gene_type", "gene_strand")
_JUNCTIONS = ("junction_Start", "junction_End")
_TRACKS = {"track_name": "name", "track_strand": "strand"} | {
    column: column
    for column in (
        *("Assay title", "ontology_curie", "biosample_name", "biosample_type"),
        *("biosample_life_stage", "gtex_tissue", "data_source", "endedness"),
        *("genetically_modified", "transcription_factor", "histone_mark"),
    )
}

_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        ("variant_id", _TEXT),
        ("scored_interval", _TEXT),
        *((column, _TEXT) for column in _GENES),
        *((column, pa.int64()) for column in _JUNCTIONS),
        ("output_type", _TEXT),
        ("variant_scorer", _TEXT),
        *((column, _TEXT) for column in _TRACKS),
        ("raw_score", pa.float32()),
        ("quantile_score", pa.float32()),
        ("vcf_id", _TEXT),
        ("vcf_line", pa.int64()),
    ]
)
"""The columns of `tidy_scores` with all metadata, whether the tracks have them or not, and where
the variant stands in its file."""


@dataclass(frozen=True)
class ScoredRecord:
    """A variant of a file with its results.

    Attributes:
      name: its ID in the file; empty without one.
      line: where it stands, from 1.
      results: one for each scorer.
    """

    name: str
    line: int
    results: Sequence[AnnData]


def long_table(records: Sequence[ScoredRecord]) -> pa.Table:
    """One row per variant, scorer, track and gene (or junction).

    Rows where gene and track are on opposite strands are left out, as `tidy_scores` does. Rows
    come in its order: variants and scorers as given, tracks, then genes.
    """
    blocks = [
        _block(record, result)
        for record in records
        for result in record.results
        if result.n_obs and result.n_vars
    ]
    columns = [_joined([block[field.name] for block in blocks], field) for field in SCHEMA]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _block(record: ScoredRecord, result: AnnData) -> dict[str, np.ndarray]:
    """The rows of one result, by column."""
    rows, tracks = result.shape
    gene = np.tile(np.arange(rows), tracks)
    track = np.repeat(np.arange(tracks), rows)
    gene_strand = _column(result.obs, "strand", rows)
    track_strand = _column(result.var, "strand", tracks)
    other = track_strand[track]
    kept = ~(
        ((gene_strand[gene] == "+") & (other == "-"))
        | ((gene_strand[gene] == "-") & (other == "+"))
    )
    gene, track = gene[kept], track[kept]
    scorer = result.uns["variant_scorer"]
    same = {
        "variant_id": str(result.uns["variant"]),
        "scored_interval": str(result.uns["interval"]),
        "output_type": scorer.requested_output.name,
        "variant_scorer": str(scorer),
        "vcf_id": record.name or None,
        "vcf_line": record.line,
    }
    of_genes = {column: _column(result.obs, column, rows) for column in (*_GENES, *_JUNCTIONS)}
    of_genes["gene_strand"] = gene_strand
    of_genes["gene_id"] = np.array([_without_version(text) for text in of_genes["gene_id"]], object)
    quantiles = result.layers.get(QUANTILES)
    return (
        {column: np.full(len(gene), value, object) for column, value in same.items()}
        | {column: values[gene] for column, values in of_genes.items()}
        | {column: _column(result.var, source, tracks)[track] for column, source in _TRACKS.items()}
        | {
            "raw_score": np.asarray(result.X)[gene, track],
            "quantile_score": np.full(len(gene), None, object)
            if quantiles is None
            else np.asarray(quantiles)[gene, track],
        }
    )


def _column(frame: Any, name: str, length: int) -> np.ndarray:
    if name not in frame:
        return np.full(length, None, object)
    values: np.ndarray = frame[name].to_numpy(object)
    return values


def _without_version(gene_id: str | None) -> str | None:
    return None if gene_id is None else gene_id.split(".", 1)[0]


def _joined(pieces: Sequence[np.ndarray], field: pa.Field) -> pa.Array:
    values = np.concatenate(pieces) if pieces else np.zeros(0, object)
    if field.type != _TEXT:
        return pa.array(values, type=field.type, from_pandas=values.dtype == object)
    texts = [None if pd.isna(value) else str(value) for value in values]
    return pa.array(texts, type=_TEXT)
