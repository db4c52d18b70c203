"""The variants of a file, scored into one long table.

The work is done in chunks of a few variants. Each finished chunk is a part beside the table, so
that memory does not grow with the file and an interrupted run goes on where it stopped; at the
end the parts become the table, which appears whole or not at all.
"""

import contextlib
import csv
import hashlib
import itertools
import json
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from alphagenome.data.genome import Interval
from alphagenome.models.dna_model import DnaModel, Organism
from alphagenome.models.variant_scorers import VariantScorerTypes

from predictor import errors
from predictor.engines import registry
from predictor.engines.request import check_places, check_window
from predictor.engines.table_file import appearing, writer
from predictor.genome.reference import Reference
from predictor.genome.variant_file import VariantRecord, checked_record, read_records
from predictor.progress import Progress
from predictor.scoring.checks import check_variant_scorers
from predictor.scoring.long_table import SCHEMA, ScoredRecord, long_table
from predictor.scoring.naming import parse_variant_scorers
from predictor.tracks.output_types import parse_organism

_CHUNK = 20
_MOST_SENTENCES = 20


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What became of the variants of a file.

    Attributes:
      variants: how many there are.
      scored: how many of them are in the table.
      problems: the file that says why the others are not; None if all are.
    """

    variants: int
    scored: int
    problems: Path | None


@dataclass(frozen=True, kw_only=True)
class _Request:
    """What is asked for; parts of another request are of no use."""

    engine: str
    weights: str
    vcf_sha256: str
    scorers: tuple[str, ...]
    organism: str
    window: int
    stitch: bool
    align_all: bool


def score(
    *,
    engine: str,
    vcf: Path,
    scorers: str | None,
    organism: str,
    window: int | None,
    stitch: bool = False,
    align_all: bool = False,
    out: Path,
) -> Summary:
    """Scores every variant of a file in a window of its own, centred on it.

    What cannot be scored is told on standard error, kept in a file beside the table, and does
    not stop the others.

    Args:
      engine: its name.
      vcf: a VCF, or any text with one variant a line; plain or gzipped.
      scorers: names or settings between commas; None for the recommended ones.
      organism: human or mouse.
      window: bp; the engine's usual one where not given.
      stitch: see `ScoringModel.variant_run`; such scores have no quantiles.
      align_all: likewise.
      out: the table; .parquet, .csv or .tsv.

    Raises:
      AllelensError: any of the kinds of input error, each with its sentence. Also if no variant
        can be scored; a table that is there already then stays as it is.
    """
    write = writer(out, SCHEMA)
    found = registry.installed_engine(engine)
    chosen = parse_organism(organism)
    wanted = parse_variant_scorers(scorers) if scorers is not None else []
    check_variant_scorers(wanted, chosen)
    width = found.default_window if window is None else window
    check_window(width, found.windows, engine=engine)
    reference = registry.open_reference(found, chosen)
    total = sum(1 for _ in read_records(vcf, reference.names))
    if not total:
        raise errors.InvalidVariantError(
            f"{vcf.name} holds no variant; expected lines of a VCF, or one variant a line."
        )
    parts = _Parts(
        out.with_name(f".{out.name}.parts"),
        _Request(
            engine=engine,
            weights=registry.describe_engine(engine).weights_digest or "",
            vcf_sha256=hashlib.sha256(vcf.read_bytes()).hexdigest(),
            scorers=tuple(map(str, wanted)),
            organism=chosen.name,
            window=width,
            stitch=stitch,
            align_all=align_all,
        ),
    )
    # Only now, when nothing can be wrong with the request any more: it takes seconds.
    switches = {name: True for name, on in {"stitch": stitch, "align_all": align_all}.items() if on}
    model = (
        registry.open_network(engine, "scores that are stitched or aligned by choice")
        if switches
        else registry.open_engine(engine)
    )
    run = _Run(model, reference, wanted, chosen, width, switches)
    with Progress(total, "variants") as progress:
        told = _Told(progress)
        chunks = _chunks(read_records(vcf, reference.names))
        for number, records in enumerate(chunks):
            if not parts.has(number):
                parts.write(number, *run.score(records, told))
            progress.advance(len(records))
    count = -(-total // _CHUNK)
    problems = parts.problems(count)
    beside = out.with_name(f"{out.name}.problems.tsv")
    if len(problems) < total:
        write(parts.tables(count))
    beside.unlink(missing_ok=True)
    if problems:
        _write_problems(beside, problems)
    parts.remove()
    if len(problems) == total:
        raise errors.InvalidScoringRequestError(
            f"None of the variants of {vcf.name} can be scored, so no table was written; why is "
            f"in {beside}."
        )
    return Summary(
        variants=total,
        scored=total - len(problems),
        problems=beside if problems else None,
    )


class _Told:
    """Sentences for the person who waits: the first of them, each once."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._said: set[str] = set()

    def __call__(self, sentence: str) -> None:
        if sentence in self._said or len(self._said) > _MOST_SENTENCES:
            return
        self._said.add(sentence)
        last = len(self._said) > _MOST_SENTENCES
        self._progress.say("More of this kind is not shown." if last else sentence)


class _Run:
    """Scores chunks of records with one engine."""

    def __init__(
        self,
        model: DnaModel,
        reference: Reference,
        scorers: Sequence[VariantScorerTypes],
        organism: Organism,
        window: int,
        switches: Mapping[str, bool],
    ):
        self._model = model
        self._reference = reference
        self._scorers = scorers
        self._organism = organism
        self._window = window
        self._switches = switches

    def score(
        self, records: Sequence[VariantRecord], tell: Callable[[str], None]
    ) -> tuple[pa.Table, list[VariantRecord]]:
        """The table of a chunk, and its records that could not be scored."""
        checked = [self._checked(record) for record in records]
        good = [record for record in checked if not record.problem]
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            results = self._results(good)
        problems = [record for record in checked if record.problem]
        scored = []
        for record, found in zip(good, results, strict=True):
            if isinstance(found, str):
                problems.append(_with_problem(record, found))
            else:
                scored.append(found)
        problems.sort(key=lambda record: record.line)
        for sentence in [str(warning.message) for warning in caught]:
            tell(sentence)
        for record in problems:
            tell(f"Line {record.line}: {record.problem}")
        return long_table(scored), problems

    def _checked(self, record: VariantRecord) -> VariantRecord:
        checked = checked_record(record, self._reference)
        if checked.variant is None:
            return checked
        try:
            check_places(self._interval(checked), [checked.variant])
        except errors.AllelensError as error:
            return _with_problem(checked, error.message)
        return checked

    def _results(self, records: Sequence[VariantRecord]) -> list[ScoredRecord | str]:
        """For each record its results, or the sentence that says why there are none."""
        # An error is of one variant; then each is tried by itself.
        with contextlib.suppress(errors.AllelensError):
            return list(self._scored(records))
        found: list[ScoredRecord | str] = []
        for record in records:
            try:
                found += self._scored([record])
            except errors.AllelensError as error:
                found.append(error.message)
        return found

    def _scored(self, records: Sequence[VariantRecord]) -> Iterator[ScoredRecord]:
        results = self._model.score_variants(
            [self._interval(record) for record in records],
            [record.variant for record in records],
            self._scorers,
            organism=self._organism,
            progress_bar=False,
            **self._switches,
        )
        for record, one in zip(records, results, strict=True):
            yield ScoredRecord(record.name, record.line, one)

    def _interval(self, record: VariantRecord) -> Interval:
        assert record.variant is not None, "only records with a variant are scored"
        interval: Interval = record.variant.reference_interval.resize(self._window)
        return interval


class _Parts:
    """The folder of an unfinished run; that of another request is thrown away."""

    def __init__(self, folder: Path, request: _Request):
        self._folder = folder
        asked = json.dumps(asdict(request), indent=1)
        stored = folder / "request.json"
        if not stored.exists() or stored.read_text() != asked:
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            stored.write_text(asked)

    def has(self, number: int) -> bool:
        return self._table(number).exists()

    def write(self, number: int, table: pa.Table, problems: Sequence[VariantRecord]) -> None:
        rows = [[record.line, record.text, record.name, record.problem] for record in problems]
        self._problems(number).write_text(json.dumps(rows))
        temporary = self._folder / "new.parquet"
        pq.write_table(table, temporary, compression="zstd")
        temporary.replace(self._table(number))

    def tables(self, count: int) -> Iterator[pa.Table]:
        for number in range(count):
            yield pq.read_table(self._table(number), schema=SCHEMA)

    def problems(self, count: int) -> list[list[str | int]]:
        """Rows of line, text, ID and sentence."""
        found = (json.loads(self._problems(number).read_text()) for number in range(count))
        return list(itertools.chain.from_iterable(found))

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def _table(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}.parquet"

    def _problems(self, number: int) -> Path:
        return self._folder / f"part-{number:06d}.json"


def _chunks(records: Iterator[VariantRecord]) -> Iterator[list[VariantRecord]]:
    while chunk := list(itertools.islice(records, _CHUNK)):
        yield chunk


def _with_problem(record: VariantRecord, problem: str) -> VariantRecord:
    return VariantRecord(line=record.line, text=record.text, name=record.name, problem=problem)


def _write_problems(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    with appearing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.writer(file, "excel-tab", lineterminator="\n")
        writer.writerows([("line", "variant", "id", "problem"), *rows])
