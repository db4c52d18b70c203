"""The connection to the hosted service: its key, its terms, its address, and what it can predict.

Reads small files only and loads neither JAX nor gRPC before `connect`, so that listing stays quick.
A key is never written by this module, never logged, and never part of a message.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alphagenome.models.dna_model import Organism
from alphagenome.models.dna_output import OutputMetadata

from predictor import errors
from predictor.home import home
from predictor.tracks.output_types import OUTPUTS

if TYPE_CHECKING:
    from alphagenome.models.dna_client import DnaClient

ENGINE = "hosted"
KEY_VARIABLE, ADDRESS_VARIABLE = "ALPHAGENOME_API_KEY", "ALPHAGENOME_ADDRESS"
OFFICIAL_ADDRESS = "dns:///gdmscience.googleapis.com:443"
CONNECT_COMMAND = "python -m predictor connect-hosted"
TERMS = (
    "Sequences and variants are sent to the AlphaGenome service of Google DeepMind, under its own "
    "terms (non-commercial, not for clinical use), which stand at "
    "https://deepmind.google.com/science/alphagenome/terms"
)
"""What a person confirms, once; shown before anything is sent."""

_PLAIN = "http://"
_CONNECT_SECONDS = 20.0
_CHANNEL = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
_sources: list[Callable[[], str | None]] = []


def add_key_source(source: Callable[[], str | None]) -> None:
    """Lets something else know a key, such as the settings of the app.

    Args:
      source: gives the key or None; is asked where the environment has none.
    """
    if source not in _sources:
        _sources.append(source)


def find_key() -> str | None:
    """The key of the service: from the environment, else from the sources; None without one."""
    if key := os.environ.get(KEY_VARIABLE, "").strip():
        return key
    if not (folder() / "card.json").exists():
        # Whatever keeps a key connects first; so nobody is asked where nothing can be.
        return None
    return next((found for source in _sources if (found := source())), None)


def address() -> str:
    """Where the service is; `http://127.0.0.1:50051` means plain text, on this machine only."""
    return os.environ.get(ADDRESS_VARIABLE, "").strip() or OFFICIAL_ADDRESS


def folder() -> Path:
    """Where the tracks of the service and the record of the connection are kept."""
    return home() / "weights" / ENGINE


def problem() -> str:
    """Why the service cannot be used, one sentence; empty where it can."""
    if find_key() is None:
        return (
            "No key of the hosted service is set; give one in the app's settings, or in the "
            f"environment as {KEY_VARIABLE}."
        )
    try:
        card = json.loads((folder() / "card.json").read_text())
    except (OSError, ValueError):
        return "The hosted service has not been connected yet, so its terms are not accepted."
    if card.get("address") != address():
        return f"The hosted service was connected at {card.get('address')}, not at {address()}."
    return ""


def open_client(key: str) -> "DnaClient":
    """The official client; a connection is made at once.

    Raises:
      HostedServiceError: the service does not answer, or plain text would leave this machine.
    """
    import grpc
    from alphagenome.models import dna_client

    target = address()
    try:
        if not target.startswith(_PLAIN):
            return dna_client.create(key, address=target, timeout=_CONNECT_SECONDS)
        target = target.removeprefix(_PLAIN)
        if target.rpartition(":")[0] not in {"127.0.0.1", "localhost", "[::1]"}:
            raise errors.HostedServiceError(
                f"The address {address()} asks for plain text, which only this machine itself "
                "may be reached with, because keys and variants would be readable on the way."
            )
        channel = grpc.insecure_channel(target, options=_CHANNEL)
        grpc.channel_ready_future(channel).result(_CONNECT_SECONDS)
    except grpc.FutureTimeoutError as error:
        raise errors.HostedServiceError(
            f"The hosted service does not answer at {address()}; is there a way to it from here, "
            "and does it have a certificate that this machine trusts?"
        ) from error
    return dna_client.DnaClient(channel=channel, metadata=[("x-goog-api-key", key)])


def connect(*, person: str | None, key: str | None = None) -> dict[str, Any]:
    """Records who accepts the terms, tries the key, and keeps the list of tracks.

    Args:
      person: who has read and accepts the terms.
      key: to be tried; where not given, the one that is set. It is not kept here.

    Returns:
      The card: address, who accepted the terms and when, digest of address and tracks.

    Raises:
      EngineNotInstalledError: no key, or nobody accepts the terms.
      HostedServiceError: the service does not answer, or does not accept the key.
    """
    from predictor.engines.hosted import metadata_of

    key = key or find_key()
    if not key:
        raise errors.EngineNotInstalledError(problem())
    if not (person or "").strip():
        raise errors.EngineNotInstalledError(
            f"{TERMS}. Nobody has accepted them yet; whoever does gives their name."
        )
    client = open_client(key)
    tracks = {organism.name: _rows(metadata_of(client, organism, key)) for organism in Organism}
    text = json.dumps(tracks, sort_keys=True)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    card = {
        "title": "AlphaGenome, hosted service",
        "address": address(),
        "accepted_by": (person or "").strip(),
        "accepted": now,
        "terms": TERMS,
        # Not of weights, which nobody outside knows, but of all that is known of the service.
        "digest": hashlib.sha256(f"{address()}\n{text}".encode()).hexdigest(),
    }
    _write({"tracks.json": text, "card.json": json.dumps(card, indent=2)})
    return card


def disconnect() -> None:
    """Forgets the tracks and who accepted the terms."""
    shutil.rmtree(folder(), ignore_errors=True)


def _rows(metadata: OutputMetadata) -> dict[str, Any]:
    tables = {kind.name: metadata.get(kind) for kind in OUTPUTS}
    return {
        name: json.loads(table.to_json(orient="records"))
        for name, table in tables.items()
        if table is not None and len(table)
    }


def _write(files: dict[str, str]) -> None:
    target = folder()
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{ENGINE}-"))
    for name, text in files.items():
        (temporary / name).write_text(text)
    shutil.rmtree(target, ignore_errors=True)
    temporary.chmod(0o755)
    temporary.rename(target)
