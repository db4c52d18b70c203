"""Installs an assembly: fetches its files, checks that they fit, and puts them in place together.

Everything is made in `home()/genomes/NAME/.install/` first. Only when all pieces are whole and
belong together do they get their final names, so that a failure leaves what was installed before.
"""

import contextlib
import fcntl
import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from predictor import errors
from predictor.genome import download, fasta_file
from predictor.genome.download import Patience, Report
from predictor.genome.install_pieces import STORED_SEQUENCE, Fetched, Workshop
from predictor.genome.install_plan import (
    Request,
    Source,
    given_checksums,
    listed,
    plan_sources,
)
from predictor.genome.install_record import (
    InstalledPiece,
    InstallRecord,
    SourceFile,
    StoredFile,
)
from predictor.genome.reference_files import SEQUENCE, published_assembly
from predictor.home import genome_folder
from predictor.weights import disk

_STAGING = ".install"


def install(request: Request, report: Report, *, patience: Patience | None = None) -> None:
    """Installs an assembly, or the pieces of it that were asked for.

    What is installed already is verified and left alone. After an interruption the same request
    goes on where it stopped.

    Raises:
      AllelensError: one sentence; what was installed before is still there and unchanged.
    """
    assembly = published_assembly(request.assembly)
    sources = plan_sources(request, assembly)
    folder = genome_folder(assembly.name)
    staging = folder / _STAGING
    with _locked(staging, assembly.name):
        record = InstallRecord.read(folder)
        expected = _Expected(given=given_checksums(request, sources), record=record)
        missing = {
            piece: found
            for piece, found in sources.items()
            if not _already_installed(piece, found, record, folder, expected, report)
        }
        if not missing:
            report.say(f"Nothing is left to do; {assembly.name} is in {folder}.")
            return
        # The sequence is by far the largest; whatever is wrong with the others shows before it.
        fetched = {
            piece: tuple(
                _fetch(source, staging, expected, report, patience) for source in missing[piece]
            )
            for piece in sorted(missing, key=lambda piece: piece == SEQUENCE)
        }
        with disk.told_when_full(folder), _empty_folder(staging / "made") as workplace:
            made = Workshop(assembly, folder, workplace, report).make(fetched)
            _put_in_place(made, fetched, folder, record)
        for piece in fetched.values():
            _forget(piece)
    report.say(f"Installed the {listed(list(missing))} of {assembly.name} in {folder}.")


# What is there already


@dataclass(frozen=True)
class _Expected:
    """Which SHA-256 a source must have."""

    given: Mapping[str, str]
    record: InstallRecord

    def of(self, source: Source) -> tuple[str, str]:
        """The SHA-256 and where it comes from; both empty for a file never seen."""
        if source.name in self.given:
            return self.given[source.name], "given"
        known = self.record.source(source.name) if source.published else None
        return (known.sha256, f"recorded on {known.date[:10]}") if known else ("", "")


def _already_installed(
    piece: str,
    sources: Sequence[Source],
    record: InstallRecord,
    folder: Path,
    expected: _Expected,
    report: Report,
) -> bool:
    installed = record.pieces.get(piece)
    if installed is None or not _same(sources, installed.sources, expected):
        return False
    if damaged := installed.damaged(folder):
        report.say(f"{piece}: {listed(damaged)} changed after the installation; made anew.")
        return False
    report.say(
        f"{piece}: already installed on {installed.sources[0].date[:10]}; "
        f"the SHA-256 of {listed([file.name for file in installed.files])} is as recorded."
    )
    return True


def _same(sources: Sequence[Source], installed: Sequence[SourceFile], expected: _Expected) -> bool:
    if [source.name for source in sources] != [source.name for source in installed]:
        return False
    return all(
        _expected_digest(source, expected) in ("", there.sha256)
        and (source.published or source.address == there.address)
        for source, there in zip(sources, installed, strict=True)
    )


def _expected_digest(source: Source, expected: _Expected) -> str:
    digest, _ = expected.of(source)
    if not digest and source.local and not source.published:
        return download.sha256(Path(source.address))  # The person's own file may have changed.
    return digest


# Fetching


def _fetch(
    source: Source,
    staging: Path,
    expected: _Expected,
    report: Report,
    patience: Patience | None,
) -> Fetched:
    path = Path(source.address)
    if not source.local:
        # One folder an address, so that a part never continues another server's file.
        key = hashlib.sha256(source.address.encode()).hexdigest()[:12]
        path = staging / "downloads" / key / source.name
        if not path.exists():
            report.say(f"{source.name}: from {source.address}")
            download.fetch(source.address, path, report=report, patience=patience)
    digest, size = download.sha256(path), path.stat().st_size
    wanted, origin = expected.of(source)
    if wanted and wanted != digest:
        raise _wrong_checksum(source, path, digest, wanted, origin)
    report.say(
        f"{source.name}: {size:,} bytes, SHA-256 {digest} "
        f"({f'as {origin}' if origin else 'first seen; recorded'})"
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Fetched(
        path, not source.local, SourceFile(source.name, source.address, size, digest, now)
    )


def _wrong_checksum(
    source: Source, path: Path, found: str, wanted: str, origin: str
) -> errors.ChecksumError:
    aside = ""
    if not source.local:
        path = path.replace(_set_aside(path))
        aside = f" and was set aside as {path}"
    advice = (
        "check the number and the address"
        if origin == "given"
        else f"if its publisher has changed it on purpose, add --sha256 {source.name}={found}"
    )
    return errors.ChecksumError(
        f"{source.name} from {source.address} has the SHA-256 {found}, not {wanted} as {origin}; "
        f"it is not used{aside}; {advice}."
    )


# Putting them in place


def _put_in_place(
    made: Mapping[str, Sequence[Path]],
    fetched: Mapping[str, Sequence[Fetched]],
    folder: Path,
    record: InstallRecord,
) -> None:
    pieces = {
        piece: InstalledPiece(
            sources=tuple(file.about for file in fetched[piece]),
            files=tuple(StoredFile.of(path) for path in paths),
        )
        for piece, paths in made.items()
    }
    if SEQUENCE in made:
        # Without an index readers make their own; with that of another sequence they would err.
        fasta_file.index_path(folder / STORED_SEQUENCE).unlink(missing_ok=True)
    for paths in made.values():
        for path in paths:
            download.publish(path, folder / path.name)
    record.with_pieces(pieces).write(folder)


def _forget(fetched: Sequence[Fetched]) -> None:
    """Deletes downloads of which everything is in place, and what was once set aside for them."""
    for file in fetched:
        if file.ours:
            file.path.unlink(missing_ok=True)
            _set_aside(file.path).unlink(missing_ok=True)


def _set_aside(path: Path) -> Path:
    return path.with_name(path.name + ".wrong")


@contextlib.contextmanager
def _empty_folder(folder: Path) -> Iterator[Path]:
    """A folder for work, gone afterwards; what a killed command has left there goes first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _locked(staging: Path, assembly: str) -> Iterator[None]:
    """Keeps two installations of one assembly apart; leaves no empty folder behind."""
    staging.mkdir(parents=True, exist_ok=True)
    lock = staging / "lock"
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise errors.InstallationError(
                f"Another command is installing {assembly}; wait until it has ended."
            ) from error
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)
            _remove_empty(staging)


def _remove_empty(staging: Path) -> None:
    downloads = staging / "downloads"
    folders = list(downloads.iterdir()) if downloads.is_dir() else []
    for folder in [*folders, downloads, staging, staging.parent]:
        with contextlib.suppress(OSError):  # What holds something stays.
            folder.rmdir()
