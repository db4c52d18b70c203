"""The network on the device: parameters moved there once, one compiled function per shape.

Axes: B sequences (1, or REF and ALT), S base pairs, C embedding channels, T tracks with padding,
K splice sites.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jax.experimental.compilation_cache import compilation_cache
from jaxtyping import Array, Bool, Float, Int, Integer

from predictor.home import home
from predictor.model import functional
from predictor.model.config import ModelConfig
from predictor.model.heads import unscale
from predictor.model.splicing import select_sites
from predictor.tracks.alignment import DeviceAlignment
from predictor.tracks.output_types import OUTPUTS

# Up to here the heads cost little beside the trunk, and computing all of them saves compiling
# another function for each choice of output types.
_FEW_TRACKS = 256
_CLASSIFICATION, _JUNCTION = OutputType.SPLICE_SITES, OutputType.SPLICE_JUNCTIONS


class JunctionContext(NamedTuple):
    """What the choice of splice sites of a variant depends on, in the orientation of the network.

    Attributes:
      alignment: from REF to ALT bases.
      gene_mask: bool [S], where sites may lie.
      annotated: bool [S, 5], annotated sites.
    """

    alignment: DeviceAlignment
    gene_mask: np.ndarray
    annotated: np.ndarray


class Junctions(NamedTuple):
    """Junction counts in the orientation of the network.

    Attributes:
      counts: float32 [B, K, K, 2 T], donors first.
      positions: int32 [B, 4, K], rows donor +, acceptor +, donor -, acceptor -; -1 is empty.
    """

    counts: np.ndarray
    positions: np.ndarray


class DevicePrediction(NamedTuple):
    """Predictions that still lie on the device, in data units and the orientation of the network.

    Attributes:
      outputs: per output type [B, bins, T] or [B, bins, bins, T], padding included.
      junctions: where they were requested.
    """

    outputs: Mapping[OutputType, Array]
    junctions: Mapping[str, Array] | None

    def output(self, kind: OutputType) -> np.ndarray:
        """One output type as a numpy array [B, ...]; waits for the device."""
        return np.asarray(self.outputs[kind])

    def listed_junctions(self) -> Junctions:
        """The junction counts; waits for the device."""
        if self.junctions is None:
            raise KeyError(_JUNCTION)
        return Junctions(
            counts=np.asarray(self.junctions["predictions"]),
            positions=np.asarray(self.junctions["splice_site_positions"]),
        )


class CompiledNetwork:
    """Runs the network; safe to use from several threads, which take turns."""

    def __init__(self, config: ModelConfig, params: Mapping[str, Any], state: Mapping[str, Any]):
        """Moves the parameters to the default device.

        On an accelerator the released network computes in bfloat16, as it was trained; on a CPU,
        and for networks of our own, everything is float32.
        """
        self.config = config
        self._lock = threading.Lock()
        self._params, self._state = jax.device_put((params, state))
        on_accelerator = jax.default_backend() != "cpu"
        self._dtype = (
            jnp.bfloat16 if on_accelerator and config.rotary == "released" else jnp.float32
        )
        tracks = sum(getattr(config.tracks, about.head) for about in OUTPUTS.values())
        self._all_heads = tracks <= _FEW_TRACKS
        self._forward = lru_cache(maxsize=None)(self._compile_forward)
        self._pair_junctions = jax.jit(partial(_pair_junctions, config))
        self._own_junctions = jax.jit(partial(_own_junctions, config))

    def predict(
        self,
        codes: Integer[np.ndarray, "B S"],
        organism_index: int,
        requested: Iterable[OutputType],
        nonzero_means: Mapping[OutputType, np.ndarray],
        context: JunctionContext | None = None,
    ) -> DevicePrediction:
        """Starts a prediction.

        Args:
          codes: uint8, 0 to 3 for A, C, G, T, anything else for no base.
          organism_index: 0 human, 1 mouse.
          requested: output types.
          nonzero_means: float32 [T] of every track output type, padding included.
          context: for REF and ALT (B = 2): their junctions are paired at the same sites.
            Without it, each sequence pairs the sites that it shows itself.

        Returns:
          The requested output types, possibly more.
        """
        wanted = frozenset(requested)
        organisms = np.full(len(codes), organism_index, np.int32)
        with self._lock:
            forward = self._forward(
                self._heads(wanted), with_embeddings=self._all_heads or _JUNCTION in wanted
            )
            outputs, embeddings = forward(
                self._params, self._state, codes, organisms, dict(nonzero_means)
            )
            found = None
            if _JUNCTION in wanted:
                arguments = (self._params, embeddings, outputs[_CLASSIFICATION.name], organisms)
                if context is None:
                    found = self._own_junctions(*arguments)
                else:
                    found = self._pair_junctions(
                        *arguments,
                        context.alignment.source,
                        _padded(context.alignment.insertions, codes.shape[1]),
                        context.gene_mask,
                        context.annotated,
                    )
            # Within the lock, so that two requests do not hold the device's memory at once.
            jax.block_until_ready((outputs, found))  # type: ignore[no-untyped-call]
        return DevicePrediction({OutputType[name]: a for name, a in outputs.items()}, found)

    def _heads(self, wanted: frozenset[OutputType]) -> frozenset[OutputType]:
        if self._all_heads:
            return frozenset(OUTPUTS) - {_JUNCTION}
        needed = wanted | {_CLASSIFICATION} if _JUNCTION in wanted else wanted
        return needed - {_JUNCTION}

    def _compile_forward(
        self, kinds: frozenset[OutputType], *, with_embeddings: bool
    ) -> Callable[..., tuple[dict[str, Array], Array | None]]:
        heads = {kind.name: OUTPUTS[kind].head for kind in sorted(kinds)}

        def forward(
            params: functional.Tree,
            state: functional.Tree,
            codes: Integer[Array, "B S"],
            organism_index: Int[Array, " B"],
            nonzero_means: dict[OutputType, Float[Array, " T"]],
        ) -> tuple[dict[str, Array], Array | None]:
            one_hot = jax.nn.one_hot(codes, 4, dtype=jnp.float32)
            predictions = functional.forward(
                self.config,
                params,
                state,
                one_hot,
                organism_index,
                list(heads.values()),
                dtype=self._dtype,
            )
            outputs = {
                name: _in_data_units(name, predictions[head], nonzero_means)
                for name, head in heads.items()
            }
            embeddings = predictions["embeddings"]["embeddings_1bp"] if with_embeddings else None
            return outputs, embeddings

        return jax.jit(forward)


def _in_data_units(
    name: str, prediction: Mapping[str, Array], nonzero_means: Mapping[OutputType, Array]
) -> Array:
    kind = OutputType[name]
    about = OUTPUTS[kind]
    scaled = prediction.get(f"scaled_predictions_{about.resolution}bp")
    if scaled is None:
        return prediction["predictions"].astype(jnp.float32)
    return unscale(about.head, scaled.astype(jnp.float32), nonzero_means[kind], about.resolution)


def _own_junctions(
    config: ModelConfig,
    params: functional.Tree,
    embeddings: Float[Array, "B S C"],
    probabilities: Float[Array, "B S L"],
    organism_index: Int[Array, " B"],
) -> dict[str, Array]:
    positions = select_sites(probabilities, config.junction_sites, config.junction_threshold)
    return functional.junctions(config, params, embeddings, organism_index, positions)


def _pair_junctions(
    config: ModelConfig,
    params: functional.Tree,
    embeddings: Float[Array, "2 S C"],
    probabilities: Float[Array, "2 S L"],
    organism_index: Int[Array, " 2"],
    source: Int[Array, " S"],
    insertions: Int[Array, "V 3"],
    gene_mask: Bool[Array, " S"],
    annotated: Bool[Array, "S L"],
) -> dict[str, Array]:
    """Junctions of REF and ALT at the same sites, in REF coordinates (spec/model.md 13.5)."""
    candidates = candidate_sites(probabilities, source, insertions, gene_mask, annotated)
    positions = select_sites(candidates[None], config.junction_sites, config.junction_threshold)
    both = jnp.stack([embeddings[0], align_to_reference(embeddings[1], source, insertions)])
    return functional.junctions(
        config, params, both, organism_index, jnp.broadcast_to(positions, (2, *positions.shape[1:]))
    )


def candidate_sites(
    probabilities: Float[Array, "2 S L"],
    source: Int[Array, " S"],
    insertions: Int[Array, "V 3"],
    gene_mask: Bool[Array, " S"],
    annotated: Bool[Array, "S L"],
) -> Float[Array, "S L"]:
    """How likely each REF base is a site of either allele; annotated sites count as certain."""
    aligned = align_to_reference(probabilities[1], source, insertions)
    likely = jnp.maximum(probabilities[0], aligned)
    return jnp.maximum(likely, annotated.astype(likely.dtype)) * gene_mask[:, None]


def align_to_reference(
    values: Float[Array, "S C"], source: Int[Array, " S"], insertions: Int[Array, "V 3"]
) -> Float[Array, "S C"]:
    """`AlleleAlignment.tracks` at 1 bp, for arrays on the device.

    Args:
      values: of ALT.
      source: ALT base of every REF base, -1 for none.
      insertions: REF base, first and one past the last ALT base; rows whose REF base is S or
        more only fill the array up.
    """
    aligned = jnp.where(source[:, None] >= 0, values[jnp.maximum(source, 0)], 0)
    bases = jnp.arange(len(values))

    def fold(row: Int[Array, ""], so_far: Float[Array, "S C"]) -> Float[Array, "S C"]:
        at, first, last = insertions[row]
        inserted = ((bases >= first) & (bases < last))[:, None]
        largest = jnp.where(inserted, values, -jnp.inf).max(axis=0)
        return so_far.at[at].set(largest.astype(so_far.dtype), mode="drop")

    folded: Array = jax.lax.fori_loop(0, len(insertions), fold, aligned)
    return folded


def _padded(insertions: np.ndarray, length: int) -> np.ndarray:
    """Fills up to a power of two, so that few numbers of insertions are compiled."""
    rows = 1 << max(len(insertions) - 1, 0).bit_length()
    padded = np.full((rows, 3), length, np.int32)
    padded[: len(insertions)] = insertions
    return padded


def use_compilation_cache(folder: Path | None = None) -> Path:
    """Keeps compiled functions on disk, for all of this process; the next start is faster.

    Args:
      folder: `home() / "xla-cache"` where not given.
    """
    folder = folder or home() / "xla-cache"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "jax_compilation_cache_dir": str(folder),
        # By default only what took a second to compile is kept; small functions add up as well.
        "jax_persistent_cache_min_compile_time_secs": 0.1,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }
    for name, value in settings.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]
    # JAX looks at the folder once; if something was compiled before, it would never look again.
    compilation_cache.reset_cache()
    return folder
