"""What of an assembly was installed, from where, and when: `sources.json` in its folder."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from predictor.genome.download import publish, sha256

FILE_NAME = "sources.json"


@dataclass(frozen=True)
class SourceFile:
    """A file that was fetched or given.

    Attributes:
      name: without folders.
      address: URL or path.
      size: bytes.
      sha256: in hexadecimal, as first seen or as given.
      date: when, ISO 8601 in UTC.
    """

    name: str
    address: str
    size: int
    sha256: str
    date: str


@dataclass(frozen=True)
class StoredFile:
    """A file in the folder of the assembly, made of its sources."""

    name: str
    size: int
    sha256: str

    @classmethod
    def of(cls, path: Path, *, name: str | None = None) -> "StoredFile":
        """Reads a file that lies at `path` and is, or will be, called `name`."""
        return cls(name or path.name, path.stat().st_size, sha256(path))


@dataclass(frozen=True)
class InstalledPiece:
    """One piece of an assembly: its sequence, its genes, ..."""

    sources: tuple[SourceFile, ...]
    files: tuple[StoredFile, ...]

    def damaged(self, folder: Path) -> list[str]:
        """Names of files that are gone or are not as they were installed; reads all of them."""
        return [
            file.name
            for file in self.files
            if not (folder / file.name).is_file() or StoredFile.of(folder / file.name) != file
        ]


@dataclass(frozen=True)
class InstallRecord:
    """All pieces of an assembly, by name."""

    pieces: Mapping[str, InstalledPiece] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "InstallRecord":
        """The record in a folder; an empty one where there is none that can be read."""
        try:
            found = json.loads((folder / FILE_NAME).read_text())
            return cls({name: _piece(piece) for name, piece in found["pieces"].items()})
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return cls()

    def source(self, name: str) -> SourceFile | None:
        """The source of that name, of whichever piece."""
        sources = (source for piece in self.pieces.values() for source in piece.sources)
        return next((source for source in sources if source.name == name), None)

    def with_pieces(self, pieces: Mapping[str, InstalledPiece]) -> "InstallRecord":
        """This record with some pieces replaced."""
        return InstallRecord({**self.pieces, **pieces})

    def write(self, folder: Path) -> None:
        """Replaces the record in a folder."""
        written = folder / f"{FILE_NAME}.new"
        pieces = {name: asdict(piece) for name, piece in self.pieces.items()}
        written.write_text(json.dumps({"pieces": pieces}, indent=2) + "\n")
        publish(written, folder / FILE_NAME)


def _piece(found: Mapping[str, Iterable[Mapping[str, Any]]]) -> InstalledPiece:
    return InstalledPiece(
        sources=tuple(SourceFile(**source) for source in found["sources"]),
        files=tuple(StoredFile(**file) for file in found["files"]),
    )
