"""The track metadata of an official release as rows of `tracks.json`. Never loads JAX.

A release describes its tracks in one text-format protocol buffer per organism, the SDK's message
`MetadataResponse`. The files come with the official package `alphagenome_research`, not with the
weights. The order of their rows is the order of the outputs of the heads, padding included. The
SDK turns each table into a data frame; what is added here is what `catalogue.py` asks for.

Source: spec/model.md 11, spec/scoring.md 1.5 and 3.
"""

import importlib.util
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from alphagenome.models import junction_data_utils, track_data_utils
from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputType
from alphagenome.protos import dna_model_service_pb2
from google.protobuf import text_format

from predictor.errors import AllelensError
from predictor.home import home
from predictor.tracks import strand
from predictor.tracks.output_types import ORGANISM_NAMES, OUTPUTS, organism_name

Rows = list[dict[str, Any]]
Tracks = dict[str, dict[str, Rows]]
"""Organism name -> output type name -> rows in head order, as in `tracks.json`."""

FILE_NAMES = {
    organism: f"OutputMetadataResponse_ORGANISM_{organism.name}.textproto" for organism in Organism
}
"""What the release calls the file of each organism."""

_PACKAGE = "alphagenome_research"
_IN_PACKAGE = Path("model", "metadata")
_PLACES = (
    Path(),
    Path("metadata"),
    Path(_PACKAGE) / _IN_PACKAGE,
    Path(_PACKAGE, "src", _PACKAGE) / _IN_PACKAGE,
)
_ORIGIN = (
    "They come with the official package, not with the weights: install it (python -m pip install "
    f"--no-deps git+https://github.com/google-deepmind/{_PACKAGE}) or give both files with "
    "--metadata"
)

# The base coordinates of the two strands of DNase-seq are offset by one (spec/scoring.md 3).
_REVERSE_STRAND_SHIFTS = {OutputType.DNASE: 1}
_CONVERTERS = {
    "tracks": track_data_utils.metadata_from_proto,
    "junctions": junction_data_utils.metadata_from_proto,
}


class MetadataNotFoundError(AllelensError):
    """The files that describe the tracks of a release are not there."""

    code = "track_metadata_missing"


class InvalidMetadataError(AllelensError):
    """A file that should describe the tracks of a release cannot be read as one."""

    code = "invalid_track_metadata"


def locate(given: Sequence[str], *, checkpoint: Path | None = None) -> dict[Organism, Path]:
    """The metadata file of each organism: those given, or those of the official package.

    Without given files they are looked for under the release's names (`FILE_NAMES`), in this
    order: in the checkpoint's folder and beside it (there also in `metadata/` and in a copy of
    the official package), in `home()/weights/metadata`, in the installed official package.

    Args:
      given: paths, each with the organism in its name (`HOMO_SAPIENS`, `human`, ...) or before it,
        as in `human=tracks.textproto`; one for each organism. None given: looked for.
      checkpoint: folder of the checkpoint, where there is one already.

    Raises:
      MetadataNotFoundError: a file is missing; says where it comes from.
      InvalidMetadataError: it cannot be told which organism a file is about.
    """
    found = _named(given) if given else _near(checkpoint)
    missing = [organism for organism in Organism if organism not in found]
    if missing and given:
        raise MetadataNotFoundError(
            f"No file of --metadata is about {_and(map(organism_name, missing))}; give one file "
            "for human and one for mouse."
        )
    if missing:
        around = f"in and beside {checkpoint}, " if checkpoint else ""
        raise MetadataNotFoundError(
            f"The track metadata was not found ({_and(FILE_NAMES[o] for o in missing)}; looked "
            f"{around}in {home() / 'weights' / 'metadata'} and in the package {_PACKAGE}). "
            f"{_ORIGIN}."
        )
    return found


def read(files: Mapping[Organism, Path]) -> Tracks:
    """The rows of both organisms, ready for `tracks.json`.

    Rows hold the SDK's columns; what a row lacks is left out, but in a table with means every
    row has `nonzero_mean`, null where there is none (padding). Junctions have one row per tissue.

    Raises:
      MetadataNotFoundError: a file is not there.
      InvalidMetadataError: a file is not such a message, or says something impossible.
    """
    return {organism.name: _tables(path) for organism, path in files.items()}


def _named(given: Sequence[str]) -> dict[Organism, Path]:
    found: dict[Organism, Path] = {}
    for text in given:
        organism, path = _organism_and_path(text)
        if organism in found:
            raise InvalidMetadataError(
                f"Both {found[organism]} and {path} are about {organism_name(organism)}; give one "
                "file for human and one for mouse."
            )
        found[organism] = path
    return found


def _organism_and_path(text: str) -> tuple[Organism, Path]:
    before, equals, after = text.partition("=")
    if equals and before.lower() in ORGANISM_NAMES:
        return ORGANISM_NAMES[before.lower()], Path(after)
    name = Path(text).name.lower()
    about = [o for o in Organism if organism_name(o) in name or o.name.lower() in name]
    if len(about) != 1:
        raise InvalidMetadataError(
            f"The name of {text} does not tell whether it is about human or mouse; write "
            f"human={text} or mouse={text}."
        )
    return about[0], Path(text)


def _near(checkpoint: Path | None) -> dict[Organism, Path]:
    bases = [] if checkpoint is None else [checkpoint, checkpoint.absolute().parent]
    folders = [base / place for base in bases for place in _PLACES]
    folders.append(home() / "weights" / "metadata")
    folders += [Path(root) / _IN_PACKAGE for root in _package_roots()]
    return {
        organism: folder / name
        for organism, name in FILE_NAMES.items()
        # Reversed, so that the first folder has the last word.
        for folder in reversed(folders)
        if (folder / name).is_file()
    }


def _package_roots() -> Iterable[str]:
    """Where the official package is installed; looks for it without importing it."""
    spec = importlib.util.find_spec(_PACKAGE)
    return () if spec is None else spec.submodule_search_locations or ()


def _tables(path: Path) -> dict[str, Rows]:
    tables: dict[str, Rows] = {}
    for table in _message(path).output_metadata:
        kind = _output_type(table, path)
        if kind.name in tables:
            raise InvalidMetadataError(f"{path} describes {kind.name} twice; expected one table.")
        tables[kind.name] = _rows(kind, table, path)
    if not tables:
        raise InvalidMetadataError(
            f"{path} describes no tracks; expected the message MetadataResponse of a release."
        )
    return tables


def _message(path: Path) -> Any:
    try:
        return text_format.Parse(path.read_text(), dna_model_service_pb2.MetadataResponse())
    except FileNotFoundError as error:
        raise MetadataNotFoundError(f"There is no file {path}; expected track metadata.") from error
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise InvalidMetadataError(
            f"{path} is not the text form of the message MetadataResponse ({error}). Is it the "
            "file of the official package, and complete?"
        ) from error


def _output_type(table: Any, path: Path) -> OutputType:
    try:
        kind = OutputType(table.output_type)
    except ValueError as error:
        raise InvalidMetadataError(
            f"{path} holds a table of the unknown output type {table.output_type}; this version "
            f"knows {', '.join(member.name for member in OUTPUTS)}."
        ) from error
    expected = "junctions" if OUTPUTS[kind].kind == "junctions" else "tracks"
    if table.WhichOneof("payload") != expected:
        raise InvalidMetadataError(
            f"{path} holds {table.WhichOneof('payload') or 'nothing'} for {kind.name}; expected "
            f"{expected}."
        )
    return kind


def _rows(kind: OutputType, table: Any, path: Path) -> Rows:
    payload = table.WhichOneof("payload")
    try:
        frame = _CONVERTERS[payload](getattr(table, payload))
        if "strand" in frame:
            strand.opposite_strand_index(frame["strand"].tolist())
    except ValueError as error:
        raise InvalidMetadataError(
            f"The table of {kind.name} in {path} cannot be used: {str(error).rstrip('.')}."
        ) from error
    shift = _REVERSE_STRAND_SHIFTS.get(kind)
    added = {} if shift is None else {"reverse_strand_shift": shift}
    return [_present(row) | added for row in frame.to_dict("records")]


def _present(row: Mapping[Any, Any]) -> dict[str, Any]:
    """The fields that a row has; its mean stays as null, so that padding is told from 1."""
    return {
        str(name): None if pd.isna(value) else value
        for name, value in row.items()
        if name == "nonzero_mean" or not pd.isna(value)
    }


def _and(words: Iterable[str]) -> str:
    return " and ".join(words)
