"""What of an assembly is to be installed, and where its files come from."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from predictor import errors
from predictor.genome import fasta_file
from predictor.genome.download import is_address
from predictor.genome.reference_files import (
    BASE_ADDRESS,
    GENES,
    PIECES,
    SEQUENCE,
    PublishedAssembly,
)

_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a person asked for.

    Attributes:
      assembly: `hg38` or `mm10`.
      mirror: where the published files lie: an address, or a folder; both with the published
        relative paths, a folder also with all files side by side. It may be one FASTA or
        annotation file too.
      fasta: path or address of a FASTA file that takes the place of the published sequence.
      annotation: path or address of a GTF or GFF3 file in the place of the published genes.
      only: pieces; where empty, the files given, or else everything.
      sha256: expected SHA-256 in hexadecimal by name of the file.
    """

    assembly: str
    mirror: str = BASE_ADDRESS
    fasta: str = ""
    annotation: str = ""
    only: Sequence[str] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Source:
    """A file to be fetched.

    Attributes:
      address: URL or path.
      published: it is one of the published files, wherever it lies.
    """

    address: str
    published: bool

    @property
    def local(self) -> bool:
        """It lies on this machine."""
        return not is_address(self.address)

    @property
    def name(self) -> str:
        """Name of the file, without folders."""
        path = self.address if self.local else unquote(urlsplit(self.address).path)
        return Path(path).name


def plan_sources(request: Request, assembly: PublishedAssembly) -> dict[str, tuple[Source, ...]]:
    """Where the files of each piece come from, in the order of `PIECES`.

    Raises:
      InstallationError: there is no such piece or file, or the wishes contradict each other.
    """
    given = {SEQUENCE: request.fasta, GENES: request.annotation}
    mirror = request.mirror
    if not is_address(mirror) and Path(mirror).is_file():
        given[_kind_of_file(Path(mirror))] = mirror
        mirror = BASE_ADDRESS
    own = {piece: _own_source(address) for piece, address in given.items() if address}
    pieces = _pieces(request, assembly, list(own), mirror)
    return {
        piece: (own[piece],)
        if piece in own
        else tuple(_published_source(mirror, path, piece) for path in assembly.files[piece])
        for piece in pieces
    }


def _pieces(
    request: Request, assembly: PublishedAssembly, own: Sequence[str], mirror: str
) -> list[str]:
    if unknown := [piece for piece in request.only if piece not in PIECES]:
        raise errors.InstallationError(
            f'There is no piece "{unknown[0]}" of a genome; the pieces are {listed(PIECES)}.'
        )
    if lacking := [piece for piece in request.only if piece not in assembly.files]:
        raise errors.InstallationError(
            f"{assembly.name} has no {lacking[0]}; it has {listed(list(assembly.files))}."
        )
    if left_out := [piece for piece in own if request.only and piece not in request.only]:
        raise errors.InstallationError(
            f"A file is given for the {left_out[0]}, but --only leaves that piece out; add it to "
            "--only, or leave the file away."
        )
    only_own = own and mirror == BASE_ADDRESS
    wanted = request.only or (own if only_own else list(assembly.files))
    return [piece for piece in PIECES if piece in wanted]


def _own_source(address: str) -> Source:
    if not is_address(address) and not Path(address).is_file():
        raise errors.InstallationError(f"There is no file {address}; check the path.")
    return Source(_absolute(address), published=False)


def _published_source(mirror: str, path: str, piece: str) -> Source:
    if is_address(mirror):
        return Source(f"{mirror.rstrip('/')}/{path}", published=True)
    folder = Path(mirror)
    if not folder.is_dir():
        raise errors.InstallationError(
            f"There is no folder or file {mirror}; --from takes an address or a path."
        )
    name = Path(path).name
    places = [folder / place for place in (path, f"{path}.gz", name, f"{name}.gz")]
    found = next((place for place in places if place.is_file()), None)
    if found is None:
        others = listed([other for other in PIECES if other != piece])
        raise errors.InstallationError(
            f"The folder {mirror} lacks {path}, the {piece}; put it there, or choose other pieces "
            f"with --only ({others})."
        )
    return Source(_absolute(str(found)), published=True)


def _absolute(address: str) -> str:
    return address if is_address(address) else str(Path(address).expanduser().resolve())


def _kind_of_file(path: Path) -> str:
    """Whether one file named by --from is a sequence or an annotation."""
    return SEQUENCE if fasta_file.looks_like_fasta(path) else GENES


def read_checksums(texts: Sequence[str]) -> dict[str, str]:
    """Reads `FILE=HEX` as given on the command line.

    Raises:
      InstallationError: there is no `=`.
    """
    found = {}
    for text in texts:
        name, separator, digest = text.rpartition("=")
        if not separator:
            raise errors.InstallationError(
                f'"{text}" is not FILE=HEX, such as genome.fa=9f86d0...; write the name of the '
                "file, =, and its SHA-256."
            )
        found[name] = digest
    return found


def given_checksums(request: Request, sources: Mapping[str, Sequence[Source]]) -> dict[str, str]:
    """The SHA-256 that a person gave, by name of the file.

    Raises:
      InstallationError: one is none, or is of a file that is not to be installed.
    """
    names = [source.name for found in sources.values() for source in found]
    for name, digest in request.sha256.items():
        if name not in names:
            raise errors.InstallationError(
                f"A SHA-256 is given for {name}, which is not to be installed; the files are "
                f"{listed(names)}."
            )
        if not _SHA256.fullmatch(digest.lower()):
            raise errors.InstallationError(
                f'"{digest}" is no SHA-256 of {name}; it has 64 digits, 0 to 9 and a to f.'
            )
    return {name: digest.lower() for name, digest in request.sha256.items()}


def listed(words: Sequence[str]) -> str:
    """`a, b and c`; at least one word."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
