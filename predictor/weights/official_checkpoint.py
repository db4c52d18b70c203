"""Reads a checkpoint of the release: one Orbax folder that holds the pair (parameters, state).

Each of the two is {module path with slashes: {leaf: array}}. Every array is checked against the
sizes of the network through the table of names, and all that is wrong is said in one message.

Source: spec/model.md 10.4.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorstore

from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.weights import checkpoint
from predictor.weights.checkpoint import Tree, WeightsMismatchError, WeightsNotFoundError
from predictor.weights.haiku_names import ArrayName, array_names

# Every version of Orbax writes this file beside the arrays.
_MARK = "_METADATA"
# Some versions put the arrays into a folder of their own below (`default`, `state`), below a step.
_DEEPEST = 3
_DATABASE = "manifest.ocdbt"
_DATABASE_FOLDERS = ("d", "ocdbt.process_0")
_REMAINS = ("_CHECKPOINT_METADATA", _DATABASE, *_DATABASE_FOLDERS)
# Float32 holds their values exactly; float64 it does not.
_FLOATS = ("float32", "bfloat16", "float16")
_COLLECTIONS = ("params", "state")
_HEAD = "alphagenome/head/"


class _Place(NamedTuple):
    """Where one official array belongs, and its official shape."""

    name: ArrayName
    shape: tuple[int, ...]


def read(path: Path, config: ModelConfig) -> tuple[Tree, Tree]:
    """Parameters and state under our names, float32.

    The arrays are views of those that Orbax read, so that nothing is in memory twice.

    Args:
      path: folder of the checkpoint, or one above it that holds no other checkpoint.
      config: sizes; those of the heads must be those of the checkpoint.

    Raises:
      WeightsNotFoundError: there is no checkpoint, or there are several, or it cannot be read.
      WeightsMismatchError: it does not hold the pair, or arrays are missing, unused, misshapen,
        not floating-point, or not finite; all of them are named.
    """
    folder = find(path)
    found = _collections(_restore(folder), folder)
    expected = {name: dict(_places(config, name)) for name in _COLLECTIONS}
    if problems := [line for name in _COLLECTIONS for line in _problems(found, expected, name)]:
        raise WeightsMismatchError(
            f"The checkpoint {folder} does not fit the network: {'; '.join(problems)}."
            f"{_hint(found, expected)}"
        )
    params, state = (_renamed(found[name], expected[name]) for name in _COLLECTIONS)
    return params, state


def find(path: Path) -> Path:
    """The folder with the arrays: `path`, or the only one below it.

    Raises:
      WeightsNotFoundError: there is none, or there are several.
    """
    if not path.is_dir():
        raise WeightsNotFoundError(
            f"{path} is not a folder; expected the folder of an Orbax checkpoint."
        )
    found = [folder for folder in _folders(path, _DEEPEST) if (folder / _MARK).is_file()]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(str(folder.relative_to(path)) for folder in found)
        raise WeightsNotFoundError(
            f"{path} holds several checkpoints ({names}); name the folder of one."
        )
    if any((path / name).exists() for name in _REMAINS):
        raise WeightsNotFoundError(
            f"The checkpoint {path} was copied in part: the file {_MARK} is missing; copy or "
            "download it again."
        )
    raise WeightsNotFoundError(
        f"{path} holds no Orbax checkpoint (no file {_MARK}); expected the folder as the release "
        "ships it."
    )


def _folders(path: Path, depth: int) -> Iterator[Path]:
    yield path
    if depth and not (path / _MARK).is_file():
        for folder in sorted(folder for folder in path.iterdir() if folder.is_dir()):
            yield from _folders(folder, depth - 1)


def _restore(folder: Path) -> Any:
    try:
        _read_through(folder)
        return checkpoint.load_arrays(folder)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise WeightsNotFoundError(
            f"The checkpoint {folder} cannot be read; it may have been copied in part, so copy or "
            f"download it again ({type(error).__name__}: {reason})."
        ) from error


def _read_through(folder: Path) -> None:
    """Reads every stored value once, one after the other, so that what is missing is found here.

    Orbax reads many at once, and what still runs when one fails prints tracebacks of its own.

    Raises:
      FileNotFoundError: the database has no list of its values.
      ValueError: a value is not there as a whole.
    """
    if (folder / _DATABASE).is_file():
        spec = {"driver": "ocdbt", "base": folder.absolute().as_uri() + "/"}
        store = tensorstore.KvStore.open(spec).result()
        for key in store.list().result():
            store.read(key).result()
    elif any((folder / name).exists() for name in _DATABASE_FOLDERS):
        raise FileNotFoundError(f"the file {_DATABASE} is missing")


def _collections(restored: Any, folder: Path) -> dict[str, dict[str, Any]]:
    """Official name -> array, for the parameters and for the state."""
    if isinstance(restored, Mapping) and set(restored) <= {"0", "1"}:
        restored = [restored[key] for key in sorted(restored)]
    if not isinstance(restored, list):
        raise WeightsMismatchError(
            f"The checkpoint {folder} holds one tree of arrays; expected the pair of parameters "
            "and state, as the release saves it."
        )
    if len(restored) != len(_COLLECTIONS) or not restored[1]:
        raise WeightsMismatchError(
            f"The checkpoint {folder} holds parameters without the state (the running moments of "
            "the norms); expected both, as the release saves them."
        )
    return {
        name: dict(checkpoint.flatten(tree))
        for name, tree in zip(_COLLECTIONS, restored, strict=True)
    }


def _places(config: ModelConfig, collection: str) -> Iterator[tuple[str, _Place]]:
    is_state = collection == "state"
    shapes = functional.abstract(config)[is_state]
    for name in array_names(config):
        if name.is_state is is_state:
            leaf: Any = shapes
            for key in name.ours:
                leaf = leaf[key]
            yield name.official, _Place(name, name.official_shape(tuple(leaf.shape)))


def _problems(
    found: Mapping[str, Mapping[str, Any]],
    expected: Mapping[str, Mapping[str, _Place]],
    collection: str,
) -> Iterator[str]:
    arrays, places = found[collection], expected[collection]
    both = sorted(arrays.keys() & places.keys())
    yield from _listed("missing", sorted(places.keys() - arrays.keys()))
    yield from _listed("unused", sorted(arrays.keys() - places.keys()))
    yield from _listed(
        "misshapen",
        (
            f"{name} has shape {arrays[name].shape}, expected {places[name].shape}"
            for name in both
            if arrays[name].shape != places[name].shape
        ),
    )
    floats = [name for name in both if str(arrays[name].dtype) in _FLOATS]
    yield from _listed(
        "not float32",
        (f"{name} is {arrays[name].dtype}" for name in both if name not in set(floats)),
    )
    yield from _listed(
        "not finite", (name for name in floats if not np.isfinite(arrays[name]).all())
    )


def _listed(kind: str, names: Iterable[str]) -> Iterator[str]:
    if names := list(names):
        yield f"{kind} ({len(names)}): {', '.join(names)}"


def _hint(
    found: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Mapping[str, _Place]]
) -> str:
    """What to do where the shapes of heads are among the problems."""
    heads = sorted(
        {
            name.removeprefix(_HEAD).split("/")[0]
            for name, place in expected["params"].items()
            if name.startswith(_HEAD)
            and name in found["params"]
            and found["params"][name].shape != place.shape
        }
    )
    if not heads:
        return ""
    return (
        f" The metadata tells how many tracks each head has, and its rows do not fit the heads "
        f"{', '.join(heads)}: give the files that belong to this checkpoint with --metadata."
    )


def _renamed(arrays: Mapping[str, Any], places: Mapping[str, _Place]) -> Tree:
    tree: Tree = {}
    for official, place in places.items():
        *parents, leaf = place.name.ours
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        shape = place.shape[place.name.leading_ones :]
        branch[leaf] = np.asarray(arrays[official]).reshape(shape).astype(np.float32, copy=False)
    return tree
