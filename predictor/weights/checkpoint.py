"""Weights on disk: a folder with the arrays (Orbax), the sizes, the tracks and the card.

```
config.json   sizes of the network
tracks.json   {organism: {output type: [row, ...]}}, rows in head order, padding included
card.json     where the weights come from and what was measured
arrays/       Orbax: {"params": ..., "state": ...}, plain nested dicts under our names
```
"""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orbax.checkpoint as ocp

from predictor import freed_memory
from predictor.errors import AllelensError
from predictor.model import functional
from predictor.model.config import ModelConfig

Tree = dict[str, Any]
Tracks = dict[str, dict[str, list[dict[str, Any]]]]

_AT_ONCE_GB = 0.1
# Of a file in the folder: a file is written when it is complete, and until then in memory.
_FILE_BYTES = 2**24
_FILES = ("config.json", "tracks.json", "card.json")


class WeightsNotFoundError(AllelensError):
    """A folder of weights, or a part of it, is missing."""

    code = "weights_not_found"


class WeightsMismatchError(AllelensError):
    """The stored arrays are not those that the stored sizes ask for, or were changed."""

    code = "weights_mismatch"


class LoadedWeights(NamedTuple):
    """What `load` returns.

    Attributes:
      config: sizes of the network.
      params: nested dict of float32 arrays (numpy).
      state: running second moments, nested dict of float32 arrays (numpy).
      tracks: organism name -> output type name -> rows in head order.
      card: provenance and measured quality.
      digest: of all arrays, see `digest`.
    """

    config: ModelConfig
    params: Tree
    state: Tree
    tracks: Tracks
    card: dict[str, Any]
    digest: str


def save(
    folder: Path,
    *,
    config: ModelConfig,
    params: Mapping[str, Any],
    state: Mapping[str, Any],
    tracks: Tracks,
    card: Mapping[str, Any],
) -> str:
    """Writes the weights beside `folder` and puts them in its place at the end.

    Args:
      folder: replaced if it exists.
      config: sizes of the network.
      params: nested dict of arrays.
      state: nested dict of arrays.
      tracks: rows in head order.
      card: written with the digest added as "digest", and the number of parameters.

    Returns:
      The digest.
    """
    arrays = {"params": _to_numpy(params), "state": _to_numpy(state)}
    found = digest(arrays["params"], arrays["state"])
    with _replacing(folder) as new:
        save_arrays(new / "arrays", arrays)
        (new / "config.json").write_text(config.to_json())
        (new / "tracks.json").write_text(json.dumps(tracks, indent=1, allow_nan=False) + "\n")
        # Counted here too, so that memory can be estimated before the arrays are read.
        parameters = sum(array.size for _, array in flatten(arrays["params"]))
        full_card = {"parameters": int(parameters), **card, "digest": found}
        (new / "card.json").write_text(json.dumps(full_card, indent=2, allow_nan=False) + "\n")
    return found


def load(folder: Path) -> LoadedWeights:
    """Reads a folder written by `save`, checking names and shapes against its sizes and its card.

    Raises:
      WeightsNotFoundError: the folder or one of its parts is missing.
      WeightsMismatchError: missing, unused or misshapen arrays, all named in one message; or the
        bytes are not those that the card was written for.
    """
    missing = [name for name in (*_FILES, "arrays") if not (folder / name).exists()]
    if missing:
        raise WeightsNotFoundError(
            f"The weights folder {folder} lacks {', '.join(missing)}. "
            "Restore the folder from the repository, or train the demo weights by the "
            "two commands in the README."
        )
    config = ModelConfig.from_json((folder / "config.json").read_text())
    arrays = load_arrays(folder / "arrays")
    params, state = arrays["params"], arrays["state"]
    _check_against(config, params, state, folder)
    card = json.loads((folder / "card.json").read_text())
    found = digest(params, state)
    if card.get("digest") != found:
        raise WeightsMismatchError(
            f"The arrays in {folder} have digest {found[:12]}…, but the card says "
            f"{str(card.get('digest'))[:12]}…. "
            "The folder was changed or copied in part; restore it."
        )
    return LoadedWeights(
        config=config,
        params=params,
        state=state,
        tracks=json.loads((folder / "tracks.json").read_text()),
        card=card,
        digest=found,
    )


def digest(params: Mapping[str, Any], state: Mapping[str, Any]) -> str:
    """SHA-256 over names, shapes, dtypes and bytes of all arrays, in the order of the names."""
    hasher = hashlib.sha256()
    flat = dict(flatten({"params": params, "state": state}))
    for name in sorted(flat):
        array = np.ascontiguousarray(flat[name])
        hasher.update(f"{name} {array.shape} {array.dtype.str}\n".encode())
        hasher.update(array.tobytes())
    return hasher.hexdigest()


def save_arrays(path: Path, tree: Tree) -> None:
    """Writes a nested dict of numpy arrays as one Orbax folder, which must not exist yet."""
    with _checkpointer() as checkpointer:
        checkpointer.save(
            path.absolute(),
            args=ocp.args.PyTreeSave(tree, ocdbt_target_data_file_size=_FILE_BYTES),
        )
    # Only object stores need this note, and it names a folder of this machine.
    (path / "commit_success.txt").unlink(missing_ok=True)


def load_arrays(path: Path) -> Any:
    """Reads an Orbax folder as numpy arrays, whatever device they were saved from.

    Returns:
      What was saved: nested dicts, or lists of them, with arrays at the leaves.

    Raises:
      WeightsNotFoundError: the list of the arrays is not there, or cannot be read.
    """
    with _checkpointer() as checkpointer:
        structure = checkpointer.metadata(path.absolute()).item_metadata
        if structure is None:
            raise WeightsNotFoundError(
                f"The list of the arrays in {path} cannot be read; the folder may have been copied "
                "in part, so copy or download it again."
            )
        restore = _map_leaves(structure.tree, lambda _: ocp.RestoreArgs(restore_type=np.ndarray))
        found = checkpointer.restore(
            path.absolute(), args=ocp.args.PyTreeRestore(restore_args=restore)
        )
    freed_memory.give_back()
    return found


def _checkpointer() -> ocp.Checkpointer:
    # Without a limit Orbax holds a second copy of everything while it reads or writes.
    return ocp.Checkpointer(
        ocp.PyTreeCheckpointHandler(
            save_concurrent_gb=_AT_ONCE_GB, restore_concurrent_gb=_AT_ONCE_GB
        )
    )


def _check_against(config: ModelConfig, params: Tree, state: Tree, folder: Path) -> None:
    expected_params, expected_state = functional.abstract(config)
    expected = {
        name: tuple(leaf.shape)
        for name, leaf in flatten({"params": expected_params, "state": expected_state})
    }
    found = {name: tuple(leaf.shape) for name, leaf in flatten({"params": params, "state": state})}
    problems = [f"missing {name}" for name in sorted(expected.keys() - found.keys())]
    problems += [f"unused {name}" for name in sorted(found.keys() - expected.keys())]
    problems += [
        f"{name} has shape {found[name]}, expected {expected[name]}"
        for name in sorted(expected.keys() & found.keys())
        if expected[name] != found[name]
    ]
    if problems:
        raise WeightsMismatchError(
            f"The arrays in {folder} do not fit the sizes in its config.json: "
            f"{'; '.join(problems)}."
        )


def flatten(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every leaf of a nested dict with its path, joined by slashes."""
    for key, value in tree.items():
        name = f"{prefix}/{key}" if prefix else str(key)
        if isinstance(value, Mapping):
            yield from flatten(value, name)
        else:
            yield name, value


def _map_leaves(tree: Any, function: Any) -> Any:
    if isinstance(tree, Mapping):
        return {key: _map_leaves(value, function) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_map_leaves(value, function) for value in tree]
    return function(tree)


def _to_numpy(tree: Mapping[str, Any]) -> Tree:
    found: Tree = _map_leaves(tree, np.asarray)
    return found


@contextlib.contextmanager
def _replacing(folder: Path) -> Iterator[Path]:
    """A new folder that takes the place of `folder` when the block ends without an error."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield new
        # mkdtemp makes private folders; weights are for everybody who may read the parent.
        new.chmod(0o777 & ~_umask())
        if folder.exists():
            shutil.rmtree(folder)
        new.replace(folder)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
