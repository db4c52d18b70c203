"""Makes the background that an engine's scores are ranked against, and its noise floors.

Common variants are scored in windows centred on them; some once more, and in shifted windows, where
a perfect network would give the same scores. What is done is kept in parts, so that an interrupted
run goes on where it stopped.

Axes: R rows of a result (genes or 1), T tracks.

Source: spec/scoring.md 11; spec/capabilities.md C3, C6.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DnaModel, Organism
from anndata import AnnData

from predictor import errors
from predictor.engines import registry
from predictor.genome.variant import parse_variants
from predictor.scoring import calibration_table, official_calibration
from predictor.scoring.calibration_table import Calibration, summarise
from predictor.tracks.output_types import parse_organism
from predictor.weights import release
from predictor.weights.load import weights_folder

SHIFTS = (-1_000, -37, 411, 2_048)
"""Moves of the window in bp. They change what lies at the ends, and most of them how the bases fall
into tokens and pair cells. Those of more than a quarter of the window are left out."""

_PART = 50
_POOLED = ("scores", "differences", "repeats")
_ROW_KEYS = ("gene_id", "junction_Start", "junction_End")


@dataclass(frozen=True, kw_only=True)
class Background:
    """What a background is made of; two equal ones give the same table.

    Attributes:
      engine: name of the engine.
      weights: digest of its weights.
      organism: whose genome and tracks.
      window: bp.
      variants_sha256: of the file of the variants.
      variants: how many.
      shifted: how many of them are scored again, and in shifted windows too.
      label: what the variants are, for people.
    """

    engine: str
    weights: str
    organism: str
    window: int
    variants_sha256: str
    variants: int
    shifted: int
    label: str


def calibrate(
    model: DnaModel,
    background: Background,
    variants: Sequence[Variant],
    out: Path,
    *,
    report: Callable[[str], None],
) -> Calibration:
    """Scores the variants with the recommended scorers and writes the table.

    Args:
      model: the engine.
      background: what is made; goes into the table.
      variants: `background.variants` of them.
      out: the table; beside it the parts of an unfinished run.
      report: told about progress, a line at a time.

    Raises:
      The errors of `score_variant`, for a variant that cannot be scored.
    """
    parts = _Parts(out.with_name(out.name + ".parts"), background)
    chunks = [variants[start : start + _PART] for start in range(0, len(variants), _PART)]
    for number, chunk in enumerate(chunks):
        if parts.has(number):
            continue
        first = number * _PART
        shifted = max(0, min(len(chunk), background.shifted - first))
        parts.write(number, _score(model, background, chunk, shifted))
        report(f"{min(first + _PART, len(variants)):,} of {len(variants):,} variants scored")
    calibration = Calibration(
        scorers={name: each.summary() for name, each in parts.pooled(len(chunks)).items()},
        about=asdict(background),
    )
    calibration_table.save(out, calibration)
    parts.remove()
    return calibration


def calibrate_engine(
    *,
    engine: str,
    vcf: Path,
    organism: str,
    window: int | None,
    shifted: int,
    label: str,
    out: Path | None,
    report: Callable[[str], None],
) -> Path:
    """Makes the background of an installed engine, where its results find it.

    Args:
      engine: its name.
      vcf: common variants.
      organism: human or mouse.
      window: bp; the engine's default where not given.
      shifted: variants that are scored in shifted windows too.
      label: what the variants are, for people.
      out: the table; in the folder of the engine's weights where not given.
      report: told about progress, a line at a time.

    Returns:
      The table.

    Raises:
      AllelensError: the engine, the file or a variant cannot be used.
    """
    chosen = parse_organism(organism)
    about = registry.installed_engine(engine)
    variants = read_background_variants(vcf)
    model = registry.open_engine(engine)
    digest = registry.describe_engine(engine).weights_digest or ""
    out = out or weights_folder(engine) / calibration_table.FILE_NAMES[chosen]
    background = Background(
        engine=engine,
        weights=digest,
        organism=chosen.name,
        window=window or about.default_window,
        variants_sha256=sha256(vcf),
        variants=len(variants),
        shifted=min(shifted, len(variants)),
        label=label or vcf.name,
    )
    calibrate(model, background, variants, out, report=report)
    return out


def install_official_table(path: Path, engine: str) -> Path:
    """Puts the official table of background scores beside released weights.

    Args:
      path: `calibration_scores.pb` of the release.
      engine: with released weights.

    Raises:
      CalibrationError: the file is no such table, or the weights are not released ones.
      WeightsMissingError: the engine has no weights.
    """
    calibration = official_calibration.read(path)
    digest = registry.describe_engine(engine).weights_digest
    folder = weights_folder(engine)
    if engine not in release.VERSIONS:
        raise errors.CalibrationError(
            f"The official table is of the scores of released weights; {engine} has others, so "
            "make a background of its own with --vcf."
        )
    about = {
        "engine": engine,
        "weights": digest,
        "organism": Organism.HOMO_SAPIENS.name,
        "variants_sha256": sha256(path),
        **calibration.about,
    }
    out = folder / calibration_table.FILE_NAMES[Organism.HOMO_SAPIENS]
    calibration_table.save(out, Calibration(calibration.scorers, about))
    return out


def read_background_variants(path: Path) -> list[Variant]:
    """The variants of a VCF file.

    Raises:
      InvalidVariantError: a line cannot be read, or there is none.
    """
    variants = parse_variants(path.read_text())
    if not variants:
        raise errors.InvalidVariantError(
            f"{path.name} holds no variant; a background needs hundreds of common variants."
        )
    return variants


def sha256(path: Path) -> str:
    """Of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class _Pool:
    """What is known of one scorer.

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

    def summary(self) -> calibration_table.ScorerCalibration:
        return summarise(
            self.tracks,
            self._joined(self.scores),
            self._joined(self.differences),
            signed=self.signed,
            repeats=self._joined(self.repeats),
        )

    def joined(self) -> dict[str, np.ndarray]:
        return {name: self._joined(getattr(self, name)) for name in _POOLED}

    def _joined(self, arrays: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([np.zeros((0, len(self.tracks)), np.float32), *arrays])


def _score(
    model: DnaModel, background: Background, variants: Sequence[Variant], shifted: int
) -> dict[str, _Pool]:
    organism = Organism[background.organism]
    pools: dict[str, _Pool] = {}
    for number, variant in enumerate(variants):
        found = _results(model, variant, background.window, 0, organism)
        for result in found:
            scorer = result.uns["variant_scorer"]
            pool = pools.setdefault(str(scorer), _Pool(bool(scorer.is_signed), result.var))
            pool.scores.append(np.asarray(result.X))
        if number >= shifted:
            continue
        for shift in (0, *(s for s in SHIFTS if abs(s) <= background.window // 4)):
            again = _results(model, variant, background.window, shift, organism)
            for one, other in zip(found, again, strict=True):
                pool = pools[str(one.uns["variant_scorer"])]
                into = pool.differences if shift else pool.repeats
                into.append(_difference(one, other))
    return pools


def _results(
    model: DnaModel, variant: Variant, window: int, shift: int, organism: Organism
) -> list[AnnData]:
    start = variant.start - window // 2 + shift
    interval = Interval(variant.chromosome, start, start + window)
    found: list[AnnData] = model.score_variant(interval, variant, organism=organism)
    return found


def _difference(one: AnnData, other: AnnData) -> np.ndarray:
    """Scores of the rows that both results have; a gene may leave a shifted window."""
    first, second = _rows(one), _rows(other)
    both = [key for key in first if key in second]
    difference: np.ndarray = (
        np.asarray(one.X)[[first[key] for key in both]]
        - np.asarray(other.X)[[second[key] for key in both]]
    )
    return difference


def _rows(result: AnnData) -> dict[tuple[Any, ...], int]:
    columns = [result.obs[key] for key in _ROW_KEYS if key in result.obs]
    keys = zip(*columns, strict=True) if columns else [()] * result.n_obs
    return {tuple(key): number for number, key in enumerate(keys)}


class _Parts:
    """The folder of an unfinished run; one of another background is thrown away."""

    def __init__(self, folder: Path, background: Background):
        self._folder = folder
        asked = json.dumps(asdict(background), indent=1)
        request = folder / "background.json"
        if not request.exists() or request.read_text() != asked:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            request.write_text(asked)

    def has(self, number: int) -> bool:
        return self._path(number).exists()

    def write(self, number: int, pools: Mapping[str, _Pool]) -> None:
        arrays: dict[str, Any] = {}
        rows = []
        for index, (name, pool) in enumerate(pools.items()):
            tracks = pool.tracks.to_json(orient="records")
            rows.append({"scorer": name, "signed": pool.signed, "tracks": json.loads(tracks)})
            arrays |= {f"{index}/{key}": array for key, array in pool.joined().items()}
        temporary = self._folder / "new.npz"
        np.savez(temporary, about=json.dumps(rows), **arrays)
        temporary.replace(self._path(number))

    def pooled(self, count: int) -> dict[str, _Pool]:
        pools: dict[str, _Pool] = {}
        for name, pool in (item for number in range(count) for item in self._read(number)):
            if name not in pools:
                pools[name] = pool
            else:
                for kind in _POOLED:
                    getattr(pools[name], kind).extend(getattr(pool, kind))
        return pools

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def _read(self, number: int) -> Iterator[tuple[str, _Pool]]:
        with np.load(self._path(number)) as file:
            for index, row in enumerate(json.loads(str(file["about"]))):
                yield (
                    row["scorer"],
                    _Pool(
                        signed=row["signed"],
                        tracks=pd.DataFrame(row["tracks"]),
                        **{kind: [file[f"{index}/{kind}"]] for kind in _POOLED},
                    ),
                )

    def _path(self, number: int) -> Path:
        return self._folder / f"part-{number:05d}.npz"
