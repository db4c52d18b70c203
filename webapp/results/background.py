"""Changes beside their background: rank among common variants, and the noise floor.

Where a row's number is that of a recommended scorer, the table of the engine's weights says how
common such a number is, and from which size on it is more than noise.
"""

from collections.abc import Mapping, Sequence
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
from predictor.scoring.scorers import RECOMMENDED_VARIANT_SCORERS
from predictor.tracks.output_types import parse_organism
from predictor.weights.load import weights_folder
from webapp.jobs.models import Chunk, Job

# Rows of these measures hold the very number of the recommended scorer of their output type.
_SAME = {
    ("ATAC", "sum_501bp_at_variant"),
    ("DNASE", "sum_501bp_at_variant"),
    ("CHIP_TF", "sum_501bp_at_variant"),
    ("CHIP_HISTONE", "sum_2001bp_at_variant"),
}
# The scorer takes the largest change within genes, the row within the window: the same noise, but
# not the same rank.
_SAME_NOISE = {
    ("SPLICE_SITES", "base_changed_most"),
    ("SPLICE_SITE_USAGE", "base_changed_most"),
}


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
        "window": background.about.get("window"),
    }


def with_background(
    rows: Sequence[Mapping[str, Any]], background: Calibration | None, chunk: Chunk
) -> list[dict[str, Any]]:
    """Rows of changes with a field `background` each; None where nothing is known.

    Ranks are given to a single substitution only: ALT of an insertion or deletion is aligned to
    REF here, that of the background was not; and of several variants on one haplotype a row shows
    the one that changes most, where the background has one each.
    """
    ranked = len(chunk.variants) == 1 and all(
        len(variant["reference_bases"]) == len(variant["alternate_bases"])
        for variant in chunk.variants
    )
    scorers = {} if background is None else _scorers(background)
    return [{**row, "background": _background(row, scorers, ranked=ranked)} for row in rows]


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> Calibration:
    del modified  # Only makes a changed file another key.
    return load(path)


def _scorers(background: Calibration) -> dict[str, tuple[str, ScorerCalibration]]:
    """The recommended scorer of each output type that rows are compared with."""
    found = {}
    for output_type, _ in _SAME | _SAME_NOISE:
        scorer = str(RECOMMENDED_VARIANT_SCORERS[output_type])
        if scorer in background.scorers:
            found[output_type] = (scorer, background.scorers[scorer])
    return found


def _background(
    row: Mapping[str, Any], scorers: Mapping[str, tuple[str, ScorerCalibration]], *, ranked: bool
) -> dict[str, Any] | None:
    kind = (row["output_type"], row["measure"])
    if kind not in _SAME | _SAME_NOISE or row["output_type"] not in scorers:
        return None
    scorer, table = scorers[row["output_type"]]
    column = int(row["track"].partition("/")[2])
    track = table.tracks.iloc[column] if column < len(table.tracks) else None
    if track is None or (track["strand"], track["ontology_curie"]) != (
        row["strand"],
        row["ontology_curie"],
    ):
        return None
    floor = float(table.noise_floor[column])
    if np.isnan(floor):
        return None
    number = row["difference"] if row["log2_ratio"] is None else row["log2_ratio"]
    quantile = None
    if ranked and kind in _SAME:
        ranks = quantile_scores(
            np.array([[number]], np.float32),
            table.breakpoints[column : column + 1],
            table.probabilities,
            ties="mean",
        )
        quantile = float(ranks[0, 0])
    return {
        "scorer": scorer,
        "quantile": quantile,
        "noise_floor": floor,
        "is_called": abs(number) >= floor,
    }
