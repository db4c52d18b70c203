"""What a background is pooled from, and the parts of an unfinished run on disk.

Axes: R rows of a result (genes, junctions, or 1), T tracks.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float32

from predictor.scoring.calibration_table import ScorerCalibration, summarise

_POOLED = ("scores", "differences", "repeats")


@dataclass
class Pool:
    """What is known of one scorer or measure.

    Attributes:
      signed: it tells up from down.
      tracks: its metadata.
      scores: [R, T] of variants.
      differences: [R, T] of the same variants in shifted windows.
      repeats: [R, T] of the same variants predicted again.
    """

    signed: bool
    tracks: pd.DataFrame
    scores: list[np.ndarray] = field(default_factory=list)
    differences: list[np.ndarray] = field(default_factory=list)
    repeats: list[np.ndarray] = field(default_factory=list)

    def summary(self) -> ScorerCalibration:
        """The table of all that was pooled."""
        return summarise(
            self.tracks,
            self._joined(self.scores),
            self._joined(self.differences),
            signed=self.signed,
            repeats=self._joined(self.repeats),
        )

    def joined(self) -> dict[str, Float32[np.ndarray, "R T"]]:
        """Each list as one array."""
        return {name: self._joined(getattr(self, name)) for name in _POOLED}

    def extend(self, other: "Pool") -> None:
        """Takes what another pool of the same scorer has."""
        for name in _POOLED:
            getattr(self, name).extend(getattr(other, name))

    def _joined(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros((0, len(self.tracks)), np.float32), *arrays])


class Parts:
    """The folder of an unfinished run; one of another background is thrown away."""

    def __init__(self, folder: Path, asked: Mapping[str, Any]):
        """Opens the folder.

        Args:
          folder: made where it is not there.
          asked: what is made, as JSON; parts of anything else are not used.
        """
        self._folder = folder
        text = json.dumps(asked, indent=1)
        request = folder / "background.json"
        if not request.exists() or request.read_text() != text:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            request.write_text(text)

    def has(self, number: int) -> bool:
        """The part is there as a whole."""
        return self._path(number).exists()

    def write(self, number: int, pools: Mapping[str, Pool]) -> None:
        """Keeps a part; it appears whole or not at all."""
        arrays: dict[str, Any] = {}
        rows = []
        for index, (name, pool) in enumerate(pools.items()):
            tracks = pool.tracks.to_json(orient="records")
            rows.append({"scorer": name, "signed": pool.signed, "tracks": json.loads(tracks)})
            arrays |= {f"{index}/{key}": array for key, array in pool.joined().items()}
        temporary = self._folder / "new.npz"
        np.savez(temporary, about=json.dumps(rows), **arrays)
        temporary.replace(self._path(number))

    def pooled(self, count: int) -> dict[str, Pool]:
        """The first parts in one pool for each scorer."""
        pools: dict[str, Pool] = {}
        for name, pool in (item for number in range(count) for item in self._read(number)):
            if name in pools:
                pools[name].extend(pool)
            else:
                pools[name] = pool
        return pools

    def remove(self) -> None:
        """Forgets everything."""
        shutil.rmtree(self._folder)

    def _read(self, number: int) -> Iterator[tuple[str, Pool]]:
        with np.load(self._path(number)) as file:
            for index, row in enumerate(json.loads(str(file["about"]))):
                yield (
                    row["scorer"],
                    Pool(
                        signed=row["signed"],
                        tracks=pd.DataFrame(row["tracks"]),
                        **{kind: [file[f"{index}/{kind}"]] for kind in _POOLED},
                    ),
                )

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:05d}.npz"
