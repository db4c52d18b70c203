"""Full-network cases of the reference implementation, and how near our numbers are to them.

What a case file holds is described in the README beside the cases, sections 2 and 3.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from predictor.model.config import ModelConfig, TracksPerHead

JUNCTION = "splice_sites_junction"
SITES = 48
"""The first donors and acceptors whose junctions a case holds."""

_HEAD = "alphagenome/head"
_READOUTS = ("resolution_1/", "resolution_128/", "")


class Error(NamedTuple):
    """A difference: rms and largest, both relative to the expected rms."""

    rms: float
    largest: float


@dataclass(frozen=True)
class Case:
    """One golden case.

    Attributes:
      name: of its file.
      arrays: as the file holds them.
    """

    name: str
    arrays: Mapping[str, np.ndarray]

    @classmethod
    def read(cls, path: Path) -> "Case":
        with np.load(path) as arrays:
            return cls(path.stem.removeprefix("model_case_"), dict(arrays))

    def one_hot(self) -> np.ndarray:
        table = np.zeros((256, 4), np.float32)
        for column, letters in enumerate((b"Aa", b"Cc", b"Gg", b"Tt")):
            table[list(letters), column] = 1
        return table[self.arrays["sequence"]]

    def below(self, prefix: str) -> dict[str, np.ndarray]:
        """The arrays whose name begins so, under the rest of their name."""
        return {
            key.removeprefix(prefix): array
            for key, array in self.arrays.items()
            if key.startswith(prefix)
        }

    def kept(self, key: str, values: np.ndarray) -> np.ndarray:
        """The positions of a prediction along the sequence that the case holds."""
        return values[:, self.arrays["pos_128bp" if key.endswith("_128bp") else "pos_1bp"]]


def case_paths(folder: Path) -> list[Path]:
    """Every case of a folder, the shortest sequence first."""
    return sorted(folder.glob("model_case_*.npz"), key=_length)


def _length(path: Path) -> tuple[int, str]:
    with np.load(path) as arrays:
        return arrays["sequence"].shape[1], path.name


def tracks_per_head(shapes: Mapping[str, list[int]]) -> TracksPerHead:
    """The numbers of tracks of a network, read from the official shapes of its parameters."""
    tables = f"{_HEAD}/{JUNCTION}/pos_donor_logits/embeddings"
    tissues = shapes[tables][-1] // (2 * ModelConfig.full().junction_channels)
    found = {
        head: next(
            shapes[path][-1]
            for readout in _READOUTS
            if (path := f"{_HEAD}/{head}/{readout}multi_organism_linear/w") in shapes
        )
        for head in TracksPerHead.__dataclass_fields__
        if head != JUNCTION
    }
    return TracksPerHead(**found, splice_sites_junction=tissues)


def measure(actual: np.ndarray, expected: np.ndarray) -> Error:
    """How far apart two arrays are; the same values must be NaN."""
    actual, expected = np.asarray(actual, np.float64), np.asarray(expected, np.float64)
    assert actual.shape == expected.shape
    np.testing.assert_array_equal(np.isnan(actual), np.isnan(expected))
    finite = np.isfinite(expected)
    if not finite.any():
        return Error(0.0, 0.0)
    difference = (actual - expected)[finite]
    scale = np.sqrt(np.mean(expected[finite] ** 2)) or 1.0
    return Error(
        float(np.sqrt(np.mean(difference**2)) / scale), float(np.abs(difference).max() / scale)
    )


def correlation(actual: np.ndarray, expected: np.ndarray) -> float:
    """Pearson's, over the finite entries; 1 where the expected ones do not vary."""
    finite = np.isfinite(expected)
    a, b = np.asarray(actual, np.float64)[finite], np.asarray(expected, np.float64)[finite]
    if a.size < 2 or np.ptp(b) == 0:
        return 1.0
    return float(np.corrcoef(a, b)[0, 1])


@dataclass
class ErrorTable:
    """The largest errors of every stage and head, over all cases that were compared."""

    _largest: dict[tuple[str, str], Error] = field(default_factory=dict)

    def add(self, way: str, stage: str, error: Error) -> None:
        before = self._largest.get((stage, way), Error(0.0, 0.0))
        self._largest[stage, way] = Error(*map(max, before, error))

    def lines(self) -> Iterator[str]:
        """One line a stage, with rms and largest error of every way to compute it."""
        if not self._largest:
            return
        stages = list(dict.fromkeys(stage for stage, _ in self._largest))
        ways = list(dict.fromkeys(way for _, way in self._largest))
        wide = max(map(len, stages))
        yield " " * wide + "".join(f"  {way:>20}" for way in ways)
        yield f"{'stage or head':<{wide}}" + f"  {'rms':>9} {'largest':>10}" * len(ways)
        for stage in stages:
            cells = (self._largest.get((stage, way)) for way in ways)
            yield f"{stage:<{wide}}" + "".join(
                f"  {'-':>9} {'-':>10}" if e is None else f"  {e.rms:9.1e} {e.largest:10.1e}"
                for e in cells
            )
