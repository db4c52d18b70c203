"""Scores of several variants on one ALT sequence, beside those of each alone.

Axes: V variants, R rows (genes, junctions, or 1), T tracks.

Source: spec/capabilities.md C1; nothing of the kind is in the official tools, and the network has
not been evaluated on haplotypes.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.variant_scorers import VariantScorerTypes
from jaxtyping import Float

from predictor.scoring.scorer import ScoreTable

_GENES = {
    "gene_id": "gene_id",
    "gene_name": "gene_name",
    "gene_strand": "strand",
    "junction_Start": "junction_Start",
    "junction_End": "junction_End",
}
_KEYS = ("gene_id", "junction_Start", "junction_End")


@dataclass(frozen=True, eq=False)
class HaplotypeScore:
    """What one scorer says, at one place.

    Attributes:
      scorer: of the SDK.
      at: the variant around which the scorer looks; None where it looks at genes, all of which
        are rows.
      rows: genes or junctions; without columns where there is a single row.
      tracks: the SDK's metadata.
      combined: [R, T] of all variants together against REF.
      alone: [V, R, T] of each variant against REF. NaN for a junction that this variant alone
        would not put among those that change most.
    """

    scorer: VariantScorerTypes
    at: Variant | None
    rows: pd.DataFrame
    tracks: pd.DataFrame
    combined: Float[np.ndarray, "R T"]
    alone: Float[np.ndarray, "V R T"]

    @property
    def expected(self) -> Float[np.ndarray, "R T"]:
        """[R, T], what the variants would do together if each acted by itself: the sum."""
        total: np.ndarray = self.alone.sum(axis=0)
        return total

    @property
    def interaction(self) -> Float[np.ndarray, "R T"]:
        """[R, T], combined minus expected; 0 where effects add up."""
        difference: np.ndarray = self.combined - self.expected
        return difference

    @property
    def beyond(self) -> Float[np.ndarray, "V R T"]:
        """[V, R, T], combined minus each alone: what the others add to it."""
        difference: np.ndarray = self.combined[None] - self.alone
        return difference


@dataclass(frozen=True)
class HaplotypeScores:
    """The scores of a haplotype.

    Attributes:
      interval: the window, unstranded.
      variants: from left to right.
      scores: by scorer, then by place.
    """

    interval: Interval
    variants: tuple[Variant, ...]
    scores: tuple[HaplotypeScore, ...]

    def table(self) -> pd.DataFrame:
        """One row per scorer, place, gene, track and effect.

        Columns: variants (joined by +), scored_interval, effect (`combined`, `alone`, `beyond`,
        `expected` or `interaction`), variant (for `alone` and `beyond`), at, gene_id, gene_name,
        gene_strand, junction_Start, junction_End, output_type, variant_scorer, track_name,
        track_strand, score. Rows of a gene and a track on opposite strands are left out.
        """
        pieces = list(itertools.chain.from_iterable(map(self._pieces, self.scores)))
        return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=_COLUMNS)

    def _pieces(self, score: HaplotypeScore) -> Iterator[pd.DataFrame]:
        yield self._piece(score, "combined", None, score.combined)
        for variant, values in zip(self.variants, score.alone, strict=True):
            yield self._piece(score, "alone", variant, values)
        for variant, values in zip(self.variants, score.beyond, strict=True):
            yield self._piece(score, "beyond", variant, values)
        yield self._piece(score, "expected", None, score.expected)
        yield self._piece(score, "interaction", None, score.interaction)

    def _piece(
        self, score: HaplotypeScore, effect: str, variant: Variant | None, values: np.ndarray
    ) -> pd.DataFrame:
        rows, tracks = values.shape
        gene, track = np.tile(np.arange(rows), tracks), np.repeat(np.arange(tracks), rows)
        columns: dict[str, Any] = {
            "variants": "+".join(map(str, self.variants)),
            "scored_interval": str(self.interval),
            "effect": effect,
            "variant": None if variant is None else str(variant),
            "at": None if score.at is None else str(score.at),
        }
        columns |= {
            name: score.rows[source].to_numpy()[gene] if source in score.rows else None
            for name, source in _GENES.items()
        }
        columns |= {
            "output_type": score.scorer.requested_output.name,
            "variant_scorer": str(score.scorer),
            "track_name": score.tracks["name"].to_numpy()[track],
            "track_strand": score.tracks["strand"].to_numpy()[track],
            "score": values[gene, track],
        }
        table = pd.DataFrame(columns, index=range(len(gene)))[list(_COLUMNS)]
        strands = table["gene_strand"].fillna(".") + table["track_strand"]
        return table[~strands.isin(["+-", "-+"])]


_COLUMNS = (
    *("variants", "scored_interval", "effect", "variant", "at", *_GENES),
    *("output_type", "variant_scorer", "track_name", "track_strand", "score"),
)


def haplotype_score(
    scorer: VariantScorerTypes,
    at: Variant | None,
    combined: ScoreTable,
    alone: Sequence[ScoreTable],
) -> HaplotypeScore:
    """Puts the tables of a scorer side by side.

    Args:
      scorer: of the SDK.
      at: see `HaplotypeScore`.
      combined: of all variants.
      alone: of each variant, with the same tracks. Its rows may be other ones, if they are
        junctions: the combined ones are taken.
    """
    return HaplotypeScore(
        scorer=scorer,
        at=at,
        rows=combined.rows,
        tracks=combined.tracks,
        combined=combined.values,
        alone=np.stack([_matched(table, combined) for table in alone]),
    )


def joined(tables: Sequence[ScoreTable]) -> ScoreTable:
    """One table of the rows of several, for example of the genes at each variant, each once."""
    seen: set[tuple[object, ...]] = set()
    kept = []
    for table in tables:
        new = [row for row, key in enumerate(_keys(table)) if key not in seen]
        seen.update(_keys(table))
        kept.append((table.values[new], table.rows.iloc[new]))
    rows = pd.concat([rows for _, rows in kept], ignore_index=True)
    return ScoreTable(
        values=np.concatenate([values for values, _ in kept]),
        rows=rows.set_axis([str(number) for number in range(len(rows))]),
        tracks=tables[0].tracks,
    )


def _matched(table: ScoreTable, wanted: ScoreTable) -> np.ndarray:
    places = {key: row for row, key in enumerate(_keys(table))}
    values = np.full(wanted.values.shape, np.nan, np.float32)
    for row, key in enumerate(_keys(wanted)):
        if key in places:
            values[row] = table.values[places[key]]
    return values


def _keys(table: ScoreTable) -> list[tuple[object, ...]]:
    columns = [table.rows[key] for key in _KEYS if key in table.rows]
    return list(zip(*columns, strict=True)) if columns else [()] * len(table.values)
