"""Reading output types off an allele: decoding stretch by stretch, then the heads.

Axes: B sequences, S base pairs, T tracks.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from alphagenome.models.dna_output import OutputType
from jaxtyping import Array, Float

from predictor.engines.alleles import Allele
from predictor.engines.fit import encoded_at_once
from predictor.engines.stages import Stages
from predictor.engines.stretches import SIZES, Stretch
from predictor.model.config import TOKEN_WIDTH
from predictor.model.heads import Embeddings
from predictor.tracks.output_types import OUTPUTS


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One thing to read.

    Attributes:
      kind: output type other than junctions; None for the 1-bp embeddings.
      stretches: where, for what has a resolution of 1 bp.
      decoded: for each of them the stretch that is decoded for it, which holds it; themselves
        where not given.
      chosen: rows of the head; None for all. The splice classes are always all.
      nonzero_mean: of these tracks; None where predictions are in data units already.
    """

    kind: OutputType | None
    stretches: tuple[Stretch, ...] = ()
    decoded: tuple[Stretch, ...] | None = None
    chosen: np.ndarray | None = None
    nonzero_mean: np.ndarray | None = None

    @property
    def key(self) -> Hashable:
        """Equal for two readings of the same."""
        arrays = (self.chosen, self.nonzero_mean)
        return (
            self.kind,
            self.parts,
            *(None if array is None else array.tobytes() for array in arrays),
        )

    @property
    def parts(self) -> tuple[tuple[Stretch, Stretch], ...]:
        """Each stretch that is decoded, with one that is read from it."""
        decoded = self.stretches if self.decoded is None else self.decoded
        return tuple(zip(decoded, self.stretches, strict=True))

    @property
    def at_bases(self) -> bool:
        """Whether the decoder is needed."""
        return self.kind is None or OUTPUTS[self.kind].resolution == 1


def read(
    stages: Stages, allele: Allele, readings: Iterable[Reading], at_once: int = SIZES[0]
) -> dict[Any, Array]:
    """Reads what has not been read of this allele before, and remembers it there.

    What a reading gives does not depend on the others. Bases outside its stretches are 0.

    Args:
      stages: of the network.
      allele: grows by what is read.
      readings: what is wanted.
      at_once: tokens of stretches that may be in memory together.

    Returns:
      By `Reading.key`, arrays [B, bins, T] or [B, bins, bins, T] on the device.
    """
    wanted = {reading.key: reading for reading in readings}
    missing = [reading for key, reading in wanted.items() if key not in allele.found]
    for reading in missing:
        if not reading.at_bases:
            allele.found[reading.key] = _read_tokens(stages, allele, reading)
    allele.found |= _read_bases(stages, allele, [r for r in missing if r.at_bases], at_once)
    return {key: allele.found[key] for key in wanted}


def _read_tokens(stages: Stages, allele: Allele, reading: Reading) -> Array:
    assert reading.kind is not None, "embeddings are read at bases"
    if OUTPUTS[reading.kind].kind == "contact_map":
        embeddings = Embeddings(pair=allele.trunk.pair)
    else:
        embeddings = Embeddings(bp_128=allele.trunk.bp_128)
    return stages.head(
        reading.kind, embeddings, allele.organisms, reading.chosen, reading.nonzero_mean
    )


def _read_bases(
    stages: Stages, allele: Allele, readings: list[Reading], at_once: int
) -> dict[Any, Array]:
    if allele.bp_1 is not None:
        return {
            reading.key: _at_bases(stages, allele, reading, allele.bp_1) for reading in readings
        }
    found: dict[Any, Array] = {}
    tokens = allele.trunk.tokens.shape[1]
    shapes = {reading.key: _shape(stages, allele, reading) for reading in readings}
    skips = allele.skips
    if readings and skips is None:
        skips = stages.encode(allele.codes[None], encoded_at_once(at_once * TOKEN_WIDTH)).skips
    for decoded in sorted({decoded for reading in readings for decoded, _ in reading.parts}):
        assert skips is not None, "encoded above"
        bp_1 = stages.decode(allele.trunk, skips, allele.organisms, decoded, allele.patch)
        for reading in readings:
            for source, stretch in reading.parts:
                if source != decoded:
                    continue
                values = _at_bases(stages, allele, reading, stages.keep(bp_1, decoded, stretch))
                if stretch.given < tokens:
                    whole = found.get(reading.key)
                    if whole is None:
                        whole = stages.zeros(*shapes[reading.key])
                    values = stages.put(whole, values, stretch)
                found[reading.key] = values
                del values
        # Not in memory together with those of the next stretch.
        del bp_1
        if decoded.given >= at_once:
            # One large stretch in memory at a time: starting programs reserves their memory.
            jax.block_until_ready([*found.values()])  # type: ignore[no-untyped-call]
    for reading in readings:
        if not reading.stretches:
            found[reading.key] = stages.zeros(*shapes[reading.key])
    return found


def _at_bases(
    stages: Stages, allele: Allele, reading: Reading, bp_1: Float[Array, "B S D"]
) -> Array:
    if reading.kind is None:
        return bp_1
    return stages.head(
        reading.kind,
        Embeddings(bp_1=bp_1),
        allele.organisms,
        reading.chosen,
        reading.nonzero_mean,
    )


def _shape(stages: Stages, allele: Allele, reading: Reading) -> tuple[tuple[int, ...], Any]:
    examples, tokens, _ = allele.trunk.tokens.shape
    if reading.kind is None:
        width, dtype = stages.config.embedding_1bp_channels, stages.dtype
    else:
        tracks: int = getattr(stages.config.tracks, OUTPUTS[reading.kind].head)
        width, dtype = tracks if reading.chosen is None else len(reading.chosen), jnp.float32
    return (examples, tokens * TOKEN_WIDTH, width), dtype
