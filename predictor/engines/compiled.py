"""The network on the device: references of windows, and their variants.

Axes: S base pairs, N = S / 128 tokens, V variants of a window, T tracks.
"""

import threading
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jax.typing import DTypeLike
from jaxtyping import Array, Bool, Float, Int, Integer

from predictor.engines.alleles import Allele, Outputs, ReferenceCache, ReferenceWindow
from predictor.engines.edits import edit
from predictor.engines.fit import REFERENCE_BYTES, encoded_at_once, largest_reference, main_memory
from predictor.engines.junctions import (
    JunctionContext,
    Junctions,
    aligned_site_rows,
    candidate_sites,
    padded_insertions,
    without_empty_columns,
)
from predictor.engines.reading import read
from predictor.engines.stages import Stages
from predictor.engines.stitched import stitched_allele
from predictor.engines.stretches import SIZES, tokens_of
from predictor.engines.wanted import Chosen, Means, Reads, Wanted
from predictor.model.alphagenome import Encoded
from predictor.model.config import TOKEN_WIDTH, ModelConfig
from predictor.model.splicing import site_rows
from predictor.scoring.stitching import Stitch
from predictor.tracks.output_types import OUTPUTS

# Up to here the heads cost little beside the trunk, and always computing all tracks saves
# compiling another program for each choice of tracks.
_FEW_TRACKS = 256
_DEVICE_SHARE = 0.25
_JUNCTION = OutputType.SPLICE_JUNCTIONS

_ALL: Mapping[OutputType, Any] = {}

_site_rows = jax.jit(site_rows)


class Alternates(NamedTuple):
    """ALT sequences of a window.

    Attributes:
      outputs: per output type [V, ...] on the device, in data units, ALT coordinates and the
        orientation of the network.
      junctions: for each variant those of REF and ALT at the same sites, in REF coordinates;
        None where they were not asked for.
    """

    outputs: Mapping[OutputType, Array]
    junctions: tuple[Junctions, ...] | None


class DevicePrediction(NamedTuple):
    """Predictions that still lie on the device, in data units and the orientation of the network.

    Attributes:
      outputs: per output type one array [1, ...] for each sequence.
      junctions: where they were requested.
    """

    outputs: Mapping[OutputType, Sequence[Array]]
    junctions: Junctions | None

    def output(self, kind: OutputType) -> list[np.ndarray]:
        """One output type of each sequence as numpy arrays; waits for the device."""
        return [np.asarray(values)[0] for values in self.outputs[kind]]

    def listed_junctions(self) -> Junctions:
        """The junction counts; waits for the device."""
        if self.junctions is None:
            raise KeyError(_JUNCTION)
        return self.junctions.on_host()


class CompiledNetwork:
    """Runs the network; safe to use from several threads, which take turns.

    Attributes:
      config: sizes of the network, with trained kernels.
      stages: its compiled programs.
      references: the windows that are kept.
    """

    def __init__(
        self,
        config: ModelConfig,
        params: dict[str, Any],
        state: dict[str, Any],
        *,
        reference_bytes: int | None = None,
        dtype: DTypeLike | None = None,
    ):
        """Moves the weights to the default device.

        On an accelerator the released network computes in bfloat16, as it was trained; on a CPU,
        and for networks of our own, everything is float32.

        Args:
          config: sizes.
          params: emptied on the way, so that large weights are never held twice.
          state: emptied as well.
          reference_bytes: memory for reference windows that are kept; where not given, a quarter
            of the memory of an accelerator, or 2 GiB on a CPU, and there for one alone what
            `fit.largest_reference` says.
          dtype: compute type, where it is not to be the usual one of the device.
        """
        self.config = config
        self._lock = threading.RLock()
        on_accelerator = jax.default_backend() != "cpu"
        if dtype is None:
            narrow = on_accelerator and config.rotary == "released"
            dtype = jnp.bfloat16 if narrow else jnp.float32
        self.stages = Stages(config, params, state, dtype=dtype)
        self.references = (
            _default_cache() if reference_bytes is None else ReferenceCache(reference_bytes)
        )
        tracks = sum(getattr(config.tracks, about.head) for about in OUTPUTS.values())
        self.chooses_tracks = tracks > _FEW_TRACKS

    def reference(
        self,
        codes: Integer[np.ndarray, " S"],
        organism_index: int,
        kinds: Iterable[OutputType],
        means: Means,
        chosen: Chosen | None = None,
        reads: Reads | None = None,
        at_once: int = SIZES[0],
    ) -> ReferenceWindow:
        """REF of a window; what was computed of it before and is still there is not again.

        Args:
          codes: uint8, 0 to 3 for A, C, G, T, anything else for no base.
          organism_index: 0 human, 1 mouse.
          kinds: output types.
          means: of all tracks of the track output types.
          chosen: rows to compute. The numbers of a track do not depend on the others.
          reads: tokens that somebody reads; outputs at 1 bp may hold anything elsewhere. The
            numbers of a token may differ in the last digits between two requests with other
            `reads` of any output type, not otherwise.
          at_once: tokens that are decoded at a time; fewer take less memory, and may change the
            last digits.
        """
        with self._lock:
            allele = self.references.find(codes, organism_index)
            if allele is None:
                allele = self._new(codes, organism_index, at_once)
            wanted = Wanted(kinds, means, chosen or _ALL, reads or _ALL, at_once)
            sites = np.ones(len(codes), bool) if wanted.junctions else None
            outputs = self._outputs(allele, wanted, sites)
            junctions = self._own_junctions(allele, wanted) if wanted.junctions else None
            # Within the lock, so that two requests do not hold the device's memory at once.
            jax.block_until_ready((outputs, junctions))  # type: ignore[no-untyped-call]
            self.references.keep(allele)
            return ReferenceWindow(outputs=outputs, junctions=junctions, allele=allele)

    def alternates(
        self,
        window: ReferenceWindow,
        codes: Integer[np.ndarray, "V S"],
        kinds: Iterable[OutputType],
        means: Means,
        chosen: Chosen | None = None,
        reads: Reads | None = None,
        contexts: Sequence[JunctionContext] | None = None,
        at_once: int = SIZES[0],
    ) -> Alternates:
        """ALT sequences of a window.

        Of a sequence that changes bases but keeps their number, only what the change can reach
        is encoded (`edits.py`). The numbers of a variant do not depend on the others: a batch
        gives the same bytes as its variants one by one. All outputs of a batch are in memory
        together.

        Args:
          window: as `reference` gave it, for any output types.
          codes: of each variant, as long as the window.
          kinds: output types.
          means: of all tracks of the track output types.
          chosen: rows to compute.
          reads: tokens of ALT that somebody reads; outputs at 1 bp may hold anything elsewhere,
            the others are given whole. With the same reads, a sequence equal to REF gives
            exactly the outputs of `reference`.
          contexts: one for each variant, needed for junctions.
          at_once: as `reference`.
        """
        wanted = Wanted(kinds, means, chosen or _ALL, reads or _ALL, at_once)
        outputs: dict[OutputType, list[Array]] = {kind: [] for kind in wanted.kinds}
        junctions = []
        before: list[Array] = []
        with self._lock:
            for number, one in enumerate(codes):
                allele = self._alternate(window.allele, one, at_once)
                context = _context(wanted, None if contexts is None else contexts[number])
                sites = None if context is None else context.alternate_bases()
                for kind, values in self._outputs(allele, wanted, sites).items():
                    outputs[kind].append(values)
                if context is not None:
                    found = self._paired_junctions(window.allele, allele, context, wanted)
                    junctions.append(found)
                # The device goes on while the next variant is prepared, but not further ahead:
                # starting programs reserves their memory.
                jax.block_until_ready(before)  # type: ignore[no-untyped-call]
                before = [values[-1] for values in outputs.values()]
            jax.block_until_ready((outputs, junctions))  # type: ignore[no-untyped-call]
            if wanted.junctions:
                self.references.keep(window.allele)
            together = {
                kind: values[0] if len(values) == 1 else jnp.concatenate(values)
                for kind, values in outputs.items()
            }
        return Alternates(together, tuple(junctions) if wanted.junctions else None)

    def stitched(
        self,
        stitch: Stitch,
        other: Integer[np.ndarray, " S"],
        sides: tuple[Integer[np.ndarray, " S"], Integer[np.ndarray, " S"]],
        organism_index: int,
        kinds: Iterable[OutputType],
        means: Means,
        context: JunctionContext | None = None,
        chosen: Chosen | None = None,
        at_once: int = SIZES[0],
    ) -> tuple[Outputs, Alternates]:
        """REF and ALT of an insertion or deletion whose longer allele is stitched.

        Args:
          stitch: how; says which allele.
          other: codes of the other allele.
          sides: codes of the left and the right sequence of the stitch.
          organism_index: 0 human, 1 mouse.
          kinds: output types.
          means: of all tracks of the track output types.
          context: needed for junctions.
          chosen: rows to compute.
          at_once: as `reference`.

        Returns:
          Outputs of REF, and ALT.
        """
        wanted = Wanted(kinds, means, chosen or _ALL, _ALL, at_once)
        with self._lock:
            near, far = (self._new(codes, organism_index, at_once) for codes in sides)
            joined = stitched_allele(self.stages, near, far, stitch)
            plain = self.references.find(other, organism_index)
            if plain is None:
                plain = self._new(other, organism_index, at_once)
            reference, alternate = (
                (joined, plain) if stitch.allele == "reference" else (plain, joined)
            )
            context = _context(wanted, context)
            sites: Sequence[np.ndarray | None] = (None, None)
            if context is not None:
                sites = context.reference_bases(), context.alternate_bases()
            outputs = [
                self._outputs(allele, wanted, bases)
                for allele, bases in zip((reference, alternate), sites, strict=True)
            ]
            junctions = None
            if context is not None:
                junctions = (self._paired_junctions(reference, alternate, context, wanted),)
            jax.block_until_ready((outputs, junctions))  # type: ignore[no-untyped-call]
        return outputs[0], Alternates(outputs[1], junctions)

    def predict(
        self,
        codes: Integer[np.ndarray, "B S"],
        organism_index: int,
        requested: Iterable[OutputType],
        nonzero_means: Means,
        context: JunctionContext | None = None,
        chosen: Chosen | None = None,
        at_once: int = SIZES[0],
    ) -> DevicePrediction:
        """REF alone (B = 1), or REF and ALT (B = 2).

        Args:
          codes: as for `reference`.
          organism_index: 0 human, 1 mouse.
          requested: output types.
          nonzero_means: of all tracks of the track output types.
          context: for REF and ALT: their junctions are paired at the same sites. One sequence
            pairs the sites that it shows itself.
          chosen: rows to compute.
          at_once: as `reference`.
        """
        kinds = tuple(requested)
        with self._lock:
            first, *others = codes
            alone = not others
            here = kinds if alone else [kind for kind in kinds if kind is not _JUNCTION]
            reads = None
            if context is not None and _JUNCTION in kinds:
                # So that REF is decoded once for its outputs and for the junctions.
                reads = {_JUNCTION: tokens_of(context.either_bases())}
            window = self.reference(
                first, organism_index, here, nonzero_means, chosen, reads, at_once
            )
            if alone:
                outputs = {kind: [values] for kind, values in window.outputs.items()}
                return DevicePrediction(outputs, window.junctions)
            contexts = None if context is None else [context]
            found = self.alternates(
                window,
                np.stack(others),
                kinds,
                nonzero_means,
                chosen,
                reads,
                contexts,
                at_once,
            )
        return DevicePrediction(
            {kind: [window.outputs[kind], values] for kind, values in found.outputs.items()},
            None if found.junctions is None else found.junctions[0],
        )

    # Steps

    def _new(self, codes: Integer[np.ndarray, " S"], organism_index: int, at_once: int) -> Allele:
        organisms = np.full(1, organism_index, np.int32)
        encoded = self.stages.encode(codes[None], encoded_at_once(at_once * TOKEN_WIDTH))
        return Allele(
            codes=codes,
            organisms=organisms,
            tokens=encoded.tokens,
            trunk=self.stages.transform(encoded.tokens, organisms),
            skips=encoded.skips,
        )

    def _alternate(
        self, reference: Allele, codes: Integer[np.ndarray, " S"], at_once: int
    ) -> Allele:
        if np.array_equal(codes, reference.codes):
            return reference
        organisms = reference.organisms
        changed = edit(reference.codes, codes)
        if changed is None or reference.skips is None:
            return self._new(codes, int(organisms[0]), at_once)
        encoded = Encoded(reference.tokens, reference.skips)
        tokens, patch = self.stages.encode_edit(encoded, codes[None], changed)
        trunk = self.stages.transform(tokens, organisms)
        return Allele(
            codes=codes,
            organisms=organisms,
            tokens=tokens,
            trunk=trunk,
            skips=reference.skips,
            patch=patch,
        )

    def _outputs(
        self, allele: Allele, wanted: Wanted, sites: Bool[np.ndarray, " S"] | None = None
    ) -> dict[OutputType, Array]:
        """The outputs other than junctions, whose sites lie among `sites`."""
        tokens = allele.trunk.tokens.shape[1]
        readings = {kind: wanted.reading(kind, tokens) for kind in wanted.kinds}
        # What the junctions read is remembered, so that each stretch is decoded once.
        otherwise = None if sites is None else tokens_of(sites)
        together = [*readings.values(), *wanted.splicing(tokens, otherwise)]
        found = read(self.stages, allele, together, wanted.at_once)
        outputs = {kind: found[reading.key] for kind, reading in readings.items()}
        classes = wanted.chosen.get(OutputType.SPLICE_SITES)
        if classes is not None and OutputType.SPLICE_SITES in outputs:
            outputs[OutputType.SPLICE_SITES] = outputs[OutputType.SPLICE_SITES][..., classes]
        return outputs

    def _own_junctions(self, allele: Allele, wanted: Wanted) -> Junctions:
        probabilities, embeddings, source = self._splicing(
            allele, wanted, np.ones(len(allele.codes), bool)
        )
        positions = without_empty_columns(self.stages.sites(probabilities))
        rows = _site_rows(embeddings, positions)
        # The embeddings of a long window are large, now only their rows are needed, and variants
        # read others.
        del probabilities, embeddings
        self.references.trim(allele, limit=self.references.budget)
        tissues = wanted.chosen.get(_JUNCTION)
        counts = self._reference_counts(allele, rows, source, positions, tissues)
        return Junctions((counts,), positions)

    def _paired_junctions(
        self,
        reference: Allele,
        alternate: Allele,
        context: JunctionContext,
        wanted: Wanted,
    ) -> Junctions:
        """Junctions of REF and ALT at the same sites, in REF coordinates (spec/model.md 13.5)."""
        probabilities, embeddings, source = self._splicing(
            reference, wanted, context.reference_bases()
        )
        of_alternate = self._splicing(alternate, wanted, context.alternate_bases())
        alignment = context.alignment
        insertions = padded_insertions(alignment.insertions, len(reference.codes))
        candidates = candidate_sites(
            probabilities,
            of_alternate[0],
            alignment.source,
            insertions,
            context.gene_mask,
            context.annotated,
        )
        positions = without_empty_columns(self.stages.sites(candidates))
        rows = _site_rows(embeddings, positions)
        aligned = aligned_site_rows(of_alternate[1], positions, alignment.source, insertions)
        del probabilities, embeddings, of_alternate, candidates
        self.references.trim(reference, alternate)
        tissues = wanted.chosen.get(_JUNCTION)
        # One by one: so the numbers of REF are the same with and without ALT.
        counts = (
            self._reference_counts(reference, rows, source, positions, tissues),
            self.stages.junction_counts(aligned, reference.organisms, positions, tissues),
        )
        return Junctions(counts, np.repeat(positions, 2, axis=0))

    def _splicing(
        self, allele: Allele, wanted: Wanted, bases: Bool[np.ndarray, " S"]
    ) -> tuple[Array, Array, Hashable]:
        """Class probabilities [1, S, L] and 1-bp embeddings [1, S, C], true at these bases.

        And how the embeddings were read, which decides their last digits.
        """
        tokens = tokens_of(bases)
        readings = wanted.splicing(len(tokens), tokens)
        found = read(self.stages, allele, readings, wanted.at_once)
        of_classes, of_embeddings = (reading.key for reading in readings)
        return found[of_classes], found[of_embeddings], of_embeddings

    def _reference_counts(
        self,
        allele: Allele,
        rows: Float[Array, "1 4 K C"],
        source: Hashable,
        positions: Int[np.ndarray, "1 4 K"],
        tissues: Int[np.ndarray, " T"] | None,
    ) -> Float[Array, "K K G"]:
        """Those of REF, which are remembered: most variants leave the sites where they are.

        `rows` are a function of `source` and `positions`, so nobody gets other digits by what was
        asked before.
        """
        chosen = None if tissues is None else tissues.tobytes()
        key = _JUNCTION, source, positions.tobytes(), chosen
        if key not in allele.found:
            # Only the latest are kept: they are large.
            for known in [known for known in allele.found if known[0] is _JUNCTION]:
                del allele.found[known]
            allele.found[key] = self.stages.junction_counts(
                rows, allele.organisms, positions, tissues
            )
        counts: Array = allele.found[key]
        return counts


def _context(wanted: Wanted, context: JunctionContext | None) -> JunctionContext | None:
    """What the choice of sites depends on; None where no junctions are wanted."""
    if not wanted.junctions:
        return None
    if context is None:
        raise ValueError("Junctions of variants need a context for each variant.")
    return context


def _default_cache() -> ReferenceCache:
    device = jax.local_devices()[0]
    limit = (device.memory_stats() or {}).get("bytes_limit")
    if limit is None:
        return ReferenceCache(REFERENCE_BYTES, of_one=largest_reference(main_memory()))
    return ReferenceCache(int(_DEVICE_SHARE * limit))


def independent(tree: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the nested dicts that holds the same arrays, for `CompiledNetwork` to empty."""
    return {
        name: independent(leaf) if isinstance(leaf, Mapping) else leaf
        for name, leaf in tree.items()
    }
