"""Makes the background that an engine's scores are ranked against, and its noise floors.

Common variants are scored in windows centred on them, by the recommended scorers and by the
measures of `scoring/changes.py` that people see; some once more, and in shifted windows, where a
perfect network would give the same numbers. What is done is kept in parts, so that an interrupted
run goes on where it stopped.

Axes: R rows of a result (genes, junctions, or 1), T tracks.

Source: spec/scoring.md 11; spec/capabilities.md C3, C6.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import DnaModel, Organism
from jaxtyping import Float32

from predictor import errors
from predictor.engines import registry
from predictor.engines.background_parts import Parts, Pool
from predictor.genome.variant import parse_variants
from predictor.scoring import calibration_table, official_calibration
from predictor.scoring.calibration_table import Calibration
from predictor.scoring.changes import background_name, changes_of
from predictor.tracks.output_types import OUTPUTS, parse_organism
from predictor.weights import release
from predictor.weights.load import weights_folder

SHIFTS = (-1_000, -37, 411, 2_048)
"""Moves of the window in bp. They change what lies at the ends, and most of them how the bases fall
into tokens and pair cells. Those of more than a quarter of the window are left out."""

_PART = 50
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
      indels: how many of them are insertions or deletions.
      shifted: how many of them are scored again, and in shifted windows too.
      label: what the variants are, for people.
    """

    engine: str
    weights: str
    organism: str
    window: int
    variants_sha256: str
    variants: int
    indels: int
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
    """Scores the variants and writes the table.

    Args:
      model: the engine.
      background: what is made; goes into the table.
      variants: `background.variants` of them.
      out: the table; beside it the parts of an unfinished run.
      report: told about progress, a line at a time.

    Raises:
      The errors of `score_variant`, for a variant that cannot be scored.
    """
    parts = Parts(out.with_name(out.name + ".parts"), asdict(background))
    shifted = _spread(background.shifted, len(variants))
    chunks = [variants[start : start + _PART] for start in range(0, len(variants), _PART)]
    for number, chunk in enumerate(chunks):
        if parts.has(number):
            continue
        first = number * _PART
        parts.write(number, _score(model, background, chunk, {n - first for n in shifted}))
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
        indels=sum(len(v.reference_bases) != len(v.alternate_bases) for v in variants),
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


def _spread(some: int, count: int) -> list[int]:
    """Some of `count` numbers, evenly: neighbours in a file are neighbours on a chromosome."""
    return sorted({int(number) for number in np.linspace(0, count - 1, some).round()})


@dataclass(frozen=True)
class _Scored:
    """The numbers of one scorer or measure for one variant: one row for each of `rows`."""

    name: str
    signed: bool
    tracks: pd.DataFrame
    rows: Sequence[tuple[Any, ...]]
    values: Float32[np.ndarray, "R T"]


def _score(
    model: DnaModel, background: Background, variants: Sequence[Variant], shifted: set[int]
) -> dict[str, Pool]:
    """Scores variants; those whose numbers are in `shifted` again, and in shifted windows."""
    pools: dict[str, Pool] = {}
    for number, variant in enumerate(variants):
        found = _scored(model, background, variant, 0)
        for one in found:
            pool = pools.setdefault(one.name, Pool(one.signed, one.tracks))
            pool.scores.append(one.values)
        if number not in shifted:
            continue
        for shift in (0, *(s for s in SHIFTS if abs(s) <= background.window // 4)):
            again = _scored(model, background, variant, shift)
            for one, other in zip(found, again, strict=True):
                into = pools[one.name].differences if shift else pools[one.name].repeats
                into.append(_difference(one, other))
    return pools


def _scored(model: DnaModel, background: Background, variant: Variant, shift: int) -> list[_Scored]:
    """The recommended scores of a variant, and what changes, in a window near that of a job."""
    centred = variant.reference_interval.resize(background.window)
    interval = Interval(variant.chromosome, centred.start + shift, centred.end + shift)
    organism = Organism[background.organism]
    return [
        *_recommended(model, interval, variant, organism),
        *_changes(model, interval, variant, organism),
    ]


def _recommended(
    model: DnaModel, interval: Interval, variant: Variant, organism: Organism
) -> Iterator[_Scored]:
    for result in model.score_variant(interval, variant, organism=organism):
        scorer = result.uns["variant_scorer"]
        columns = [result.obs[key] for key in _ROW_KEYS if key in result.obs]
        yield _Scored(
            name=str(scorer),
            signed=bool(scorer.is_signed),
            tracks=result.var,
            rows=list(zip(*columns, strict=True)) if columns else [()] * result.n_obs,
            values=np.asarray(result.X),
        )


def _changes(
    model: DnaModel, interval: Interval, variant: Variant, organism: Organism
) -> Iterator[_Scored]:
    """The measures that people see; of the same prediction as a job's, so the same numbers."""
    metadata = model.output_metadata(organism)
    parts = model.iter_alleles(
        interval,
        [variant],
        organism=organism,
        requested_outputs=[kind for kind in OUTPUTS if _has_tracks(metadata.get(kind))],
        ontology_terms=None,
        # As scores: bases of REF that are not those of the genome give a warning.
        strict=False,
    )
    for kind, reference, alternate in parts:
        found = changes_of(kind, reference, alternate, interval=interval, variants=[variant])
        yield _Scored(
            name=background_name(kind.name, found.measure),
            signed=True,
            tracks=found.tracks,
            rows=[()],
            values=found.numbers()[None].astype(np.float32),
        )


def _has_tracks(metadata: pd.DataFrame | None) -> bool:
    return metadata is not None and len(metadata) > 0


def _difference(one: _Scored, other: _Scored) -> Float32[np.ndarray, "R T"]:
    """Numbers of the rows that both have; a gene may leave a shifted window."""
    first, second = ({row: n for n, row in enumerate(found.rows)} for found in (one, other))
    both = [row for row in first if row in second]
    difference: np.ndarray = (
        one.values[[first[row] for row in both]] - other.values[[second[row] for row in both]]
    )
    return difference
