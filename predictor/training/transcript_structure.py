"""Where transcripts run and end, whatever their level: labels for training alone.

How much RNA a base has is a product: the level of a transcript, times what its splice and polyA
sites leave of it there. From the product alone the second factor is learned late or never, since a
network that is unsure where a transcript ends gains little by looking for the reason.

Axes: S positions.
"""

import numpy as np
from jaxtyping import Float32, UInt8

from predictor.simulator import grammar
from predictor.simulator.splicing import strand_sites
from predictor.simulator.world import Expressed, World

COLUMNS = ("reading +", "reading -", "coverage +", "coverage -", "ending +", "ending -")
OTHER_STRAND = (1, 0, 3, 2, 5, 4)
"""The column that takes the place of each on the other strand."""

_HEXAMER = len(next(iter(grammar.POLYA_HEXAMERS)))
_LEAST_EXPRESSION = 0.02


def transcript_structure(
    codes: UInt8[np.ndarray, " S"], world: World
) -> Float32[np.ndarray, "S 6"]:
    """The columns of `COLUMNS`, each from 0 to 1.

    Args:
      codes: bases of the window.
      world: the same as read.

    Returns:
      "reading" is the share of transcripts that reach a base, "coverage" the RNA there per unit of
      level, both of the transcript that has most; transcripts below 0.02 of the highest expression
      are left out. "ending" is the strength of a polyA site on the bases of its hexamer.
    """
    columns = np.zeros((len(COLUMNS), world.length), np.float32)
    for expressed in world.transcripts:
        if expressed.expression.max() >= _LEAST_EXPRESSION:
            _read(columns, expressed)
    for strand, read in enumerate((codes, grammar.reverse_complement(codes))):
        sites = strand_sites(read)
        row = columns[4 + strand]
        row = row if strand == 0 else row[::-1]
        for start, strength in zip(sites.polya, sites.polya_strength, strict=True):
            span = row[start : start + _HEXAMER]
            np.maximum(span, strength, out=span)
    return np.ascontiguousarray(columns.T)


def _read(columns: Float32[np.ndarray, "6 S"], expressed: Expressed) -> None:
    transcript = expressed.transcript
    strand = "+-".index(expressed.strand)
    for first, values in ((0, transcript.surviving()), (2, transcript.coverage(0))):
        row = columns[first + strand]
        span = (row if strand == 0 else row[::-1])[transcript.start : transcript.end]
        np.maximum(span, values, out=span)
