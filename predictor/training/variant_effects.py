"""Effects of variants on a network, beside the simulator's truth.

Axes: S positions or bins, T tracks, N variants, C cell types.

Source: spec/demo_genome.md 7 and 9.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from alphagenome.data.genome import Interval
from jaxtyping import Float, UInt8

from predictor.simulator import assembly, grammar, track_table, truth
from predictor.simulator.random_words import RandomWords
from predictor.simulator.showcase import SHOWCASE
from predictor.simulator.variant_scores import HISTONE_WIDTH, site_effect
from predictor.training.data import (
    BIN_BASES,
    HELD_OUT,
    ORGANISMS,
    held_out_window,
    label,
    random_at,
)
from predictor.training.inference import Weights, predict

INSERTED_MOTIFS = {"MYB": "T", "GATA": "ERY", "CEBP": "HEP", "ASCL": "NEU"}
"""Motifs of the insertion test and the human-like cell type that reads each."""

CLEAR_EFFECT = 0.3
"""Smallest true absolute log2 ratio for which the sign is asked."""


def substitute(
    codes: UInt8[np.ndarray, " S"], position: int, removed: int, inserted: UInt8[np.ndarray, " I"]
) -> UInt8[np.ndarray, " S"]:
    """Replaces `removed` bases at a position; the right end moves, the length stays.

    Bases that a deletion draws in at the right end are N.
    """
    joined = np.concatenate([codes[:position], inserted, codes[position + removed :]])
    padding = np.full(max(0, len(codes) - len(joined)), 4, codes.dtype)
    return np.concatenate([joined, padding])[: len(codes)]


class MotifEffects(NamedTuple):
    """Effects of inserting one motif at random places, in the cell type that reads it.

    Attributes:
      predicted: log2 ratio of DNASE over 501 bp, one per insertion.
      true: the same from the simulator.
      elsewhere: largest absolute predicted log2 ratio in cell types that ignore the motif.
    """

    predicted: Float[np.ndarray, " N"]
    true: Float[np.ndarray, " N"]
    elsewhere: Float[np.ndarray, " N"]


def motif_insertions(
    weights: Weights, motif: str, cell_type: str, *, seed: int, number: int, length: int
) -> MotifEffects:
    """Inserts full matches of a motif near the centre of fresh windows and compares DNASE.

    Args:
      weights: the network.
      motif: name in the grammar.
      cell_type: human-like cell type with a weight for the motif.
      seed: of windows and places; held-out streams only.
      number: insertions.
      length: window in bp.
    """
    cells = [cell.key for cell in grammar.ORGANISMS[ORGANISMS[0]].cell_types]
    idle = [
        i
        for i, cell in enumerate(grammar.ORGANISMS[ORGANISMS[0]].cell_types)
        if motif not in cell.weights
    ]
    rows: list[tuple[float, float, float]] = []
    for index in range(number):
        random = random_at(seed, HELD_OUT, 1, index)
        codes = held_out_window(seed, index, length).codes
        position = length // 2 + random.integer(-length // 8, length // 8)
        alternate = substitute(codes, position, 0, _full_match(random, motif))
        both = predict(weights, np.stack([codes, alternate]), 0)["dnase"]
        guess = site_effect(both[0], both[1], position)
        true = site_effect(
            label(codes, 0).targets["dnase"], label(alternate, 0).targets["dnase"], position
        )
        active = cells.index(cell_type)
        rows.append((guess[active], true[active], float(np.abs(guess[idle]).max(initial=0.0))))
    return MotifEffects(*np.array(rows).T)


def _full_match(random: RandomWords, motif: str) -> UInt8[np.ndarray, " I"]:
    letters = [random.choice(grammar.IUPAC[symbol]) for symbol in grammar.MOTIFS[motif]]
    codes = grammar.encode("".join(letters))
    return codes if random.chance(0.5) else grammar.reverse_complement(codes)


class ShowcaseEffect(NamedTuple):
    """Effect of a show-case variant at its place, per human-like cell type.

    Attributes:
      name: of the variant.
      dnase: predicted log2 ratio over 501 bp, cell type -> value.
      h3k27ac: predicted log2 ratio over 2,001 bp.
      true_dnase: the same as `dnase` from the simulator.
      true_h3k27ac: the same as `h3k27ac` from the simulator.
    """

    name: str
    dnase: dict[str, float]
    h3k27ac: dict[str, float]
    true_dnase: dict[str, float]
    true_h3k27ac: dict[str, float]


def showcase_effects(weights: Weights, slug: str, *, length: int) -> list[ShowcaseEffect]:
    """All variants of a show-case locus, each in a window centred on it.

    Args:
      weights: the network.
      slug: name of the locus, such as "d-tal1".
      length: window in bp.
    """
    locus = next(entry for entry in SHOWCASE if entry.slug == slug)
    chromosome = next(
        c.codes for c in assembly.chromosomes(ORGANISMS[0]) if c.name == locus.interval.chromosome
    )
    found = []
    for entry in locus.variants:
        variant = entry.variant
        start = variant.position - 1 - length // 2
        window = Interval(variant.chromosome, start, start + length)
        alleles = [truth.alternate_window(chromosome, window, v) for v in ((), (variant,))]
        predicted = predict(weights, np.stack(alleles), 0)
        true = [label(allele, 0).targets for allele in alleles]
        found.append(
            ShowcaseEffect(
                entry.name,
                *_by_cell_type([{h: v[i] for h, v in predicted.items()} for i in (0, 1)], length),
                *_by_cell_type(true, length),
            )
        )
    return found


def _by_cell_type(
    alleles: Sequence[Mapping[str, np.ndarray]], length: int
) -> tuple[dict[str, float], dict[str, float]]:
    reference, alternate = alleles
    middle = length // 2
    dnase = site_effect(reference["dnase"], alternate["dnase"], middle)
    histone = site_effect(
        reference["chip_histone"],
        alternate["chip_histone"],
        middle,
        width=HISTONE_WIDTH,
        resolution=BIN_BASES,
    )
    rows = track_table.TRACKS[ORGANISMS[0]]
    return (
        {str(row.cell_type): float(v) for row, v in zip(rows["dnase"], dnase, strict=True)},
        {
            str(row.cell_type): float(v)
            for row, v in zip(rows["chip_histone"], histone, strict=True)
            if row.target == "H3K27ac"
        },
    )
