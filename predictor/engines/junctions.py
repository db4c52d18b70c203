"""Splice sites of two alleles, and the junctions between them.

Axes: A alleles, S base pairs, L classes, C embedding channels, I insertions, K sites, G tracks
(tissues on the + strand, then on the - strand).

Source: spec/scoring.md 5, spec/model.md 13.5.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from predictor.tracks.alignment import DeviceAlignment

_SITES = (8, 32, 128)
"""Numbers of sites of a kind that junctions are computed for; beyond, the network's own most."""


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

    def reference_bases(self) -> np.ndarray:
        """Marks [S] the REF bases that the junctions depend on."""
        return self.gene_mask

    def alternate_bases(self) -> np.ndarray:
        """Marks [S] the ALT bases that the junctions depend on."""
        marks = np.zeros(len(self.gene_mask), bool)
        sources = self.alignment.source[self.gene_mask]
        marks[sources[sources >= 0]] = True
        for at, first, last in self.alignment.insertions:
            if self.gene_mask[at]:
                marks[first:last] = True
        return marks

    def either_bases(self) -> np.ndarray:
        """Marks [S] the bases that the junctions depend on in either allele."""
        marks: np.ndarray = self.reference_bases() | self.alternate_bases()
        return marks


class Junctions(NamedTuple):
    """Junction counts in the orientation of the network, on the device or as numpy arrays.

    Attributes:
      counts: of each of the A alleles float32 [K, K, G], donors first. They are large, and so
        never copied to lie side by side.
      positions: int32 [A, 4, K], rows donor +, acceptor +, donor -, acceptor -; -1 is empty, and
        only at the end of a row.
    """

    counts: tuple[Array | np.ndarray, ...]
    positions: Array | np.ndarray

    def on_host(self) -> "Junctions":
        """The same as numpy arrays; waits for the device."""
        return Junctions(tuple(map(np.asarray, self.counts)), np.asarray(self.positions))


def without_empty_columns(positions: Int[Array, "A 4 K"]) -> Int[np.ndarray, "A 4 _"]:
    """Only as many columns as the sites need, rounded up to a few sizes; waits for the device."""
    found = np.asarray(positions)
    most = found.shape[-1]
    needed = int((found >= 0).sum(axis=-1).max(initial=0))
    return found[..., : next((size for size in _SITES if needed <= size < most), most)]


@jax.jit
def candidate_sites(
    of_reference: Float[Array, "1 S L"],
    of_alternate: Float[Array, "1 S L"],
    source: Int[Array, " S"],
    insertions: Int[Array, "I 3"],
    gene_mask: Bool[Array, " S"],
    annotated: Bool[Array, "S L"],
) -> Float[Array, "1 S L"]:
    """How likely each REF base is a site of either allele; annotated sites count as certain."""
    aligned = align_to_reference(of_alternate[0], source, insertions)
    likely = jnp.maximum(of_reference[0], aligned)
    likely = jnp.maximum(likely, annotated.astype(likely.dtype))
    # A selection, because bases that nobody read may hold anything.
    return jnp.where(gene_mask[:, None], likely, 0)[None]


def align_to_reference(
    values: Float[Array, "S C"], source: Int[Array, " S"], insertions: Int[Array, "I 3"]
) -> Float[Array, "S C"]:
    """`AlleleAlignment.tracks` at 1 bp, for arrays on the device.

    Args:
      values: of ALT.
      source: ALT base of every REF base, -1 for none.
      insertions: REF base, first and one past the last ALT base; rows whose REF base is S or
        more only fill the array up.
    """
    aligned: Array = jnp.where(source[:, None] >= 0, values[jnp.maximum(source, 0)], 0)
    if not len(insertions):
        return aligned

    def fold(row: Int[Array, ""], so_far: Float[Array, "S C"]) -> Float[Array, "S C"]:
        at, first, last = insertions[row]
        return so_far.at[at].set(_largest(values, first, last), mode="drop")

    folded: Array = jax.lax.fori_loop(0, len(insertions), fold, aligned)
    return folded


@jax.jit
def aligned_site_rows(
    embeddings: Float[Array, "1 S C"],
    positions: Int[Array, "1 4 K"],
    source: Int[Array, " S"],
    insertions: Int[Array, "I 3"],
) -> Float[Array, "1 4 K C"]:
    """The rows of ALT embeddings, aligned to REF, at sites in REF coordinates."""
    values, sites = embeddings[0], jnp.maximum(positions[0], 0)
    rows = source[sites]
    found: Array = jnp.where(rows[..., None] >= 0, values[jnp.maximum(rows, 0)], 0)
    if not len(insertions):
        return found[None]

    def fold(row: Int[Array, ""], so_far: Float[Array, "4 K C"]) -> Float[Array, "4 K C"]:
        at, first, last = insertions[row]
        return jnp.where((sites == at)[..., None], _largest(values, first, last), so_far)

    folded: Array = jax.lax.fori_loop(0, len(insertions), fold, found)
    return folded[None]


def _largest(
    values: Float[Array, "S C"], first: Int[Array, ""], last: Int[Array, ""]
) -> Float[Array, " C"]:
    """The maximum over the bases from `first` to before `last`."""
    bases = jnp.arange(len(values))
    inserted = ((bases >= first) & (bases < last))[:, None]
    return jnp.where(inserted, values, -jnp.inf).max(axis=0).astype(values.dtype)


def padded_insertions(insertions: np.ndarray, length: int) -> np.ndarray:
    """None stay none; otherwise fills up to a power of two, so that few numbers are compiled."""
    if not len(insertions):
        return np.zeros((0, 3), np.int32)
    rows = 1 << max(len(insertions) - 1, 0).bit_length()
    padded = np.full((rows, 3), length, np.int32)
    padded[: len(insertions)] = insertions
    return padded
