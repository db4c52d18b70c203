"""Changes beside their background: rank among common variants, and the noise floor.

The table of the engine's weights holds the same measures of common variants: how common a row's
number is, and from which size on it is more than noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from predictor.errors import WeightsMissingError
from predictor.scoring.calibration import quantile_scores
from predictor.scoring.calibration_table import (
    FILE_NAMES,
    Calibration,
    ScorerCalibration,
    load,
)
from predictor.scoring.changes import background_name, is_of_window
from predictor.tracks.output_types import parse_organism
from predictor.weights.load import weights_folder
from webapp.jobs.models import Chunk, Job


def background_of(job: Job) -> Calibration | None:
    """The background of the weights that a job was asked of; None where there is none."""
    try:
        folder = weights_folder(job.engine)
    except WeightsMissingError:
        return None
    path = folder / FILE_NAMES[parse_organism(job.organism)]
    if not path.exists():
        return None
    found = _read(path, path.stat().st_mtime_ns)
    return found if found.about.get("weights") == job.weights_digest else None


def about(background: Calibration) -> dict[str, Any]:
    """What the common variants were."""
    return {
        "label": background.about.get("label", ""),
        "variants": background.about.get("variants"),
        "indels": background.about.get("indels"),
        "window": background.about.get("window"),
    }


@dataclass(frozen=True)
class Beside:
    """The background of a chunk's rows.

    Ranks are those of one variant: of several on one haplotype a row shows the one that changes
    most, where the background has one each. An insertion or deletion is ranked where there are
    some in the background. What is the largest of the window is ranked in windows as long as those
    of the background, since a longer one has more to choose from.

    Attributes:
      background: None where the engine has none; then rows have none either.
      is_ranked: the variant is of a kind that the background has.
      is_same_window: the window is as long as those of the background.
    """

    background: Calibration | None
    is_ranked: bool
    is_same_window: bool

    @classmethod
    def of(cls, chunk: Chunk) -> "Beside":
        """The background of the rows of a chunk."""
        background = background_of(chunk.job)
        known = {} if background is None else background.about
        indels = any(
            len(variant["reference_bases"]) != len(variant["alternate_bases"])
            for variant in chunk.variants
        )
        return cls(
            background,
            is_ranked=len(chunk.variants) == 1 and (not indels or bool(known.get("indels"))),
            is_same_window=known.get("window") == chunk.end - chunk.start,
        )

    def is_called(self, row: Mapping[str, Any]) -> bool:
        """The change is not below its noise floor, or that is not known."""
        found = self._column(row)
        return found is None or _is_called(_number(row), *found)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with a field `background`; None where nothing is known."""
        found = self._column(row)
        return {**row, "background": None if found is None else self._standing(row, *found)}

    def _standing(
        self, row: Mapping[str, Any], table: ScorerCalibration, column: int
    ) -> dict[str, Any]:
        number = _number(row)
        quantile = None
        if self.is_ranked and (self.is_same_window or not is_of_window(row["measure"])):
            ranks = quantile_scores(
                np.array([[number]], np.float32),
                table.breakpoints[column : column + 1],
                table.probabilities,
                ties="mean",
            )
            quantile = float(ranks[0, 0])
        return {
            "scorer": _name(row),
            "quantile": quantile,
            "noise_floor": float(table.noise_floor[column]),
            "is_called": _is_called(number, table, column),
        }

    def _column(self, row: Mapping[str, Any]) -> tuple[ScorerCalibration, int] | None:
        """The table of the row's measure, and the track's number in it."""
        table = None if self.background is None else self.background.scorers.get(_name(row))
        column = int(row["track"].partition("/")[2])
        if table is None or column >= len(table.tracks) or np.isnan(table.noise_floor[column]):
            return None
        track = table.tracks.iloc[column]
        same = all(track[name] == row[name] for name in ("strand", "ontology_curie"))
        return (table, column) if same else None


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> Calibration:
    del modified  # Only makes a changed file another key.
    return load(path)


def _name(row: Mapping[str, Any]) -> str:
    return background_name(row["output_type"], row["measure"])


def _number(row: Mapping[str, Any]) -> float:
    ratio = row["log2_ratio"]
    return float(row["difference"] if ratio is None else ratio)


def _is_called(number: float, table: ScorerCalibration, column: int) -> bool:
    return abs(number) >= float(table.noise_floor[column])
