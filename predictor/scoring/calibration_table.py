"""The background of every scorer and track, as a file: quantiles and noise floors.

A Parquet file with one row per scorer and track, and in its schema what the background was. It
belongs to one set of weights: ranks among the scores of other weights mean nothing. The measures of
`changes.py` stand beside the scorers, by names of their own; older tables and the official one have
none.

Axes: R rows of a result, T tracks, Q breakpoints.

Source: spec/scoring.md 11.
"""

import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from alphagenome.models.dna_model import Organism
from anndata import AnnData
from jaxtyping import Float

from predictor import errors
from predictor.scoring.calibration import quantile_scores
from predictor.tracks.output_types import ORGANISM_NAMES

FILE_NAMES = {organism: f"calibration_{name}.parquet" for name, organism in ORGANISM_NAMES.items()}
"""Where the background of each organism lies in a folder of weights."""
LARGEST_QUANTILE = 0.99999
"""No score is beyond all of a finite background; the official tables end here too."""

QUANTILES = "quantiles"
"""Name of the layer of a result that holds the quantile scores, as in the SDK."""

_NAMES = ("name", "strand", "ontology_curie")
_METADATA = b"allelens"


@dataclass(frozen=True)
class ScorerCalibration:
    """The background of one scorer.

    Attributes:
      tracks: columns name, strand and ontology_curie (empty where there is none), one row a track.
      breakpoints: scores of the background, ascending along Q.
      probabilities: of the breakpoints; from -1 for signed scorers, otherwise from 0.
      noise_floor: absolute scores below it may come from noise alone; NaN where not measured.
    """

    tracks: pd.DataFrame
    breakpoints: Float[np.ndarray, "T Q"]
    probabilities: Float[np.ndarray, " Q"]
    noise_floor: Float[np.ndarray, " T"]


@dataclass(frozen=True)
class Calibration:
    """The background of an engine's scorers.

    Attributes:
      scorers: by the scorer's text, such as `str(CenterMaskScorer(...))`; measures by
        `changes.background_name`.
      about: what the background was: engine, digest of the weights, variants, window.
    """

    scorers: Mapping[str, ScorerCalibration]
    about: Mapping[str, Any] = field(default_factory=dict)
    _checked: dict[str, pd.DataFrame] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def add_quantiles(self, result: AnnData, tracks: pd.DataFrame | None = None) -> AnnData:
        """Adds the layer of quantile scores where the scorer has a background.

        Ties take the middle of their ranks, so that a variant that does nothing, as most of the
        background, stands in the middle.

        Args:
          result: of a scorer, with `variant_scorer` in `uns`; changed in place.
          tracks: what `result.var` was made of. Where results come in thousands it is always the
            same object, and compared with the background once.

        Raises:
          CalibrationError: the tracks are not those of the background.
        """
        scorer = result.uns.get("variant_scorer")
        found = self.scorers.get(str(scorer))
        if found is None or not result.n_vars:
            return result
        if tracks is None or self._checked.get(str(scorer)) is not tracks:
            _check_tracks(str(scorer), result.var, found.tracks)
            if tracks is not None:
                self._checked[str(scorer)] = tracks
        result.layers[QUANTILES] = quantile_scores(
            np.asarray(result.X), found.breakpoints, found.probabilities, ties="mean"
        )
        return result

    def noise_floors(self) -> pd.DataFrame:
        """One row per scorer and track: scorer, name, strand, ontology_curie, noise_floor."""
        rows = [
            each.tracks.assign(scorer=scorer, noise_floor=each.noise_floor)
            for scorer, each in self.scorers.items()
        ]
        columns = ["scorer", *_NAMES, "noise_floor"]
        return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame({}, columns)


def installed_calibrations(folder: Path, digest: str) -> dict[Organism, Calibration]:
    """The backgrounds in a folder of weights; one that was made for other weights is left out.

    Args:
      folder: of the weights.
      digest: of the weights.

    Raises:
      CalibrationError: a file cannot be read.
    """
    found = {
        organism: load(folder / name)
        for organism, name in FILE_NAMES.items()
        if (folder / name).exists()
    }
    for organism, calibration in list(found.items()):
        if calibration.about.get("weights") != digest:
            warnings.warn(
                f"{FILE_NAMES[organism]} is the background of other weights, so there are no "
                "quantiles; make it again with `python -m predictor calibrate`.",
                stacklevel=2,
            )
            del found[organism]
    return found


def probabilities(count: int, *, signed: bool) -> Float[np.ndarray, " Q"]:
    """Probabilities of `count` breakpoints: 0 to 1, for signed scorers -1 to 1."""
    rank = np.linspace(0, 1, count)
    values = 2 * rank - 1 if signed else rank
    return np.clip(values, -LARGEST_QUANTILE, LARGEST_QUANTILE)


def summarise(
    tracks: pd.DataFrame,
    scores: Float[np.ndarray, "R T"],
    differences: Float[np.ndarray, "R2 T"],
    *,
    signed: bool,
    repeats: Float[np.ndarray, "R3 T"] | None = None,
    count: int = 501,
    confidence: float = 0.95,
) -> ScorerCalibration:
    """The table of one scorer from the scores of its background.

    Args:
      tracks: metadata of the tracks, at least name and strand.
      scores: of the background, one row a variant, or a variant and gene; NaN are left out.
      differences: of scores that should be equal, because they are of the same variant in shifted
        windows; NaN are left out.
      signed: the scorer tells up from down.
      repeats: the same of repeated predictions. An engine that repeats itself exactly has only 0
        here, so these are judged apart: the floor is the larger of both.
      count: breakpoints.
      confidence: share of the absolute differences that lie below the noise floor.
    """
    floors = [
        [_quantiles(np.abs(column), [confidence])[0] for column in values.T]
        for values in (differences, repeats)
        if values is not None
    ]
    ranks = np.linspace(0, 1, count)
    return ScorerCalibration(
        tracks=_named(tracks),
        # An organism may lack the output type: then there are no tracks.
        breakpoints=np.array(
            [_quantiles(column, ranks) for column in scores.T], np.float32
        ).reshape(-1, count),
        probabilities=probabilities(count, signed=signed),
        noise_floor=np.fmax.reduce(np.array(floors, np.float32)),
    )


def save(path: Path, calibration: Calibration) -> None:
    """Writes the file; it appears whole or not at all."""
    rows: list[dict[str, Any]] = []
    for scorer, each in calibration.scorers.items():
        for number, (_, track) in enumerate(each.tracks.iterrows()):
            rows.append(
                {
                    "scorer": scorer,
                    **{name: str(track[name]) for name in _NAMES},
                    "noise_floor": float(each.noise_floor[number]),
                    "breakpoints": each.breakpoints[number].astype(np.float32),
                }
            )
    lists = {name: tuple(e.probabilities.tolist()) for name, e in calibration.scorers.items()}
    # Each list once: most scorers have the same.
    distinct = list(dict.fromkeys(lists.values()))
    stored = {
        "about": dict(calibration.about),
        "distinct_probabilities": distinct,
        "probabilities": {name: distinct.index(each) for name, each in lists.items()},
    }
    schema = pa.schema(
        [
            *((name, pa.string()) for name in ("scorer", *_NAMES)),
            ("noise_floor", pa.float32()),
            ("breakpoints", pa.list_(pa.float32())),
        ],
        metadata={_METADATA: json.dumps(stored)},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), temporary, compression="zstd")
    temporary.replace(path)


def load(path: Path) -> Calibration:
    """Reads a file written by `save`.

    Raises:
      CalibrationError: it cannot be read as such a file.
    """
    try:
        table = pq.read_table(path)
        stored = json.loads((table.schema.metadata or {})[_METADATA])
        frame = table.to_pandas()
        scorers = {
            scorer: ScorerCalibration(
                tracks=rows[list(_NAMES)].reset_index(drop=True),
                breakpoints=np.stack(rows["breakpoints"].to_list()),
                probabilities=_stored_probabilities(stored, scorer),
                noise_floor=rows["noise_floor"].to_numpy(np.float32),
            )
            for scorer, rows in frame.groupby("scorer", sort=False)
        }
    except (OSError, LookupError, ValueError, pa.ArrowInvalid) as error:
        raise errors.CalibrationError(
            f"{path.name} is not a table of background scores ({error}); make it again with "
            "`python -m predictor calibrate`."
        ) from error
    return Calibration(scorers=scorers, about=stored["about"])


def _stored_probabilities(stored: Mapping[str, Any], scorer: str) -> Float[np.ndarray, " Q"]:
    found = stored["probabilities"][scorer]
    # Older tables have the whole list at each scorer.
    return np.array(stored["distinct_probabilities"][found] if isinstance(found, int) else found)


def _check_tracks(scorer: str, found: pd.DataFrame, expected: pd.DataFrame) -> None:
    names = _named(found)
    if names.equals(expected):
        return
    raise errors.CalibrationError(
        f"The background of {scorer} is of {_listed(expected)}, but the result has "
        f"{_listed(names)}; the table belongs to other weights, so make it again with "
        "`python -m predictor calibrate`."
    )


def _named(tracks: pd.DataFrame) -> pd.DataFrame:
    columns = {
        name: tracks[name].fillna("").astype(str) if name in tracks else "" for name in _NAMES
    }
    return (
        pd.DataFrame(columns, index=range(len(tracks)))
        if tracks.empty
        else pd.DataFrame(columns).reset_index(drop=True)
    )


def _listed(tracks: pd.DataFrame) -> str:
    shown = [f"{row['name']} ({row['strand']})" for _, row in tracks.head(3).iterrows()]
    rest = len(tracks) - len(shown)
    return f"{len(tracks)} tracks: {', '.join(shown)}{' ...' if rest > 0 else ''}"


def _quantiles(
    values: Float[np.ndarray, " R"], ranks: Sequence[float] | np.ndarray
) -> Float[np.ndarray, " Q"]:
    known = values[~np.isnan(values)]
    if not len(known):
        return np.full(len(ranks), np.nan)
    found: np.ndarray = np.quantile(known.astype(np.float64), ranks)
    return found
