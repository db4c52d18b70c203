"""The tracks of an engine, read from `tracks.json` beside its weights. Never loads JAX.

`tracks.json` is {organism: {output type: [row, ...]}}; rows are in the order of the outputs of
the head, rows named "padding" included. A row holds the SDK's columns (spec/scoring.md 1.5) and,
where it is not 0, `reverse_strand_shift`: the number of bins by which the track moves right
after a prediction on the reverse complement has been turned back. The released DNASE tracks have
1 there (spec/scoring.md 3); tracks that mirror exactly, such as all of the demo, have none.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.ontology import OntologyTerm
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputMetadata, OutputType

from predictor import errors
from predictor.tracks import ontology
from predictor.tracks.output_types import OUTPUTS, organism_name
from predictor.weights import load

_SHIFT = "reverse_strand_shift"
# Columns of the SDK, in its order; any other text column of a row is kept behind them.
_COLUMNS = (
    *("name", "strand", "Assay title", "ontology_curie", "biosample_name", "biosample_type"),
    *("biosample_life_stage", "gtex_tissue", "data_source", "endedness"),
    *("genetically_modified", "transcription_factor", "histone_mark", "nonzero_mean"),
)
_SPLICE_SITE_ROWS = [
    {"name": "donor", "strand": "+"},
    {"name": "acceptor", "strand": "+"},
    {"name": "donor", "strand": "-"},
    {"name": "acceptor", "strand": "-"},
    {"name": "padding", "strand": "."},
]


@dataclass(frozen=True)
class TrackTable:
    """The tracks of one output type of one organism, in head order.

    Attributes:
      rows: SDK columns, padding included; index 0 ... T-1.
      real: bool [T], False for padding.
      shifts: int [T], `reverse_strand_shift` in bins.
    """

    rows: pd.DataFrame
    real: np.ndarray
    shifts: np.ndarray

    @cached_property
    def nonzero_mean(self) -> np.ndarray:
        """Float32 [T]; NaN for padding, 1 everywhere if the table has no such column."""
        if "nonzero_mean" not in self.rows:
            return np.ones(len(self.rows), np.float32)
        return self.rows["nonzero_mean"].to_numpy(np.float32)

    @cached_property
    def strands(self) -> tuple[str, ...]:
        """'+', '-' or '.' of every row; empty for junctions, whose rows are tissues."""
        return tuple(self.rows["strand"]) if "strand" in self.rows else ()

    @cached_property
    def metadata(self) -> pd.DataFrame:
        """The SDK's metadata table: real tracks only, index 0 ... n-1."""
        return self.rows.loc[self.real].reset_index(drop=True)

    @cached_property
    def var(self) -> pd.DataFrame:
        """The same with the index "0" ... "n-1", as AnnData wants it."""
        return self.metadata.set_axis(self.metadata.index.astype(str))

    @cached_property
    def unstranded_var(self) -> pd.DataFrame:
        """`var` of scores that are of no strand: a column strand of '.' comes first."""
        columns = ["strand", *self.var.columns.drop("strand", errors="ignore")]
        return self.var.assign(strand=".")[columns]

    def select(self, curies: Iterable[str] | None) -> np.ndarray:
        """Indices into `rows` of the real tracks that have one of the terms (None: all).

        A table without ontology (splice sites) is not filtered.

        Source: spec/scoring.md 1.7.
        """
        wanted = self.real
        if curies is not None and "ontology_curie" in self.rows:
            wanted = wanted & self.rows["ontology_curie"].isin(list(curies)).to_numpy()
        return np.flatnonzero(wanted)


class Catalogue:
    """All tracks of an engine, by organism and output type."""

    def __init__(self, engine: str, tracks: Mapping[str, Mapping[str, Sequence[dict[str, Any]]]]):
        """Takes the contents of `tracks.json`."""
        self.engine = engine
        self._tables: dict[Organism, dict[OutputType, TrackTable]] = {}
        for organism, by_type in tracks.items():
            tables = {OutputType[name]: _table(rows) for name, rows in by_type.items() if len(rows)}
            tables.setdefault(OutputType.SPLICE_SITES, _table(_SPLICE_SITE_ROWS))
            self._tables[Organism[organism]] = tables

    @property
    def organisms(self) -> tuple[Organism, ...]:
        """The organisms for which there are tracks."""
        return tuple(self._tables)

    def table(self, organism: Organism, output_type: OutputType) -> TrackTable:
        """The tracks of one output type, padding included.

        Raises:
          UnsupportedOrganismError: the engine has no tracks for the organism.
          OutputNotAvailableError: the engine lacks the output type for this organism.
        """
        tables = self._organism(organism)
        if output_type not in tables:
            raise self._lacks(output_type, organism)
        return tables[output_type]

    def metadata(self, organism: Organism, output_type: OutputType) -> pd.DataFrame:
        """The SDK's metadata table of one output type, without padding; may be empty."""
        return self.table(organism, output_type).metadata

    def nonzero_mean(self, organism: Organism, output_type: OutputType, width: int) -> np.ndarray:
        """Float32 [width] means of a head; ones where the organism has no such table."""
        table = self._organism(organism).get(output_type)
        return np.ones(width, np.float32) if table is None else table.nonzero_mean

    def output_types(self, organism: Organism) -> list[OutputType]:
        """The output types of which the organism has at least one track."""
        tables = self._organism(organism)
        return [kind for kind in OUTPUTS if kind in tables and tables[kind].real.any()]

    def output_metadata(self, organism: Organism) -> OutputMetadata:
        """The SDK's tables of all output types, without padding."""
        return OutputMetadata(
            **{
                kind.name.lower(): self.metadata(organism, kind)
                for kind in self.output_types(organism)
            }
        )

    def biosamples(self, organism: Organism) -> dict[str, str]:
        """Every CURIE that occurs in the organism's tracks, and the name of its biosample."""
        names: dict[str, str] = {}
        for kind in self.output_types(organism):
            table = self.metadata(organism, kind)
            if "ontology_curie" not in table:
                continue
            labels = table["biosample_name"] if "biosample_name" in table else table["name"]
            for curie, label in zip(table["ontology_curie"], labels, strict=True):
                if isinstance(curie, str):
                    names.setdefault(curie, str(label))
        return names

    def available(self, organism: Organism, curie: str) -> list[OutputType]:
        """The output types of which a cell type has at least one track of its own."""
        tables = self._organism(organism)
        return [
            kind
            for kind in self.output_types(organism)
            if "ontology_curie" in tables[kind].rows and len(tables[kind].select([curie]))
        ]

    def check_terms(
        self, organism: Organism, terms: Iterable[OntologyTerm | str] | None
    ) -> tuple[str, ...] | None:
        """The terms as CURIEs, None for all.

        Raises:
          UnknownOntologyTermError: malformed, or no track of the organism has it.
        """
        curies = ontology.parse_curies(terms)
        if curies is not None:
            ontology.check_known(curies, self.biosamples(organism), engine=self.engine)
        return curies

    def check_request(
        self,
        organism: Organism,
        output_types: Iterable[OutputType],
        terms: Iterable[OntologyTerm | str] | None,
    ) -> tuple[str, ...] | None:
        """Checks what a person asked for: every output type must have a track to show.

        Stricter than the SDK, which answers with zero tracks.

        Returns:
          The terms as CURIEs, None for all.

        Raises:
          UnknownOntologyTermError: as `check_terms`.
          OutputNotAvailableError: none of the cell types has one of the output types; names both
            and lists what there is.
        """
        curies = self.check_terms(organism, terms)
        names = self.biosamples(organism)
        present = self.output_types(organism)
        for kind in output_types:
            if kind not in present:
                raise self._lacks(kind, organism)
            if curies is None or len(self.table(organism, kind).select(curies)):
                continue
            who = " and ".join(f"{names[curie]} ({curie})" for curie in curies)
            have = [t for t in present if any(t in self.available(organism, c) for c in curies)]
            raise errors.OutputNotAvailableError(
                f"There is no {kind.name} of {who} in the engine {self.engine}; "
                f"available: {_listed(have)}."
            )
        return curies

    def _lacks(self, kind: OutputType, organism: Organism) -> errors.OutputNotAvailableError:
        return errors.OutputNotAvailableError(
            f"The engine {self.engine} has no {kind.name} for {organism_name(organism)}; "
            f"available: {_listed(self.output_types(organism))}."
        )

    def _organism(self, organism: Organism) -> dict[OutputType, TrackTable]:
        if organism not in self._tables:
            raise errors.UnsupportedOrganismError(
                f"The engine {self.engine} has no tracks for {organism_name(organism)}."
            )
        return self._tables[organism]


def catalogue(engine: str) -> Catalogue:
    """The tracks of an installed engine.

    Raises:
      WeightsMissingError: the engine's weights, or their `tracks.json`, are not installed.
    """
    path = load.described_folder(engine) / "tracks.json"
    return _read(engine, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(engine: str, path: Path, modified: int) -> Catalogue:
    del modified  # Only tells a new file from an old one.
    return Catalogue(engine, json.loads(path.read_text()))


def _table(rows: Sequence[dict[str, Any]]) -> TrackTable:
    frame = pd.DataFrame(list(rows))
    real = (frame["name"].str.lower() != "padding").to_numpy()
    shifts = np.zeros(len(frame), int)
    if _SHIFT in frame:
        shifts = frame.pop(_SHIFT).fillna(0).to_numpy(int)
    known = [column for column in _COLUMNS if column in frame]
    return TrackTable(
        rows=frame[[*known, *(column for column in frame if column not in known)]],
        real=real,
        shifts=shifts,
    )


def _listed(kinds: Iterable[OutputType]) -> str:
    return ", ".join(kind.name for kind in kinds) or "nothing"
