"""Reverse complement of a training window: sequence and all targets together.

Axes: S positions or bins, T tracks, M contact bins, K splice sites per class.

Source: spec/training.md 2.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from predictor.errors import AllelensError
from predictor.simulator import grammar
from predictor.training.transcript_structure import OTHER_STRAND

# donor +, acceptor +, donor -, acceptor -, none
CLASS_SWAP = (2, 3, 0, 1, 4)
SITE_ROW_SWAP = (2, 3, 0, 1)
CONTACT_MAPS = "contact_maps"
SITE_CLASSES = "splice_sites_classification"


class UnpairedStrandError(AllelensError):
    """A track of one strand has no partner on the other."""

    code = "unpaired_strand"


class Window(NamedTuple):
    """One labelled window.

    Attributes:
      codes: uint8 [S], A C G T = 0 1 2 3, N = 4.
      organism: 0 human-like, 1 mouse-like.
      targets: head name -> values in data units: [S, T], contact maps [M, M, T].
      positions: int32 [4, K] splice sites (donor +, acceptor +, donor -, acceptor -), -1 = empty.
      counts: float32 [K donors, K acceptors, T] junction counts; the + tissues, then the - tissues.
      genes: uint8 [S, 2] number of the gene, from 1, whose exon covers a base of the + and the -
        strand; 0 for none.
      structure: float32 [S, 6] of `transcript_structure`.
    """

    codes: np.ndarray
    organism: int
    targets: Mapping[str, np.ndarray]
    positions: np.ndarray
    counts: np.ndarray
    genes: np.ndarray
    structure: np.ndarray


def strand_permutation(strands: Sequence[str], names: Sequence[str]) -> Int[np.ndarray, " T"]:
    """For each track, the track that takes its place on the other strand.

    The n-th "+" row of a name changes places with the n-th "-" row of that name; "." stays.

    Raises:
      UnpairedStrandError: a "+" or "-" row is left over.
    """
    swap = np.arange(len(strands))
    rows: dict[tuple[str, str], list[int]] = {}
    for row, (strand, name) in enumerate(zip(strands, names, strict=True)):
        rows.setdefault((name, strand), []).append(row)
    for name in dict.fromkeys(names):
        plus, minus = rows.get((name, "+"), []), rows.get((name, "-"), [])
        if len(plus) != len(minus):
            raise UnpairedStrandError(
                f"Track {name!r} has {len(plus)} rows on + and {len(minus)} on -; "
                "each + row needs one - row of the same name."
            )
        swap[plus], swap[minus] = minus, plus
    return swap


def reverse_complement(window: Window, permutations: Mapping[str, np.ndarray]) -> Window:
    """Reads the window from the other strand.

    Args:
      window: the window.
      permutations: head -> strand permutation of its tracks (`strand_permutation`), of the
        window's organism. Heads without strands may be left out.

    Returns:
      The mirrored window. Applying it twice gives the window back. DNASE is mirrored without the
      shift by one base that real cleavage data need: the demo world has no such offset.
    """
    targets = {
        head: _flip_target(head, values, permutations.get(head))
        for head, values in window.targets.items()
    }
    rows = window.positions[list(SITE_ROW_SWAP)]
    positions = np.where(rows >= 0, len(window.codes) - 1 - rows, -1)
    counts = np.concatenate(np.split(window.counts, 2, axis=-1)[::-1], axis=-1)
    positions, counts = _sort_sites(positions.astype(np.int32), counts)
    return Window(
        codes=grammar.reverse_complement(window.codes),
        organism=window.organism,
        targets=targets,
        positions=positions,
        counts=counts,
        genes=np.ascontiguousarray(window.genes[::-1, ::-1]),
        structure=np.ascontiguousarray(window.structure[::-1, list(OTHER_STRAND)]),
    )


def _flip_target(head: str, values: np.ndarray, swap: np.ndarray | None) -> np.ndarray:
    if head == CONTACT_MAPS:
        return np.ascontiguousarray(values[::-1, ::-1])
    if head == SITE_CLASSES:
        return np.ascontiguousarray(values[::-1][:, list(CLASS_SWAP)])
    flipped = values[::-1]
    return np.ascontiguousarray(flipped if swap is None else flipped[:, swap])


def _sort_sites(
    positions: Int[np.ndarray, "4 K"], counts: Float[np.ndarray, "K K T"]
) -> tuple[Int[np.ndarray, "4 K"], Float[np.ndarray, "K K T"]]:
    """Puts each row in ascending order, empty entries last, and the counts with it."""
    orders = [
        np.argsort(np.where(row >= 0, row, np.iinfo(np.int32).max), kind="stable")
        for row in positions
    ]
    positions = np.stack([row[order] for row, order in zip(positions, orders, strict=True)])
    tissues = counts.shape[-1] // 2
    plus = counts[..., :tissues][orders[0]][:, orders[1]]
    minus = counts[..., tissues:][orders[2]][:, orders[3]]
    return positions, np.concatenate([plus, minus], axis=-1)
