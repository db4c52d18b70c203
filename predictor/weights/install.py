"""Brings released weights into `home()/weights/<engine>`: from a folder, or from the network.

An import checks every array before anything is written, and replaces what was installed in one
step at the end; an import that fails or is stopped leaves the installed weights as they were.
"""

import dataclasses
import getpass
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alphagenome.models.dna_model import Organism

from predictor.home import home
from predictor.model import functional
from predictor.model.config import ModelConfig, TracksPerHead
from predictor.tracks import release_metadata
from predictor.tracks.output_types import ORGANISM_NAMES, OUTPUTS
from predictor.tracks.release_metadata import InvalidMetadataError, Tracks
from predictor.weights import checkpoint, disk, official_checkpoint, published, release

_BYTES = 4
# Tables, cards, and what the file system needs for itself.
_MARGIN = 1.05


@dataclass(frozen=True, kw_only=True)
class Installed:
    """What an import has written.

    Attributes:
      engine: name of the engine.
      version: of the release.
      folder: where the weights lie now.
      digest: of all arrays.
      parameters: their number.
      size: bytes on disk.
    """

    engine: str
    version: str
    folder: Path
    digest: str
    parameters: int
    size: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A download of which everything has been checked that can be checked before it.

    Attributes:
      engine: name of the engine.
      version: of the release.
      source: name of the source.
      metadata: file of each organism.
      config: sizes of the network, apart from its heads.
    """

    engine: str
    version: str
    source: str
    metadata: Mapping[Organism, Path]
    config: ModelConfig

    @property
    def downloads(self) -> Path:
        """Where the source's client keeps what has come; deleted after the import."""
        return home() / "weights" / f".download-{self.source}-{self.version}"


def import_weights(
    engine: str,
    path: Path,
    *,
    metadata: Sequence[str] = (),
    person: str | None = None,
    config: ModelConfig | None = None,
) -> Installed:
    """Installs the weights in a checkpoint folder of the release.

    Args:
      engine: a released engine.
      path: the checkpoint, as the release ships it.
      metadata: see `release_metadata.locate`.
      person: who confirms the terms; may be None, as the release hands out a checkpoint only to
        those who have accepted them.
      config: sizes of the network, apart from its heads; those of the release if None.

    Raises:
      AllelensError: each with one sentence; see `release`, `release_metadata`,
        `official_checkpoint` and `disk`.
    """
    version = release.version_of(engine)
    files = release_metadata.locate(metadata, checkpoint=path)
    confirmation = None if person is None else release.confirm(person)
    found = _import(
        engine,
        path,
        files,
        config or ModelConfig.full(),
        {
            "version": version,
            "source": f"folder {path.absolute().name}",
            "licence": _licence(confirmation),
        },
    )
    if confirmation is not None:
        release.record(confirmation, engine=engine, version=version, source="folder")
    return found


def plan(
    engine: str,
    source: str,
    *,
    version: str | None = None,
    metadata: Sequence[str] = (),
    config: ModelConfig | None = None,
) -> Plan:
    """Checks a download before anybody confirms a licence or fetches 1.8 GB.

    Raises:
      AllelensError: the version is not the engine's, the source's client or the metadata is
        missing, or there is too little room for the download and for what is made of it.
    """
    config = config or ModelConfig.full()
    found = Plan(
        engine=engine,
        version=release.version_of(engine, version),
        source=source,
        metadata=release_metadata.locate(metadata),
        config=config,
    )
    published.source_named(source)
    _sized_by(config, release_metadata.read(found.metadata))
    disk.check_room(home() / "weights", 2 * _bytes(config))
    return found


def install(plan: Plan, person: str | None) -> Installed:
    """Downloads and imports what was planned; a broken download goes on where it stopped.

    Args:
      plan: as `plan` gives it.
      person: who confirms the terms.

    Raises:
      LicenceNotConfirmedError: nobody does.
      AllelensError: as `published.fetch` and `import_weights`.
    """
    confirmation = release.confirm(person)
    release.record(confirmation, engine=plan.engine, version=plan.version, source=plan.source)
    fetched = published.fetch(plan.source, plan.version, plan.downloads)
    source = published.SOURCES[plan.source]
    found = _import(
        plan.engine,
        fetched,
        plan.metadata,
        plan.config,
        {
            "version": plan.version,
            "source": f"{source.title} {source.handle(plan.version)}",
            "licence": _licence(confirmation),
        },
    )
    shutil.rmtree(plan.downloads, ignore_errors=True)
    return found


def _import(
    engine: str,
    path: Path,
    files: Mapping[Organism, Path],
    config: ModelConfig,
    provenance: Mapping[str, Any],
) -> Installed:
    tracks = release_metadata.read(files)
    config = _sized_by(config, tracks)
    folder = home() / "weights" / engine
    official_checkpoint.find(path)
    disk.check_room(folder, _bytes(config))
    params, state = official_checkpoint.read(path, config)
    parameters = sum(array.size for _, array in checkpoint.flatten(params))
    card = {
        "name": engine,
        "what": "Official AlphaGenome weights, released by Google DeepMind.",
        **provenance,
        "imported": datetime.now(UTC).isoformat(timespec="seconds"),
        "imported_by": getpass.getuser(),
        "metadata": sorted(file.name for file in files.values()),
        "parameters": parameters,
    }
    with disk.told_when_full(folder):
        digest = checkpoint.save(
            folder, config=config, params=params, state=state, tracks=tracks, card=card
        )
    return Installed(
        engine=engine,
        version=str(provenance["version"]),
        folder=folder,
        digest=digest,
        parameters=parameters,
        size=sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()),
    )


def _licence(confirmation: release.Confirmation | None) -> dict[str, Any]:
    if confirmation is None:
        return {"terms": release.TERMS, "confirmed_by": None, "confirmed_at": None}
    return asdict(confirmation)


def _sized_by(config: ModelConfig, tracks: Tracks) -> ModelConfig:
    """The sizes with as many outputs per head as the metadata has rows.

    Raises:
      InvalidMetadataError: the organisms differ in a head, or a head has no rows at all.
    """
    rows = {
        about.head: {name: len(tables.get(kind.name, ())) for name, tables in tracks.items()}
        for kind, about in OUTPUTS.items()
    }
    # An organism without a single track of a kind may leave the table out.
    sizes = {head: {n for n in counts.values() if n} for head, counts in rows.items()}
    problems = [
        f"{head} {' and '.join(f'{n} for {_organism(name)}' for name, n in rows[head].items())}"
        for head, found in sizes.items()
        if len(found) != 1
    ]
    if problems:
        raise InvalidMetadataError(
            "The metadata must have the same number of rows, padding included, for human and "
            f"mouse, and at least one, but these heads have: {'; '.join(problems)}."
        )
    return dataclasses.replace(
        config, tracks=TracksPerHead(**{head: found.pop() for head, found in sizes.items()})
    )


def _organism(name: str) -> str:
    return next(word for word, organism in ORGANISM_NAMES.items() if organism.name == name)


def _bytes(config: ModelConfig) -> int:
    trees = functional.abstract(config)
    numbers = sum(math.prod(leaf.shape) for tree in trees for _, leaf in checkpoint.flatten(tree))
    return int(numbers * _BYTES * _MARGIN)
