"""Random background, and the cleaning pass that removes chance sites from it.

Axes: S positions, N sites.
Source: specification of the demo genome, section 2.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int64, UInt8

from predictor.simulator import grammar
from predictor.simulator.occupancy import MotifScanner
from predictor.simulator.random_words import RandomWords
from predictor.simulator.splicing import acceptor_sites, donor_sites

_SITE_FLOOR = 0.1
# Full matches of these are broken; CTCF also with one mismatch.
_CLEANED = dict.fromkeys(grammar.MOTIFS, 0) | {"CTCF": 1}
_CLEANED_EXACT = (grammar.ESE, grammar.ESS, grammar.RBFOX, *grammar.POLYA_HEXAMERS)


def random_bases(random: RandomWords, length: int, gc: float) -> UInt8[np.ndarray, " S"]:
    """Independent bases with the given share of G and C."""
    u = random.uniforms(length)
    codes = np.zeros(length, np.uint8)
    for edge in ((1 - gc) / 2, 0.5, (1 + gc) / 2):
        codes += u >= edge
    return codes


def clean_background(random: RandomWords, length: int, gc: float) -> UInt8[np.ndarray, " S"]:
    """Random bases without chance sites: no cell type, splice site or gene end reads it."""
    codes = random_bases(random, length, gc)
    clean(codes, random)
    return codes


def clean(codes: UInt8[np.ndarray, " S"], random: RandomWords) -> None:
    """Breaks chance sites by single random base changes until none is left (in place).

    Sites are full matches of all motifs on both strands (CTCF also with one mismatch),
    polyA hexamers, and donors and acceptors of at least 0.1.
    """
    while len(breakable := np.concatenate(list(_breakable_bases(codes, random)))):
        codes[breakable] = (codes[breakable] + 1 + random.integers(len(breakable), 3)) % 4


def _breakable_bases(
    codes: UInt8[np.ndarray, " S"], random: RandomWords
) -> Iterator[Int64[np.ndarray, " N"]]:
    """One base in each chance site."""
    scanner = MotifScanner(codes)
    tolerated = {grammar.MOTIFS[name]: count for name, count in _CLEANED.items()}
    tolerated |= dict.fromkeys(_CLEANED_EXACT, 0)
    for consensus, mismatches in tolerated.items():
        for oriented in (consensus, grammar.reverse_complement_consensus(consensus)):
            starts = np.flatnonzero(scanner.mismatches(oriented) <= mismatches)
            informative = np.flatnonzero([symbol != "N" for symbol in oriented])
            yield starts + informative[random.integers(len(starts), len(informative))]
    read = grammar.reverse_complement(codes)
    for strand, strand_scanner in ((codes, scanner), (read, MotifScanner(read))):
        donors, donor_strength = donor_sites(strand)
        acceptors, acceptor_strength = acceptor_sites(strand_scanner)
        gt = donors[donor_strength >= _SITE_FLOOR] + 1
        ag = acceptors[acceptor_strength >= _SITE_FLOOR] - 2
        pair = np.concatenate([gt, ag])  # first base of GT or AG
        place = pair + random.integers(len(pair), 2)
        yield place if strand is codes else len(codes) - 1 - place
