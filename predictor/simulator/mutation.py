"""Mutated windows: a few edits, half of them where they matter.

A network that only sees the generator's windows learns what stands beside what; windows
with broken, completed and moved sites teach what each site does.

Axes: S positions.
Source: specification of the demo genome, section 8.
"""

from collections.abc import Callable

import numpy as np
from alphagenome.models.dna_model import Organism
from jaxtyping import UInt8

from predictor.simulator import elements, grammar
from predictor.simulator.background import random_bases
from predictor.simulator.occupancy import MotifScanner
from predictor.simulator.random_words import RandomWords, Seed
from predictor.simulator.splicing import strand_sites

MOST_EDITS = 6
FUNCTIONAL = 0.5
_LONGEST = 20
_NEIGHBOURHOOD = 150
_EXACT = (grammar.ESE, grammar.ESS, grammar.RBFOX, *grammar.POLYA_HEXAMERS)
_FACTORS = (*grammar.CELL_TYPE_FACTORS, "CTCF")

Codes = UInt8[np.ndarray, " S"]
Span = tuple[int, int]


def mutate(
    codes: Codes,
    seed: Seed | RandomWords,
    organism: Organism,
    *,
    most: int = MOST_EDITS,
    functional: float = FUNCTIONAL,
) -> Codes:
    """Applies 1 to `most` edits and keeps the length.

    Some edits break, complete or move a site (factor, promoter, splice, polyA, CTCF); the others
    hit anywhere. An edit is an SNV, or an insertion, deletion or inversion of
    1-20 bp. After an insertion the window is cut at its right end, after a deletion it is
    filled there with random bases.

    Args:
      codes: the window; it is left as it is.
      seed: integer(s), or a stream of choices to draw from.
      organism: decides the GC content of new bases.
      most: largest number of edits.
      functional: share of the edits that hit a site.
    """
    random = seed if isinstance(seed, RandomWords) else RandomWords(seed)
    gc = grammar.ORGANISMS[organism].gc
    result = codes.copy()
    for _ in range(random.integer(1, most)):
        if random.chance(functional):
            result = _functional_edit(result, random, gc)
        else:
            start = random.integer(0, len(result) - _LONGEST)
            result = _edit(result, (start, start + random.integer(1, _LONGEST)), random, gc)
    return result


def substitute(
    codes: Codes,
    seed: Seed | RandomWords,
    organism: Organism,
    *,
    most: int = MOST_EDITS,
    functional: float = FUNCTIONAL,
) -> Codes:
    """Applies 1 to `most` edits that leave every other base where it is.

    Some edits change a base of a site, overwrite a site with random bases, or turn a near-match
    into a site; the others are SNVs anywhere. Kinds of sites that rarely stand in a window, or
    whose effect is seen far from them, are hit more often than in `mutate`. Arguments as there.
    """
    random = seed if isinstance(seed, RandomWords) else RandomWords(seed)
    gc = grammar.ORGANISMS[organism].gc
    result = codes.copy()
    for _ in range(random.integer(1, most)):
        edited = _substituted_site(result, random, gc) if random.chance(functional) else None
        if edited is None:
            edited = snv(result, random.integer(0, len(result) - 1), random)
        result = edited
    return result


def _substituted_site(codes: Codes, random: RandomWords, gc: float) -> Codes | None:
    how = random.weighted(("snv", "overwrite", "complete"), (0.55, 0.15, 0.3))
    if how == "complete":
        return _complete(codes, random)
    kind = random.weighted(list(_SUBSTITUTED_KINDS), list(_SUBSTITUTED_KINDS.values()))
    span = _some_site(codes, random, kind)
    if span is None:
        return None
    start, end = span
    if how == "snv":
        return snv(codes, random.integer(start, end - 1), random)
    result = codes.copy()
    result[start:end] = random_bases(random, end - start, gc)
    return result


def snv(codes: Codes, position: int, random: RandomWords) -> Codes:
    """Another base at one position."""
    result = codes.copy()
    result[position] = (result[position] + random.integer(1, 3)) % 4
    return result


def insert(codes: Codes, position: int, bases: Codes) -> Codes:
    """Bases put in before `position`; cut at the right end."""
    return np.concatenate([codes[:position], bases, codes[position:]])[: len(codes)]


def delete(codes: Codes, span: Span, random: RandomWords, gc: float) -> Codes:
    """A stretch taken out; filled with random bases at the right end."""
    start, end = span
    return np.concatenate([codes[:start], codes[end:], random_bases(random, end - start, gc)])


def invert(codes: Codes, span: Span) -> Codes:
    """A stretch replaced by its reverse complement."""
    result = codes.copy()
    result[slice(*span)] = grammar.reverse_complement(codes[slice(*span)])
    return result


def _edit(codes: Codes, span: Span, random: RandomWords, gc: float) -> Codes:
    """Some edit of a stretch of at most 20 bp."""
    kind = random.weighted(("snv", "insert", "delete", "invert"), (0.5, 0.2, 0.2, 0.1))
    if kind == "snv":
        return snv(codes, random.integer(span[0], span[1] - 1), random)
    if kind == "insert":
        new = random_bases(random, random.integer(1, _LONGEST), gc)
        return insert(codes, random.integer(*span), new)
    return delete(codes, span, random, gc) if kind == "delete" else invert(codes, span)


def _functional_edit(codes: Codes, random: RandomWords, gc: float) -> Codes:
    """Breaks, completes, moves or inserts a site; an edit anywhere if there is none."""
    found: list[Callable[[], Codes | None]] = [
        lambda: _break(codes, random, gc),
        lambda: _complete(codes, random),
        lambda: _move(codes, random),
        lambda: _insert_site(codes, random),
    ]
    edit = random.weighted(found, (0.5, 0.25, 0.1, 0.15))()
    if edit is not None:
        return edit
    start = random.integer(0, len(codes) - _LONGEST)
    return _edit(codes, (start, start + random.integer(1, _LONGEST)), random, gc)


def _some_site(codes: Codes, random: RandomWords, kind: str) -> Span | None:
    """A full match of some motif of the kind, or a splice site; motifs are tried in turn."""
    if kind == "splice":
        return _some_splice_site(codes, random)
    consensuses = [grammar.MOTIFS.get(name, name) for name in _SITES[kind]]
    scanner = MotifScanner(codes)
    for index in elements.random_order(len(consensuses), random):
        consensus = consensuses[index]
        starts = np.concatenate(
            [
                scanner.full_matches(oriented)
                for oriented in (consensus, grammar.reverse_complement_consensus(consensus))
            ]
        )
        if len(starts):
            start = int(random.choice(starts.tolist()))
            return start, start + len(consensus)
    return None


def _some_splice_site(codes: Codes, random: RandomWords) -> Span | None:
    """YAG of an acceptor or the six intron bases of a donor, on either strand."""
    strand = random.choice("+-")
    sites = strand_sites(codes if strand == "+" else grammar.reverse_complement(codes))
    spans = [(d - 1, d + 6) for d in sites.donors[sites.donor_strength > 0.3].tolist()]
    spans += [(a - 5, a + 1) for a in sites.acceptors[sites.acceptor_strength > 0.3].tolist()]
    if not spans:
        return None
    start, end = random.choice(spans)
    return (start, end) if strand == "+" else (len(codes) - end, len(codes) - start)


def _break(codes: Codes, random: RandomWords, gc: float) -> Codes | None:
    span = _some_site(codes, random, random.choice(tuple(_KINDS)))
    return None if span is None else _edit(codes, span, random, gc)


def _complete(codes: Codes, random: RandomWords) -> Codes | None:
    """Turns a site with one mismatch into a full one, if it can beside another site."""
    scanner = MotifScanner(codes)
    names = [*_FACTORS, *_KINDS["promoter"], *_EXACT]
    partner = _some_site(codes, random, "factor")
    for index in elements.random_order(len(names), random)[:6]:
        consensus = grammar.MOTIFS.get(names[index], names[index])
        if random.chance(0.5):
            consensus = grammar.reverse_complement_consensus(consensus)
        starts = np.flatnonzero(scanner.mismatches(consensus) == 1)
        if partner is not None:
            near = starts[np.abs(starts - partner[0]) <= _NEIGHBOURHOOD]
            starts = near if len(near) else starts
        if len(starts):
            start = int(random.choice(starts.tolist()))
            return _written(codes, start, consensus, random)
    return None


def _written(codes: Codes, start: int, consensus: str, random: RandomWords) -> Codes:
    """The window with the mismatches of one site repaired."""
    result = codes.copy()
    for place, symbol in enumerate(consensus, start):
        if grammar.LETTERS[result[place]] not in grammar.IUPAC[symbol]:
            result[place] = grammar.LETTERS.index(random.choice(grammar.IUPAC[symbol]))
    return result


def _move(codes: Codes, random: RandomWords) -> Codes | None:
    """Cuts a site out and puts it back up to 200 bp away, turned over or not."""
    span = _some_site(codes, random, random.choice(("factor", "insulator")))
    if span is None:
        return None
    site = codes[slice(*span)]
    if random.chance(0.3):
        site = grammar.reverse_complement(site)
    rest = np.concatenate([codes[: span[0]], codes[span[1] :]])
    place = min(max(0, span[0] + random.integer(-200, 200)), len(rest))
    return np.concatenate([rest[:place], site, rest[place:]])


def _insert_site(codes: Codes, random: RandomWords) -> Codes | None:
    """Inserts a whole site, mostly beside another one."""
    partner = _some_site(codes, random, "factor")
    letters = elements.factor_site(random.choice(_FACTORS), 0, random).letters
    if partner is None or random.chance(0.3):
        place = random.integer(0, len(codes))
    else:
        place = min(max(0, partner[0] + random.integer(-90, 90)), len(codes))
    return insert(codes, place, grammar.encode(letters))


# Where a functional edit may hit; the kinds are equally likely.
_KINDS: dict[str, tuple[str, ...]] = {
    "factor": grammar.CELL_TYPE_FACTORS,
    "promoter": ("TATA", "Inr", "SP1"),
    "insulator": ("CTCF",),
    "exonic": (grammar.ESE, grammar.ESS, grammar.RBFOX),
    "polya": tuple(grammar.POLYA_HEXAMERS),
    "splice": (),
}
_SUBSTITUTED_KINDS = {
    "factor": 0.2,
    "repressor": 0.05,
    "promoter": 0.15,
    "insulator": 0.15,
    "exonic": 0.2,
    "polya": 0.2,
    "splice": 0.1,
}
_SITES = {**_KINDS, "repressor": ("REST",)}
