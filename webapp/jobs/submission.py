"""Checks what a person asked for and plans it. Nothing is stored here, and JAX is not loaded.

Everything that can be wrong with the input is found now, with one sentence and the field it
belongs to (`variants[0]`), not minutes later in a worker.
"""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alphagenome.data.genome import Interval, Variant
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from django.conf import settings

from predictor import errors
from predictor.engines.registry import EngineDescription, describe_engine, fasta_path
from predictor.genome.reference import Reference
from predictor.genome.sequences import ordered_variants
from predictor.genome.variant import check_variant, parse_variant
from predictor.scoring.checks import check_interval_site
from predictor.simulator.readouts import TRACKS_SHA256
from predictor.tracks.catalogue import Catalogue, catalogue
from predictor.tracks.output_types import parse_organism, parse_output_types
from webapp.jobs.chunk_plan import interval_json, plan_chunk
from webapp.jobs.memory import engine_memory
from webapp.jobs.plan import JobPlan
from webapp.jobs.states import PartSource

# The order in which parts are computed and arrive: what people look at first comes first.
_ARRIVAL = (
    *(OutputType.DNASE, OutputType.RNA_SEQ, OutputType.CHIP_HISTONE, OutputType.ATAC),
    *(OutputType.CAGE, OutputType.PROCAP, OutputType.CHIP_TF, OutputType.SPLICE_SITES),
    *(OutputType.SPLICE_SITE_USAGE, OutputType.SPLICE_JUNCTIONS, OutputType.CONTACT_MAPS),
)

_MOST_WARNINGS = 10


class TooManyVariants(errors.AllelensError):
    """More variants than one job takes."""

    code = "too_many_variants"


class NothingToPredict(errors.AllelensError):
    """Neither a variant nor an interval was given, or no output type."""

    code = "nothing_to_predict"


class NoTruth(errors.AllelensError):
    """The truth was asked for where nobody knows it."""

    code = "no_truth"


@dataclass(frozen=True, kw_only=True)
class JobRequest:
    """What a person asked for, as it came.

    Attributes:
      variants: texts in any usual spelling; none for a prediction of REF alone.
      combine: all variants lie on one ALT haplotype.
      window: bp given to the model; None for the interval's width, or the engine's usual one (a
        shorter one where that does not fit into memory).
      interval: (chromosome, start, end) of the window, 0-based half-open; None to centre it on
        each variant.
      output_types: names in the SDK; None for all that the cell types have.
      ontology_curies: cell types; None for all.
      truth: also the simulator's truth of the same windows.
    """

    engine: str
    organism: str
    variants: tuple[str, ...] = ()
    combine: bool = False
    window: int | None = None
    interval: tuple[str, int, int] | None = None
    output_types: tuple[str, ...] | None = None
    ontology_curies: tuple[str, ...] | None = None
    truth: bool = False


@contextmanager
def _about(field: str) -> Iterator[None]:
    """Names the input field in errors that pass through."""
    try:
        yield
    except errors.AllelensError as error:
        error.field = error.field or field
        raise


def plan_job(request: JobRequest) -> JobPlan:
    """Checks a request and cuts it into chunks.

    Raises:
      AllelensError: one of its kinds, with the field it belongs to.
    """
    with _about("engine"):
        engine = describe_engine(request.engine)
        if not engine.installed or engine.weights_digest is None:
            raise errors.EngineNotInstalledError(
                f"{engine.problem} To install it, run: {engine.install_command}"
            )
    with _about("organism"):
        organism = parse_organism(request.organism)
        reference = _reference(engine, organism)
    if request.truth and not engine.engine.invented:
        raise NoTruth(
            f"What is true of {reference.assembly} is not known: only the invented genome has a "
            "simulator. Ask without the truth.",
            field="truth",
        )
    tracks = catalogue(request.engine)
    curies = _check_curies(tracks, organism, request.ontology_curies)
    output_types = _check_output_types(tracks, organism, request.output_types, curies)
    with _about("variants"):
        variants = _check_variants(request, reference)
    window, intervals = _windows(request, engine, reference, variants)
    haplotypes = _haplotypes(request, variants)
    # The truth is named by its rules, so that it outlives an exchange of the weights.
    sources = {PartSource.PREDICTION: (request.engine, engine.weights_digest)}
    if request.truth:
        sources[PartSource.TRUTH] = ("simulator", TRACKS_SHA256[organism])
    digest = reference.digest
    chunks = tuple(
        plan_chunk(
            interval,
            haplotype,
            tracks=tracks,
            organism=organism,
            output_types=output_types,
            curies=curies,
            sources=sources,
            identity={
                "assembly": reference.assembly,
                "fasta_digest": digest,
                "organism": request.organism,
            },
        )
        for interval, haplotype in zip(intervals, haplotypes, strict=True)
    )
    return JobPlan(
        engine=request.engine,
        weights_digest=engine.weights_digest,
        organism=request.organism,
        assembly=reference.assembly,
        window=window,
        request={
            "engine": request.engine,
            "organism": request.organism,
            "variants": [str(variant) for variant in variants],
            "combine": request.combine,
            "window": window,
            "interval": interval_json(intervals[0]) if request.interval else None,
            "output_types": [output_type.name for output_type in output_types],
            "ontology_curies": list(curies) if curies is not None else None,
            "truth": request.truth,
            "warnings": _warnings(intervals, reference),
        },
        chunks=chunks,
    )


def _warnings(intervals: list[Interval], reference: Reference) -> list[str]:
    """What is unusual, one sentence each: windows that reach beyond their chromosome."""
    found = [text for interval in intervals for text in check_interval_site(interval, reference)]
    found = list(dict.fromkeys(found))
    more = len(found) - _MOST_WARNINGS
    return [*found[:_MOST_WARNINGS], f"The same is true of {more:,} more."] if more > 0 else found


def open_reference(assembly: str) -> Reference:
    """The genome of an assembly, opened once per process and file.

    Raises:
      GenomeMissingError: it is not installed.
    """
    path = fasta_path(assembly)
    try:
        modified = path.stat().st_mtime_ns
    except OSError as error:
        raise errors.GenomeMissingError(
            f"The genome {assembly} is not installed (looked for {path})."
        ) from error
    return _opened(path, assembly, modified)


@functools.lru_cache(maxsize=8)
def _opened(path: Path, assembly: str, modified: int) -> Reference:
    del modified  # Only tells a new file from an old one.
    return Reference(path, assembly=assembly)


def _reference(engine: EngineDescription, organism: Organism) -> Reference:
    assembly = engine.engine.assemblies.get(organism)
    if assembly is None:
        raise errors.UnsupportedOrganismError(
            f"The engine {engine.name} has no genome for this organism."
        )
    return open_reference(assembly)


def _check_curies(
    tracks: Catalogue, organism: Organism, curies: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    if curies is None:
        return None
    checked: list[str] = []
    for index, curie in enumerate(curies):
        with _about(f"ontology_curies[{index}]"):
            checked.extend(tracks.check_terms(organism, [curie]) or ())
    if not checked:
        raise NothingToPredict(
            "No cell type was chosen; give at least one, or null for all.", field="ontology_curies"
        )
    return tuple(dict.fromkeys(checked))


def _check_output_types(
    tracks: Catalogue,
    organism: Organism,
    names: tuple[str, ...] | None,
    curies: tuple[str, ...] | None,
) -> list[OutputType]:
    if names is None:
        names = tuple(
            kind.name
            for kind in tracks.output_types(organism)
            if len(tracks.table(organism, kind).select(curies))
        )
    found: list[OutputType] = []
    for index, name in enumerate(names):
        with _about(f"output_types[{index}]"):
            kinds = parse_output_types([name])
            tracks.check_request(organism, kinds, curies)
            found.extend(kinds)
    if not found:
        raise NothingToPredict(
            "No output type was chosen; choose at least one.", field="output_types"
        )
    return [kind for kind in _ARRIVAL if kind in found]


def _check_variants(request: JobRequest, reference: Reference) -> list[Variant]:
    limit = settings.JOB_MAX_VARIANTS
    if len(request.variants) > limit:
        raise TooManyVariants(
            f"There are {len(request.variants):,} variants; one job takes at most {limit:,}. "
            "Split the list."
        )
    variants = []
    for index, text in enumerate(request.variants):
        with _about(f"variants[{index}]"):
            variants.append(check_variant(parse_variant(text, reference.names), reference))
    return ordered_variants(variants) if request.combine else variants


def _haplotypes(request: JobRequest, variants: list[Variant]) -> list[list[Variant]]:
    if not variants:
        return [[]]
    return [variants] if request.combine else [[variant] for variant in variants]


def _windows(
    request: JobRequest,
    engine: EngineDescription,
    reference: Reference,
    variants: list[Variant],
) -> tuple[int, list[Interval]]:
    """The window's length, and the interval of each chunk."""
    haplotypes = _haplotypes(request, variants)
    if request.interval is not None:
        window = _check_window(request, engine, request.interval[2] - request.interval[1])
        with _about("interval"):
            interval = _check_interval(request.interval, reference)
        intervals = [interval] * len(haplotypes)
    else:
        window = _check_window(request, engine, None)
        if not variants:
            raise NothingToPredict(
                "Neither a variant nor an interval was given; give one of them.", field="variants"
            )
        intervals = [_centred(haplotype, window) for haplotype in haplotypes]
    for number, (interval, haplotype) in enumerate(zip(intervals, haplotypes, strict=True)):
        for index, variant in enumerate(haplotype):
            with _about(f"variants[{index if request.combine else number}]"):
                _check_fits(variant, interval)
    return window, intervals


def _check_window(request: JobRequest, engine: EngineDescription, width: int | None) -> int:
    window = request.window or width or engine_memory(engine.engine).window
    field = "interval" if request.window is None else "window"
    lengths = engine.engine.windows
    listed = ", ".join(f"{length:,}" for length in lengths[:-1]) + f" or {lengths[-1]:,}"
    if window not in lengths:
        raise errors.UnsupportedWindowError(
            f"The window is {window:,} bp long; the engine {engine.name} takes {listed} bp.",
            field=field,
        )
    if width is not None and width != window:
        raise errors.UnsupportedWindowError(
            f"The interval is {width:,} bp long, but the window {window:,} bp; "
            "make them equal or leave the window out.",
            field=field,
        )
    return window


def _check_interval(given: tuple[str, int, int], reference: Reference) -> Interval:
    chromosome = reference.names.resolve(given[0])
    interval = Interval(chromosome, given[1], given[2])
    size = reference.chromosome_sizes[chromosome]
    if interval.start >= size or interval.end <= 0:
        raise errors.PositionOutsideChromosomeError(
            f"{chromosome}:{interval.start + 1:,}-{interval.end:,} lies outside {chromosome}, "
            f"which has {size:,} bp in {reference.assembly}."
        )
    return interval


def _centred(variants: list[Variant], window: int) -> Interval:
    """The window with the variants in its middle; it may reach beyond the chromosome."""
    span = variants[0].reference_interval
    span.end = max(variant.reference_interval.end for variant in variants)
    interval = span.resize(window)
    interval.strand = "."
    return interval


def _check_fits(variant: Variant, interval: Interval) -> None:
    inserted = len(variant.alternate_bases) - len(variant.reference_bases)
    if inserted >= interval.width:
        raise errors.InsertionTooLongError(
            f"{variant.as_truncated_str(24)} inserts {inserted:,} bases, more than fit into the "
            f"window of {interval.width:,} bp; choose a longer window or a shorter insertion."
        )
    if variant.chromosome != interval.chromosome or not (
        interval.start <= variant.start < interval.end
    ):
        raise errors.VariantOutsideIntervalError(
            f"{variant.as_truncated_str(24)} lies outside the window "
            f"{interval.chromosome}:{interval.start + 1:,}-{interval.end:,}; choose a window "
            "that holds it, or predict the variants one by one."
        )
