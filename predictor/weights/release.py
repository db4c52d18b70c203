"""The released weights of AlphaGenome: which versions there are, their terms, who accepted them.

Never loads JAX.

Source: spec/model.md 10.4.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from predictor.errors import AllelensError, UnknownEngineError
from predictor.home import home

_FOLDS = 4

VERSIONS: Mapping[str, str] = {
    "alphagenome": "all-folds",
    **{f"fold-{fold}": f"fold-{fold}" for fold in range(_FOLDS)},
}
"""The engine of each released version. `all-folds` is distilled from all folds; `fold-N` was
trained without fold N of the genome."""

TERMS = "https://deepmind.google.com/science/alphagenome/model-terms"
"""Where the release publishes the terms of its weights."""

LICENCE = (
    "The AlphaGenome weights are Google DeepMind's, are not part of this project, and may be used "
    f"only under the AlphaGenome model terms (non-commercial), which stand at {TERMS}"
)
"""What a person confirms; shown before anything is fetched."""


class VersionMismatchError(AllelensError):
    """An engine stands for another version of the release than the one asked for."""

    code = "version_mismatch"


class LicenceNotConfirmedError(AllelensError):
    """Nobody has confirmed the terms of the weights."""

    code = "licence_not_confirmed"


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """Who accepted which terms, and when.

    Attributes:
      confirmed_by: name of the person as typed.
      confirmed_at: time in UTC, ISO 8601.
      terms: address of the terms.
    """

    confirmed_by: str
    confirmed_at: str
    terms: str = TERMS


def version_of(engine: str, version: str | None = None) -> str:
    """The released version that an engine stands for.

    Args:
      engine: name of a released engine.
      version: what was asked for, hyphens or underscores; None for the engine's own.

    Raises:
      UnknownEngineError: the engine's weights are not released ones.
      VersionMismatchError: the engine stands for another version, or there is none of that name.
    """
    if engine not in VERSIONS:
        raise UnknownEngineError(
            f'There are no released weights for an engine "{engine}"; the engines with released '
            f"weights are {', '.join(VERSIONS)}."
        )
    own = VERSIONS[engine]
    asked = own if version is None else version.strip().lower().replace("_", "-")
    if asked not in VERSIONS.values():
        raise VersionMismatchError(
            f'There is no version "{version}"; the versions are {", ".join(VERSIONS.values())}.'
        )
    if asked != own:
        other = next(name for name, theirs in VERSIONS.items() if theirs == asked)
        raise VersionMismatchError(
            f"The engine {engine} stands for the version {own}, not {asked}; the engine of "
            f"{asked} is {other}."
        )
    return own


def confirm(person: str | None) -> Confirmation:
    """Notes that a person accepts the terms now.

    Raises:
      LicenceNotConfirmedError: no name.
    """
    if person is None or not person.strip():
        raise LicenceNotConfirmedError(
            f"The weights were not installed, because nobody confirmed their terms ({TERMS}); "
            'read them, and give --accept-licence "YOUR NAME".'
        )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Confirmation(confirmed_by=person.strip(), confirmed_at=now)


def record(confirmation: Confirmation, **about: Any) -> None:
    """Adds one line to `home()/weights/licences.jsonl`, which keeps every confirmation."""
    path = home() / "weights" / "licences.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as log:
        log.write(json.dumps({**about, **asdict(confirmation)}) + "\n")
